#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/page_heap.h"
#include "core/base/strong.h"
#include "core/base/time.h"
#include "core/broker/log.h"
#include "storage/log/options.h"
#include "storage/log/pages.h"
#include "storage/log/segment.h"

namespace sluice::storage {

class Tail;

// How much memory the tails of a shard's logs take together. Over the budget the oldest blocks go
// that are on disk already, whosever they are.
class TailBudget {
public:
    TailBudget(PageHeap& pages, std::size_t bytes_max) : pages_(pages), bytes_max_(bytes_max) {}

    std::size_t bytes() const { return bytes_; }
    // Safe in the journal, and to be written to segments some time.
    std::uint64_t written_behind() const { return written_behind_; }

private:
    friend class Tail;

    std::uint64_t added(Tail& tail, std::size_t bytes);
    void removed(std::uint64_t age, std::size_t bytes);
    void trim();

    PageHeap& pages_;
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::uint64_t written_behind_ = 0;
    std::uint64_t blocks_made_ = 0;
    std::map<std::uint64_t, Tail*> by_age_;
};

// The end of one log, in memory and in wire form: every batch that is not yet in its segment file,
// and before them those that were written last, for readers near the end. Readers share its blocks,
// so nothing is copied for them.
//
// Everything ever added is counted in bytes. Two marks move over it: what is secured would survive
// a power cut, in the journal or in the segments; what is written is in the segments, synced or
// not. A byte stands at the same place in a page of memory as in a page of its file: a block begins
// with the bytes that share its first page, so that whole pages are written from where they are.
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

    // What to write to a segment next, oldest first; valid until the next wait. All pieces begin
    // and end at pages, but perhaps the begin of the first and the end of the last.
    struct Chunk {
        Offset segment;
        std::uint64_t position = 0;
        std::uint64_t size = 0;
        std::vector<Slice> pieces;
        std::optional<Offset> end;  // The offset behind the last batch that is all in it.
        std::uint64_t mark = 0;     // For written().
    };
    struct Want {
        bool everything = true;  // Otherwise whole pages of what is secured.
        std::size_t bytes_max = SIZE_MAX;
    };
    Chunk pending(const Want& want) const;
    // The chunk that pending() gave is in its file.
    void written(const Chunk& chunk);

    // What to secure next.
    struct Piece {
        Offset segment;
        std::uint64_t position = 0;
        Offset next;  // The offset behind its last batch.
        Buffer buffer;
        std::size_t at = 0;  // In the buffer,
        std::size_t size = 0;
    };
    // Whole batches, about `bytes_max` of them. Nothing when there is none, or when they left the
    // memory because they were written.
    std::vector<Piece> unsecured(std::size_t bytes_max);
    void secured(std::uint64_t mark);

    std::uint64_t added_mark() const { return added_; }
    std::uint64_t written_mark() const { return written_; }
    std::uint64_t secured_mark() const { return secured_; }

    // Forgets what is written; all of it, written or not.
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
        std::size_t lead = 0;      // Its own batches begin here in the buffer,
        std::size_t filled = 0;    // and end here.
        bool lead_is_here = true;  // What stands before them in their first page is known.
        Offset first;
        Offset next;
        Offset segment;
        std::uint64_t position = 0;  // Of the buffer's begin, in the segment.
        std::uint64_t begin = 0;     // Of its own batches, in everything that was ever added.
        std::uint64_t age = 0;
        Time made{};
        std::vector<Mark> marks;

        bool empty() const { return filled == lead; }
        std::uint64_t end() const { return begin + (filled - lead); }
        std::size_t at(std::uint64_t mark) const {
            return lead + static_cast<std::size_t>(std::max(mark, begin) - begin);
        }
    };

    Block& room_for(std::size_t size, Offset segment, std::uint64_t position, Time now);
    void drop(Block& block);
    static void share_page(Block& block, const Block& before);
    std::size_t next_block_bytes(Time now) const;
    bool drop_first();
    const Block& block_of(Offset offset) const;
    static std::size_t find_batch(const Block& block, Offset offset);
    std::size_t end_in(const Block& block, const Block* follower, const Want& want) const;
    template <class Move>
    void move_marks(Move move);

    TailBudget& budget_;
    const LogOptions& options_;
    std::vector<Block> blocks_;
    std::size_t block_bytes_ = 0;  // Of the block made last.
    std::uint64_t added_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t secured_ = 0;
};

}  // namespace sluice::storage
