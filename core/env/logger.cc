#include "core/env/logger.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace sluice::env {
namespace {

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "?";
}

bool is_plain(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
    });
}

// A value can come from a client: control characters must not fake a line of ours.
void append_value(std::string& line, std::string_view value) {
    constexpr std::size_t value_length_max = 512;
    const std::string_view shown = value.substr(0, value_length_max);
    if (is_plain(shown)) {
        line += shown;
    } else {
        line += '"';
        for (const char c : shown) {
            if (c == '"' || c == '\\') line += '\\';
            if (static_cast<unsigned char>(c) < ' ' || c == 0x7F)
                fmt::format_to(std::back_inserter(line), "\\x{:02x}",
                               static_cast<unsigned char>(c));
            else
                line += c;
        }
        line += '"';
    }
    if (value.size() > shown.size()) line += "...";
}

std::string wall_text(Timestamp wall) {
    const std::time_t whole = wall.value / 1000;
    std::tm broken{};
    gmtime_r(&whole, &broken);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", broken, wall.value % 1000);
}

}  // namespace

bool Logger::spend(Budget& budget) {
    const Time now = clock_.now();
    const double minutes = static_cast<double>((now - budget.refilled).count()) / 60e6;
    budget.lines = std::min<double>(options_.burst, budget.lines + minutes * options_.per_minute);
    budget.refilled = now;
    if (budget.lines < 1) {
        ++budget.left_out;
        return false;
    }
    budget.lines -= 1;
    return true;
}

void Logger::log(Level level, std::string_view event, Fields fields) {
    if (level < options_.least) return;
    auto found = budgets_.find(event);
    if (found == budgets_.end())
        found =
            budgets_.emplace(event, Budget{static_cast<double>(options_.burst), clock_.now(), 0})
                .first;
    if (!spend(found->second)) return;

    std::string line = fmt::format("{} {} {}", wall_text(clock_.wall()), name_of(level), event);
    for (const LogField& field : fields) {
        fmt::format_to(std::back_inserter(line), " {}=", field.key);
        append_value(line, field.value);
    }
    if (const auto left_out = std::exchange(found->second.left_out, 0); left_out > 0)
        fmt::format_to(std::back_inserter(line), " lines_left_out={}", left_out);
    write_line(line);
}

}  // namespace sluice::env
