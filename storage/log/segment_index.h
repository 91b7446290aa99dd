#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"

namespace sluice::storage {

// The batch whose last record has `offset` begins at `position` of the segment.
struct OffsetEntry {
    Offset offset;
    std::uint32_t position = 0;

    friend auto operator<=>(const OffsetEntry&, const OffsetEntry&) = default;
};

// No batch up to the one whose last record has `offset` holds a later timestamp.
struct TimeEntry {
    Timestamp timestamp = no_timestamp;
    Offset offset;

    friend auto operator<=>(const TimeEntry&, const TimeEntry&) = default;
};

inline constexpr std::size_t offset_entry_bytes = sizeof(std::int32_t) * 2;
inline constexpr std::size_t time_entry_bytes = sizeof(std::int64_t) + sizeof(std::int32_t);

// Entries of one segment's two sparse indexes, encoded as Kafka's .index and .timeindex hold them
// and searched as they are: those in the files, or those that only memory has yet.
class SegmentIndex {
public:
    explicit SegmentIndex(Offset base) : base_(base) {}
    SegmentIndex(Offset base, std::vector<std::uint8_t> offsets, std::vector<std::uint8_t> times)
        : base_(base), offsets_(std::move(offsets)), times_(std::move(times)) {}

    void add(const OffsetEntry& entry);
    void add(const TimeEntry& entry);
    // Forgets the first bytes of each, which are in the files now.
    void drop_front(std::size_t offset_bytes, std::size_t time_bytes);
    // Kafka preallocates the files of its active segment: zeros behind the last entry are none.
    void drop_zeros();
    // Forgets what is about offsets from `end` on.
    void truncate(Offset end);

    // The last entry at or before `offset`, or with a timestamp not above `time`.
    std::optional<OffsetEntry> floor(Offset offset) const;
    std::optional<TimeEntry> floor(Timestamp time) const;
    std::optional<TimeEntry> time_floor(Offset offset) const;
    std::optional<OffsetEntry> last_offset() const;
    std::optional<TimeEntry> last_time() const;

    // Could these be the indexes of a segment of that many bytes?
    bool is_sound(std::uint64_t segment_bytes) const;

    Slice offset_bytes() const { return offsets_; }
    Slice time_bytes() const { return times_; }
    std::size_t memory_bytes() const { return offsets_.capacity() + times_.capacity(); }

private:
    std::size_t offset_count() const { return offsets_.size() / offset_entry_bytes; }
    std::size_t time_count() const { return times_.size() / time_entry_bytes; }
    OffsetEntry offset_at(std::size_t i) const;
    TimeEntry time_at(std::size_t i) const;

    Offset base_;
    std::vector<std::uint8_t> offsets_;
    std::vector<std::uint8_t> times_;
};

// Entries out of the files' bytes, for the last one alone.
OffsetEntry decode_offset_entry(Offset base, Slice bytes);
TimeEntry decode_time_entry(Offset base, Slice bytes);

}  // namespace sluice::storage
