#pragma once

#include <string>
#include <vector>

namespace sluice::cmd {

// Rows of text with columns as wide as they need to be; the first row is the heading.
class Table {
public:
    explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    // On standard output.
    void print() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace sluice::cmd
