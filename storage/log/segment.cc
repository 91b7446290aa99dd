#include "storage/log/segment.h"

#include <algorithm>
#include <limits>

#include "core/base/probe.h"

namespace sluice::storage {

void Segment::add(const BatchPlace& batch, std::uint32_t index_interval_bytes) {
    ASSERT(size + batch.size <= std::numeric_limits<std::int32_t>::max());
    if (!first_timestamp) first_timestamp = batch.max_timestamp;
    const Offset last = batch.next.plus(-1);
    if (!latest || batch.max_timestamp > latest->timestamp)
        latest = TimeEntry{batch.max_timestamp, last};
    if (bytes_since_entry > index_interval_bytes) {
        fresh.add(OffsetEntry{last, static_cast<std::uint32_t>(size)});
        index_latest();
        bytes_since_entry = 0;
    }
    bytes_since_entry += batch.size;
    size += batch.size;
}

void Segment::index_latest() {
    if (!latest || latest->timestamp <= latest_indexed) return;
    fresh.add(*latest);
    latest_indexed = latest->timestamp;
}

bool must_roll(const Segment& active, const broker::LogConfig& config, const BatchPlace& batch) {
    constexpr std::int64_t relative_max = std::numeric_limits<std::int32_t>::max();
    if (active.size == 0) return batch.next.plus(-1).minus(active.base) > relative_max;
    const std::uint64_t bytes_max =
        std::min<std::uint64_t>(config.segment_bytes, std::uint64_t{relative_max});
    if (active.size + batch.size > bytes_max) return true;
    if (batch.next.plus(-1).minus(active.base) > relative_max) return true;
    if (active.first_timestamp && *active.first_timestamp > no_timestamp &&
        batch.max_timestamp.minus(*active.first_timestamp) >
            to_milliseconds(config.segment_age_max))
        return true;
    const std::uint64_t offsets = active.offset_bytes_on_disk + active.fresh.offset_bytes().size();
    const std::uint64_t times = active.time_bytes_on_disk + active.fresh.time_bytes().size();
    // The time index gets one more entry when its segment is closed.
    return offsets + offset_entry_bytes > config.segment_index_bytes ||
           times + 2 * time_entry_bytes > config.segment_index_bytes;
}

std::uint64_t Segments::size_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& segment : list_) bytes += segment->size;
    return bytes;
}

std::size_t Segments::position_of(Offset offset) const {
    const auto behind = std::ranges::upper_bound(list_, offset, {},
                                                 [](const auto& segment) { return segment->base; });
    if (behind == list_.begin()) return 0;
    return static_cast<std::size_t>(behind - list_.begin()) - 1;
}

Segment* Segments::find(Offset base) {
    const std::size_t position = position_of(base);
    return list_[position]->base == base ? list_[position].get() : nullptr;
}

Offset Segments::end_of(std::size_t position, Offset end) const {
    return position + 1 < list_.size() ? list_[position + 1]->base : end;
}

Segment& Segments::roll(Offset base) {
    ASSERT(base > active().base);
    if (!PLANT("log.closed_segment_without_latest")) active().close();
    list_.push_back(std::make_unique<Segment>(base));
    return *list_.back();
}

std::unique_ptr<Segment> Segments::take_first() {
    ASSERT(list_.size() > 1);
    auto segment = std::move(list_.front());
    list_.erase(list_.begin());
    return segment;
}

std::unique_ptr<Segment> Segments::take_last() {
    ASSERT(!list_.empty());
    auto segment = std::move(list_.back());
    list_.pop_back();
    return segment;
}

}  // namespace sluice::storage
