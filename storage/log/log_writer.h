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

    struct Policy {
        std::int64_t flush_messages = 1;  // Sync when so many records are not.
        bool sync_now = false;
    };
    // Writes everything that was appended before the call, and syncs if the policy says so; ends
    // early where a segment does. Error::no_space: nothing is lost, try again.
    Result<void> step(const Policy& policy);
    bool has_work() const { return tail_.pending_bytes() > 0 || !rolls_.empty(); }

    Offset written() const { return written_; }
    Offset synced() const { return synced_; }
    // The one whose file is written to.
    Offset segment() const { return segment_; }
    // Producer snapshots written since the last call.
    std::vector<Offset> take_snapshots() { return std::exchange(snapshots_, {}); }
    // Nothing will be written any more.
    void close() { file_.release(); }

private:
    struct Roll {
        Offset base;
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
    std::deque<Roll> rolls_;
    std::vector<Offset> snapshots_;
};

}  // namespace sluice::storage
