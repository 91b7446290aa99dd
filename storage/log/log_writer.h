#pragma once

#include <deque>
#include <string>
#include <vector>

#include "storage/log/resources.h"
#include "storage/log/tail.h"

namespace sluice::storage {

// Carries one log's tail into its segment files: writes, syncs, and begins new segments where
// append decided so. Owned by the Log; used by one fiber at a time, the committer's.
class LogWriter {
public:
    // The log is on disk up to `end`, in the segment that begins at `segment`.
    LogWriter(LogResources& resources, std::string directory, Tail& tail, Offset segment,
              Offset end)
        : resources_(resources),
          directory_(std::move(directory)),
          tail_(tail),
          segment_(segment),
          written_(end),
          synced_(end) {}

    Result<void> open();
    // What was appended so far is followed by a new segment; `producers` is the snapshot for there.
    void plan_roll(Offset base, std::vector<std::uint8_t> producers);

    // How far one step goes.
    struct Policy {
        bool everything = true;           // Otherwise whole pages of what is secured.
        std::int64_t flush_messages = 1;  // Sync when so many records are not.
        bool sync_now = false;
    };
    // Writes what was appended or secured before the call, and syncs if the policy says so; ends
    // early where a segment does. Error::no_space: nothing is lost, try again.
    Result<void> step(const Policy& policy);
    // Something was appended and not written, or a segment may end.
    bool has_work() const { return tail_.written_mark() < tail_.added_mark() || !rolls_.empty(); }
    bool roll_due() const { return !rolls_.empty() && rolls_.front().mark <= tail_.secured_mark(); }

    Offset written() const { return written_; }
    Offset synced() const { return synced_; }
    // As far as the tail is synced.
    std::uint64_t synced_mark() const { return synced_mark_; }
    // The one whose file is written to.
    Offset segment() const { return segment_; }
    // Producer snapshots written since the last call.
    std::vector<Offset> take_snapshots() { return std::exchange(snapshots_, {}); }
    // Nothing will be written any more.
    void close() { file_.release(); }

private:
    struct Roll {
        Offset base;
        std::uint64_t mark;  // Of the tail, where the segment ends.
        std::vector<std::uint8_t> producers;
    };

    Result<void> write(const Tail::Chunk& chunk);
    Result<void> sync();
    Result<void> roll();

    LogResources& resources_;
    const std::string directory_;
    Tail& tail_;
    FileCache::Pin file_;
    Offset segment_;
    Offset written_;
    Offset synced_;
    std::uint64_t synced_mark_ = 0;  // Of the tail.
    std::deque<Roll> rolls_;
    std::vector<Offset> snapshots_;
};

}  // namespace sluice::storage
