#include "cmd/sluice/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/output.h"

namespace sluice::cmd {

void Table::print() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
        print_out("{}\n", line);
    }
}

}  // namespace sluice::cmd
