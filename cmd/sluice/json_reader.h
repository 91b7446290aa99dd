#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::cmd {

// Reads JSON piece by piece, in the order in which it stands there. After the first thing that is
// not what was asked for everything is empty: ask finished_well() once, at the end.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    // `each` reads or skips the value of the member it is told of.
    void object(const std::function<void(const std::string& key)>& each);
    // `each` reads or skips one item.
    void array(const std::function<void()>& each);
    std::string string();
    std::int64_t integer();
    void skip();

    // All of it was read, and was what was asked for.
    bool finished_well();
    // The line where it was not.
    std::int64_t line() const;

private:
    static constexpr int depth_max = 32;

    char next();
    bool take(char wanted);
    void expect(char wanted);
    char escaped();

    std::string_view text_;
    std::size_t at_ = 0;
    bool failed_ = false;
    int depth_ = 0;
};

}  // namespace sluice::cmd
