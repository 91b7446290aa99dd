#include "storage/log/retention.h"

#include "core/base/probe.h"

namespace sluice::storage {

bool is_expired(const TimeEntry& latest, const broker::LogConfig& config, Timestamp wall) {
    if (config.retention_age < Duration::zero() || latest.timestamp < Timestamp(0)) return false;
    return wall.minus(latest.timestamp) > to_milliseconds(config.retention_age);
}

Expired choose_expired(const Segments& segments, const broker::LogConfig& config,
                       const RetentionFacts& facts) {
    Expired expired;
    const auto& list = segments.list();
    std::uint64_t left = segments.size_bytes();
    const auto bytes_max = static_cast<std::uint64_t>(config.retention_bytes);
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Segment& segment = *list[i];
        const Offset next = segments.end_of(i, facts.end);
        if (next > facts.high_watermark) break;
        const bool last = i + 1 == list.size();
        const bool forgotten = next <= facts.start;
        const bool by_first = PLANT("retention.first_timestamp_decides") && segment.first_timestamp;
        const TimeEntry first{segment.first_timestamp.value_or(no_timestamp), segment.base};
        const bool old =
            segment.latest && is_expired(by_first ? first : *segment.latest, config, facts.wall);
        const bool too_many =
            config.retention_bytes >= 0 && left >= bytes_max &&
            (left - bytes_max >= segment.size || PLANT("retention.one_segment_too_many"));
        // An empty active segment has nothing to lose, and size alone never takes the active one.
        if (last && (segment.size == 0 || !(old || forgotten))) break;
        if (!forgotten && !old && !too_many) break;
        left -= segment.size;
        ++expired.segments;
        expired.roll = last;
    }
    return expired;
}

}  // namespace sluice::storage
