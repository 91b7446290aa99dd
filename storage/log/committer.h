#pragma once

#include <deque>

#include "storage/log/standby.h"

namespace sluice::storage {

class Log;

// Where a log stands with the committer.
struct CommitPlace {
    bool queued = false;
    bool served = false;
    bool again = false;               // It asked again meanwhile.
    env::Completion* left = nullptr;  // Somebody waits until it is served no more.
};

// Has logs write and sync their segments, one committer a shard: a bounded number of logs at a
// time, in turns when there are more. What a log appends while it is served goes with its next
// turn. One fiber is always there for it; the others come as they are needed, and as there are any.
class Committer {
public:
    Committer(env::Scheduler& scheduler, std::size_t flushes_max)
        : scheduler_(scheduler),
          flushes_max_(flushes_max),
          first_(scheduler, "log-commit", [this] { run(); }),
          others_(scheduler) {}

    // Error::limit when no fiber can be had.
    Result<void> start() { return first_.start(); }
    // The log has something to write. Never waits.
    void commit(Log& log);
    // Returns once no fiber of the committer's uses the log, stopping or not; it then forgot it.
    void leave(Log& log);
    // Waits for the committer's fibers, which end when nothing is left to commit.
    void join() {
        first_.join();
        others_.join();
    }

private:
    void run();
    void queue(Log& log);
    Log* take();

    env::Scheduler& scheduler_;
    const std::size_t flushes_max_;
    Standby first_;
    env::FiberGroup others_;
    std::deque<Log*> queue_;
};

}  // namespace sluice::storage
