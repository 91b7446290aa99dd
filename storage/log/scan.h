#pragma once

#include <algorithm>
#include <optional>

#include "core/base/page_heap.h"
#include "core/broker/log.h"
#include "core/env/disk.h"
#include "core/protocol/record_batch.h"

namespace sluice::storage {

// Goes forward through the batches of a segment file with large reads past the page cache. Whatever
// it gives out is whole, of our format, and has the right CRC.
class Scan {
public:
    struct Range {
        std::uint64_t from = 0;
        std::uint64_t end = 0;  // Of the segment; the file may have been preallocated beyond.
    };
    Scan(env::File& file, Range range, std::size_t read_bytes_max)
        : file_(file), position_(range.from), end_(range.end), read_bytes_max_(read_bytes_max) {}

    // The next batch, valid until the next call; nothing at the end, and where damage begins.
    Result<std::optional<protocol::BatchView>> next();
    // Where the batch begins that next() gave last.
    std::uint64_t batch_position() const { return position_ - batch_size_; }
    // Behind the last whole batch.
    std::uint64_t position() const { return position_; }
    // Whatever the scan gives out from the last batch on is written to the file again before it is
    // left behind: exactly the bytes that were found to be sound.
    void write_again_from_here() { again_from_ = std::min(again_from_, batch_position()); }
    Result<void> write_again();
    // There is more, but it is no batch.
    bool damaged() const { return damaged_; }

private:
    Result<bool> fill(std::size_t size_min);

    env::File& file_;
    std::uint64_t position_;
    const std::uint64_t end_;
    const std::size_t read_bytes_max_;
    std::size_t read_bytes_ = 64 << 10;  // Of the next read: the further it goes the more at once.
    std::size_t batch_size_ = 0;
    bool damaged_ = false;
    std::uint64_t again_from_ = UINT64_MAX;
    std::uint64_t buffer_begin_ = 0;  // In the file.
    Buffer buffer_;
    Slice rest_;
};

// `size` bytes at a page of the file, or as many as there are; reads whole pages, past the page
// cache. They are in the first pages of `into`, which has room for them.
Result<Slice> read_pages(env::File& file, std::uint64_t offset, std::size_t size, Buffer into);

// The size a batch says it has, when `bytes` hold enough of it and it makes sense.
std::optional<std::size_t> batch_size_of(Slice bytes);

// What to read from a segment file.
struct SegmentRead {
    std::uint64_t position = 0;  // Of a batch at or before the one with range.from.
    std::uint64_t end = 0;       // Of what was written.
    broker::PartitionLog::ReadRange range;
    std::size_t slack_bytes = 0;
};
// Whole batches of a segment, and the offset behind the last of them.
struct DiskRead {
    broker::LogRead batches;
    Offset next;
};
// As PartitionLog::read. Error::corrupt when a batch on the way or one to give is damaged, or when
// range.from is in none. Reads whole pages, past the page cache.
Result<DiskRead> read_segment(env::File& file, PageHeap& heap, const SegmentRead& read);

}  // namespace sluice::storage
