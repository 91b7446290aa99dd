#pragma once

#include <map>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/base/time.h"
#include "core/broker/log.h"
#include "storage/log/options.h"
#include "storage/log/segment.h"

namespace sluice::storage {

class Tail;

// How much memory the tails of a shard's logs take together. Over the budget the oldest blocks go
// that are on disk already, whosever they are.
class TailBudget {
public:
    explicit TailBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    std::size_t bytes() const { return bytes_; }

private:
    friend class Tail;

    std::uint64_t added(Tail& tail, std::size_t bytes);
    void removed(std::uint64_t age, std::size_t bytes);
    void trim();

    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::uint64_t blocks_made_ = 0;
    std::map<std::uint64_t, Tail*> by_age_;
};

// The end of one log, in memory and in wire form: every batch that is not yet on disk, and before
// them those that were written last, for readers near the end. Readers share its blocks, so nothing
// is copied for them.
class Tail {
public:
    Tail(TailBudget& budget, const LogOptions& options) : budget_(budget), options_(options) {}
    ~Tail() { clear(); }
    Tail(const Tail&) = delete;
    Tail& operator=(const Tail&) = delete;

    // Copies a batch behind the others. It stands at `position` of the segment that begins at
    // `segment`. The result is the copy, to be finished before anybody else looks.
    MutableSlice add(Slice batch, const BatchPlace& place, Offset segment, std::uint64_t position,
                     Time now);

    // Nothing is in memory: the log's end is where the file ends.
    bool empty() const { return blocks_.empty(); }
    // Where the batches in memory begin.
    struct Begin {
        Offset offset;
        Offset segment;
        std::uint64_t position = 0;
    };
    Begin begin() const;
    // As PartitionLog::read; `range.from` is not before begin().
    broker::LogRead read(const broker::PartitionLog::ReadRange& range) const;

    // What to write next: whole batches of one segment, oldest first, valid until they are written.
    struct Chunk {
        Offset segment;
        std::uint64_t position = 0;
        Offset end;  // The offset behind the last batch.
        std::uint64_t size = 0;
        std::vector<Slice> pieces;
    };
    Chunk pending(std::size_t bytes_max) const;
    // The chunk that pending() gave is on disk.
    void written(const Chunk& chunk);
    std::uint64_t pending_bytes() const { return added_ - written_; }

    // Forgets what is on disk; all of it, pending or not.
    void evict();
    void clear();

private:
    friend class TailBudget;

    // So that a reader finds a batch without walking a whole block.
    struct Mark {
        Offset base;
        std::size_t at;
    };
    struct Block {
        Buffer buffer;
        std::size_t filled = 0;
        Offset first;
        Offset next;
        Offset segment;
        std::uint64_t position = 0;  // In the segment.
        std::uint64_t begin = 0;     // In everything that was ever added.
        std::uint64_t age = 0;
        Time made{};
        std::vector<Mark> marks;
    };

    Block& room_for(std::size_t size, Offset segment, Time now);
    std::size_t next_block_bytes(Time now) const;
    bool drop_first();
    const Block& block_of(Offset offset) const;
    static std::size_t find_batch(const Block& block, Offset offset);

    TailBudget& budget_;
    const LogOptions& options_;
    std::vector<Block> blocks_;
    std::size_t block_bytes_ = 0;  // Of the block made last.
    std::uint64_t added_ = 0;
    std::uint64_t written_ = 0;
};

}  // namespace sluice::storage
