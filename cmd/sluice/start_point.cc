#include "cmd/sluice/start_point.h"

#include <fmt/format.h>

#include <ctime>

#include "cmd/sluice/arguments.h"

namespace sluice::cmd {
namespace {

std::optional<Timestamp> time_of(const std::string& text) {
    if (const auto number = whole_number(text)) return Timestamp(*number);
    std::tm parts{};
    const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) {
        parts = {};
        rest = strptime(text.c_str(), "%Y-%m-%d", &parts);
    }
    if (rest == nullptr || (*rest != '\0' && std::string_view(rest) != "Z")) return std::nullopt;
    return Timestamp(std::int64_t{timegm(&parts)} * 1000);
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
            return fmt::format("--{} {}: @MILLISECONDS or @2026-11-21T13:28:52 is wanted", option,
                               text);
        return point;
    }
    const auto offset = whole_number(text);
    if (!offset)
        return fmt::format("--{} {}: one of beginning, end, an offset, @TIME", option, text);
    point.offset_ = Offset(*offset);
    return point;
}

Result<Offset> StartPoint::offset_in(client::Consumer& consumer,
                                     const client::TopicPartition& partition) const {
    if (!time_) return offset_;
    TRY(const auto found, consumer.offset_at(partition, *time_));
    return found.value_or(client::Consumer::latest);
}

}  // namespace sluice::cmd
