#include "cmd/sluice/start_point.h"

#include <fmt/format.h>

#include <ctime>

#include "cmd/sluice/arguments.h"

namespace sluice::cmd {
namespace {

// How many seconds a zone is ahead of UTC: nothing, Z, +02:00, -0330.
std::optional<std::int64_t> zone_of(std::string_view text) {
    if (text.empty() || text == "Z") return 0;
    const std::int64_t sign = text.front() == '-' ? -1 : 1;
    if (text.front() != '-' && text.front() != '+') return std::nullopt;
    std::string digits(text.substr(1));
    if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
    const auto number = whole_number(digits);
    if (digits.size() != 4 || !number || *number % 100 > 59 || *number / 100 > 14)
        return std::nullopt;
    return sign * (*number / 100 * 3600 + *number % 100 * 60);
}

std::optional<Timestamp> time_of(const std::string& text) {
    if (const auto number = whole_number(text)) return Timestamp(*number);
    std::tm parts{};
    const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) {
        parts = {};
        rest = strptime(text.c_str(), "%Y-%m-%d", &parts);
    }
    if (rest == nullptr) return std::nullopt;
    const auto zone = zone_of(rest);
    if (!zone) return std::nullopt;
    return Timestamp((std::int64_t{timegm(&parts)} - *zone) * 1000);
}

}  // namespace

Result<StartPoint, std::string> StartPoint::parse(std::string_view option, std::string_view text) {
    StartPoint point;
    if (text == "beginning") return point;
    if (text == "end") {
        point.offset_ = client::Consumer::latest;
        return point;
    }
    if (text.starts_with('@')) {
        point.time_ = time_of(std::string(text.substr(1)));
        if (!point.time_)
            return fmt::format(
                "--{} {}: @MILLISECONDS or @2026-11-21T13:28:52 (UTC; or with a zone, +02:00) is "
                "wanted",
                option, text);
        return point;
    }
    const auto offset = whole_number(text);
    if (!offset)
        return fmt::format("--{} {}: one of beginning, end, an offset, @TIME", option, text);
    point.offset_ = Offset(*offset);
    return point;
}

Result<Offset, client::Refusal> StartPoint::offset_in(
    client::Consumer& consumer, const client::TopicPartition& partition) const {
    if (!time_) return offset_;
    TRY(const auto found, consumer.offset_at(partition, *time_));
    return found.value_or(client::Consumer::latest);
}

}  // namespace sluice::cmd
