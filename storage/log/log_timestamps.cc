#include <algorithm>

#include "core/base/probe.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"
#include "storage/log/log.h"

// How a log finds records by their timestamps: the time index leads near, the batches tell.

namespace sluice::storage {
namespace {

using broker::TimestampOffset;

// Calls visit(const Bytes& batch, const BatchView&) until it returns true.
template <class Visit>
Result<bool> visit_batches(const broker::LogRead& read, Visit visit) {
    for (const Bytes& piece : read.pieces) {
        protocol::BatchSplitter splitter(piece.view());
        while (const auto batch = splitter.next()) {
            const auto at = static_cast<std::size_t>(batch->bytes().data() - piece.data());
            TRY(const bool done, visit(piece.slice(at, batch->size()), *batch));
            if (done) return true;
        }
    }
    return false;
}

// The first record of a batch at or after `time` whose offset is in [from, before).
Result<std::optional<TimestampOffset>> find_record(const Bytes& bytes, Timestamp time, Offset from,
                                                   Offset before, std::size_t size_max) {
    const protocol::BatchView batch(bytes.view());
    TRY(const Bytes content, protocol::records_of(bytes, size_max));
    protocol::RecordReader records(batch, content.view());
    while (const auto record = records.next()) {
        const Offset offset = records.offset_of(*record);
        const Timestamp timestamp = records.timestamp_of(*record);
        const bool is_early = timestamp < time && !PLANT("log.first_of_batch_found_by_time");
        if (is_early || offset < from || offset >= before) continue;
        return std::optional<TimestampOffset>({timestamp, offset, batch.leader_epoch()});
    }
    return std::optional<TimestampOffset>();
}

// The greatest timestamp among the records from `from` on of a batch whose first ones are deleted.
Result<TimeEntry> latest_record(const Bytes& bytes, Offset from, std::size_t size_max) {
    const protocol::BatchView batch(bytes.view());
    TRY(const Bytes content, protocol::records_of(bytes, size_max));
    protocol::RecordReader records(batch, content.view());
    TimeEntry latest{no_timestamp, from};
    while (const auto record = records.next()) {
        const Offset offset = records.offset_of(*record);
        const Timestamp timestamp = records.timestamp_of(*record);
        if (offset >= from && timestamp > latest.timestamp) latest = {timestamp, offset};
    }
    return latest;
}

}  // namespace

Result<std::optional<TimestampOffset>> Log::find_timestamp(std::optional<Timestamp> time,
                                                           Offset before) {
    if (ended_) return *ended_;
    const Visit visit(*this);
    before = std::min(before, offsets_.end);
    if (!time) {
        TRY(const TimeEntry latest, latest_before(before));
        if (latest.timestamp < Timestamp(0)) return std::optional<TimestampOffset>();
        return find_from(latest.offset, latest.timestamp, before);
    }
    // Deletion may take segments away in front while we wait; offsets tell where to go on.
    Offset next = offsets_.start;
    while (next < before) {
        const std::size_t position = segments_.position_of(next);
        Segment& segment = *segments_.list()[position];
        const Offset base = segment.base;
        const Offset segment_end = segments_.end_of(position, offsets_.end);
        TRY(const TimeEntry latest, latest_of(base));
        if (latest.timestamp >= *time) {
            TRY(const Offset from, offset_before(base, *time));
            TRY(auto found, find_from(std::max(from, next), *time, std::min(before, segment_end)));
            if (found) return found;
        }
        next = segment_end;
    }
    return std::optional<TimestampOffset>();
}

// The first record at or after `time` from `from` on.
Result<std::optional<TimestampOffset>> Log::find_from(Offset from, Timestamp time, Offset before) {
    std::optional<TimestampOffset> found;
    while (from < before && !found) {
        from = std::max(from, offsets_.start);
        TRY(const broker::LogRead read,
            this->read(
                {.from = from, .before = before, .bytes_max = resources_.options.scan_bytes}));
        if (read.size == 0) break;
        TRY(const bool done,
            visit_batches(read, [&](const Bytes& bytes, const auto& batch) -> Result<bool> {
                from = batch.next_offset();
                if (batch.max_timestamp() < time) return false;
                TRY(found, find_record(bytes, time, offsets_.start, before,
                                       resources_.options.decompressed_bytes_max));
                return found.has_value();
            }));
        if (done) break;
    }
    return found;
}

// The latest timestamp of a segment. A segment that is gone has none.
Result<TimeEntry> Log::latest_of(Offset base) {
    const TimeEntry none{no_timestamp, base};
    const Segment* const segment = segments_.find(base);
    if (segment == nullptr) return none;
    if (segment->latest) return *segment->latest;
    if (segment->size == 0) return none;
    TRY(const SegmentIndex* const index, index_files_.load(written_part(*segment)));
    return index->last_time().value_or(none);
}

// Before that offset of the segment every timestamp is before `time`.
Result<Offset> Log::offset_before(Offset base, Timestamp time) {
    const Segment* const segment = segments_.find(base);
    if (segment == nullptr) return base;
    const Timestamp below = PLANT("log.time_index_hides_equals") ? time : time.plus(-1);
    if (const auto entry = segment->fresh.floor(below)) return entry->offset.next();
    if (segment->time_bytes_on_disk == 0) return base;
    TRY(const SegmentIndex* const index, index_files_.load(written_part(*segment)));
    const auto entry = index->floor(below);
    return entry ? entry->offset.next() : base;
}

// The latest timestamp among the records from the log's start to `before`, and an offset in or
// before the batch that has it.
Result<TimeEntry> Log::latest_before(Offset before) {
    TimeEntry best{no_timestamp, offsets_.start};
    Offset next = offsets_.start;
    while (next < before) {
        const std::size_t position = segments_.position_of(next);
        const Offset base = segments_.list()[position]->base;
        const Offset segment_end = segments_.end_of(position, offsets_.end);
        if (next == base && segment_end <= before) {
            TRY(const TimeEntry latest, latest_of(base));
            if (latest.timestamp > best.timestamp) best = latest;
        } else {
            // The index leads near to `before`, unless the log begins inside this segment.
            const Offset scan_end = std::min(before, segment_end);
            if (next == base) {
                TRY(const auto entry, latest_indexed_before(base, scan_end));
                if (entry && entry->timestamp > best.timestamp) best = *entry;
                if (entry) next = entry->offset.next();
            }
            CHECK_OK(scan_latest(next, scan_end, best));
        }
        next = segment_end;
    }
    return best;
}

// The last entry of a segment's time index about batches that end before `before`.
Result<std::optional<TimeEntry>> Log::latest_indexed_before(Offset base, Offset before) {
    const Segment* const segment = segments_.find(base);
    if (segment == nullptr) return std::optional<TimeEntry>();
    const Offset last = before.plus(-1);
    if (const auto entry = segment->fresh.time_floor(last)) return entry;
    if (segment->time_bytes_on_disk == 0) return std::optional<TimeEntry>();
    TRY(const SegmentIndex* const index, index_files_.load(written_part(*segment)));
    return index->time_floor(last);
}

// The same from the batches themselves, for a segment that counts only in part.
Result<void> Log::scan_latest(Offset from, Offset before, TimeEntry& best) {
    while (from < before) {
        TRY(const broker::LogRead read,
            this->read(
                {.from = from, .before = before, .bytes_max = resources_.options.scan_bytes}));
        if (read.size == 0) break;
        TRY([[maybe_unused]] const bool done,
            visit_batches(read, [&](const Bytes& bytes, const auto& batch) -> Result<bool> {
                const Offset last = std::min(batch.last_offset(), before.plus(-1));
                TimeEntry latest{batch.max_timestamp(), std::max(batch.base_offset(), from)};
                if (batch.base_offset() < offsets_.start && latest.timestamp > best.timestamp) {
                    TRY(latest, latest_record(bytes, offsets_.start,
                                              resources_.options.decompressed_bytes_max));
                }
                if (latest.timestamp > best.timestamp) best = latest;
                from = last.next();
                return false;
            }));
    }
    return {};
}

}  // namespace sluice::storage
