#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/broker/log.h"
#include "storage/log/segment_index.h"

namespace sluice::storage {

// What a segment notes of a batch.
struct BatchPlace {
    Offset base;
    Offset next;
    std::uint32_t size = 0;
    Timestamp max_timestamp = no_timestamp;
};

// One segment of a log: facts only, nothing here touches a disk. It counts what was appended,
// perhaps not yet written.
struct Segment {
    explicit Segment(Offset base_offset) : base(base_offset), fresh(base_offset) {}

    const Offset base;
    std::uint64_t size = 0;
    // Of the first batch: the segment's age counts from it.
    std::optional<Timestamp> first_timestamp;
    // The latest timestamp; nothing until its index was looked at.
    std::optional<TimeEntry> latest;

    // Index entries behind those in the files, and how many bytes of each the files hold.
    SegmentIndex fresh;
    std::uint64_t offset_bytes_on_disk = 0;
    std::uint64_t time_bytes_on_disk = 0;
    // Of the last entry of the time index, wherever that is.
    Timestamp latest_indexed = no_timestamp;
    // Since the batch that has the last entry.
    std::uint64_t bytes_since_entry = 0;

    // Takes in a batch at the segment's end, with an index entry when one is due.
    void add(const BatchPlace& batch, std::uint32_t index_interval_bytes);
    // As Kafka does: the time index gets an entry only when the latest timestamp grew.
    void index_latest();
    // Nothing will be added any more: the time index ends with the latest timestamp.
    void close() { index_latest(); }
};

// Does `batch` begin a new segment behind `active`? Pure arithmetic: it is decided when the batch
// gets its offsets, and carried out by the writer.
bool must_roll(const Segment& active, const broker::LogConfig& config, const BatchPlace& batch);

// The segments of one log, oldest first; the last one is appended to. There is always one.
class Segments {
public:
    using List = std::vector<std::unique_ptr<Segment>>;

    explicit Segments(List list) : list_(std::move(list)) { ASSERT(!list_.empty()); }

    Segment& active() { return *list_.back(); }
    const Segment& active() const { return *list_.back(); }
    Offset first() const { return list_.front()->base; }
    const List& list() const { return list_; }
    std::uint64_t size_bytes() const;

    // The one that holds `offset`, if any does; the first for offsets before it.
    std::size_t position_of(Offset offset) const;
    Segment* find(Offset base);
    // Where the segment ends that begins at `base`; `end` for the last one.
    Offset end_of(std::size_t position, Offset end) const;

    Segment& roll(Offset base);
    std::unique_ptr<Segment> take_first();
    std::unique_ptr<Segment> take_last();
    void put_back(std::unique_ptr<Segment> segment) { list_.push_back(std::move(segment)); }

private:
    List list_;
};

}  // namespace sluice::storage
