#include "storage/log/segment_index.h"

#include <algorithm>

#include "core/base/endian.h"

namespace sluice::storage {
namespace {

std::int32_t relative(Offset offset, Offset base) {
    return static_cast<std::int32_t>(offset.minus(base));
}

// How many of `count` sorted things satisfy `before`, all of which stand in front.
template <std::predicate<std::size_t> Before>
std::size_t count_before(std::size_t count, Before before) {
    std::size_t low = 0;
    while (low < count) {
        const std::size_t middle = low + (count - low) / 2;
        if (before(middle))
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

bool all_zero(Slice bytes) {
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

OffsetEntry decode_offset_entry(Offset base, Slice bytes) {
    ASSERT(bytes.size() >= offset_entry_bytes);
    return {base.plus(load_big<std::int32_t>(bytes.data())),
            load_big<std::uint32_t>(bytes.data() + sizeof(std::int32_t))};
}

TimeEntry decode_time_entry(Offset base, Slice bytes) {
    ASSERT(bytes.size() >= time_entry_bytes);
    return {Timestamp(load_big<std::int64_t>(bytes.data())),
            base.plus(load_big<std::int32_t>(bytes.data() + sizeof(std::int64_t)))};
}

OffsetEntry SegmentIndex::offset_at(std::size_t i) const {
    return decode_offset_entry(base_, Slice(offsets_).subspan(i * offset_entry_bytes));
}

TimeEntry SegmentIndex::time_at(std::size_t i) const {
    return decode_time_entry(base_, Slice(times_).subspan(i * time_entry_bytes));
}

void SegmentIndex::add(const OffsetEntry& entry) {
    const std::size_t at = offsets_.size();
    offsets_.resize(at + offset_entry_bytes);
    store_big(offsets_.data() + at, relative(entry.offset, base_));
    store_big(offsets_.data() + at + sizeof(std::int32_t), entry.position);
}

void SegmentIndex::add(const TimeEntry& entry) {
    const std::size_t at = times_.size();
    times_.resize(at + time_entry_bytes);
    store_big(times_.data() + at, entry.timestamp.value);
    store_big(times_.data() + at + sizeof(std::int64_t), relative(entry.offset, base_));
}

void SegmentIndex::drop_front(std::size_t offset_bytes, std::size_t time_bytes) {
    ASSERT(offset_bytes <= offsets_.size());
    ASSERT(time_bytes <= times_.size());
    offsets_.erase(offsets_.begin(), offsets_.begin() + static_cast<std::ptrdiff_t>(offset_bytes));
    times_.erase(times_.begin(), times_.begin() + static_cast<std::ptrdiff_t>(time_bytes));
    // An idle log keeps nothing.
    offsets_.shrink_to_fit();
    times_.shrink_to_fit();
}

void SegmentIndex::drop_zeros() {
    offsets_.resize(offset_count() * offset_entry_bytes);
    times_.resize(time_count() * time_entry_bytes);
    while (offset_count() > 0 && all_zero(Slice(offsets_).last(offset_entry_bytes)))
        offsets_.resize(offsets_.size() - offset_entry_bytes);
    while (time_count() > 0 && all_zero(Slice(times_).last(time_entry_bytes)))
        times_.resize(times_.size() - time_entry_bytes);
}

void SegmentIndex::truncate(Offset end) {
    const auto offsets =
        count_before(offset_count(), [&](std::size_t i) { return offset_at(i).offset < end; });
    const auto times =
        count_before(time_count(), [&](std::size_t i) { return time_at(i).offset < end; });
    offsets_.resize(offsets * offset_entry_bytes);
    times_.resize(times * time_entry_bytes);
}

std::optional<OffsetEntry> SegmentIndex::floor(Offset offset) const {
    const auto count =
        count_before(offset_count(), [&](std::size_t i) { return offset_at(i).offset <= offset; });
    if (count == 0) return std::nullopt;
    return offset_at(count - 1);
}

std::optional<TimeEntry> SegmentIndex::floor(Timestamp time) const {
    const auto count =
        count_before(time_count(), [&](std::size_t i) { return time_at(i).timestamp <= time; });
    if (count == 0) return std::nullopt;
    return time_at(count - 1);
}

std::optional<TimeEntry> SegmentIndex::time_floor(Offset offset) const {
    const auto count =
        count_before(time_count(), [&](std::size_t i) { return time_at(i).offset <= offset; });
    if (count == 0) return std::nullopt;
    return time_at(count - 1);
}

std::optional<OffsetEntry> SegmentIndex::last_offset() const {
    if (offset_count() == 0) return std::nullopt;
    return offset_at(offset_count() - 1);
}

std::optional<TimeEntry> SegmentIndex::last_time() const {
    if (time_count() == 0) return std::nullopt;
    return time_at(time_count() - 1);
}

bool SegmentIndex::is_sound(std::uint64_t segment_bytes) const {
    if (offsets_.size() % offset_entry_bytes != 0 || times_.size() % time_entry_bytes != 0)
        return false;
    for (std::size_t i = 0; i < offset_count(); ++i) {
        const OffsetEntry entry = offset_at(i);
        if (entry.offset < base_ || entry.position >= segment_bytes) return false;
        if (i == 0) continue;
        const OffsetEntry before = offset_at(i - 1);
        if (entry.offset <= before.offset || entry.position <= before.position) return false;
    }
    for (std::size_t i = 0; i < time_count(); ++i) {
        const TimeEntry entry = time_at(i);
        if (entry.offset < base_) return false;
        if (i == 0) continue;
        const TimeEntry before = time_at(i - 1);
        if (entry.timestamp <= before.timestamp || entry.offset < before.offset) return false;
    }
    return true;
}

}  // namespace sluice::storage
