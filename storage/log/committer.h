#pragma once

#include <deque>
#include <vector>

#include "core/env/event.h"

namespace sluice::storage {

class Log;

// Makes durable what logs appended, one a shard. A log says when it has something; at once when the
// disk is idle, otherwise with the next sync, never after a fixed delay: whatever is appended while
// one commit runs goes with the next.
//
// This one keeps no journal: it lets every log write and sync its own segments, a bounded number of
// logs at a time, in turns when there are more. A journal for the whole shard would take its place.
class Committer {
public:
    Committer(env::Scheduler& scheduler, std::size_t flushes_max)
        : scheduler_(scheduler), flushes_max_(flushes_max), fibers_(scheduler) {}

    // The log has something to commit. Never waits.
    void commit(Log& log);
    // A log waits for its commit: when no fiber could be had for it, tries again.
    void kick();
    // Returns once no fiber of the committer's uses the log, stopping or not; it then forgot it.
    void leave(Log& log);
    // Waits for the committer's fibers, which end when nothing is left to commit.
    void join() { fibers_.join(); }

private:
    void spawn();
    void run();
    Log* take();
    bool is_queued(const Log& log) const;

    env::Scheduler& scheduler_;
    const std::size_t flushes_max_;
    env::FiberGroup fibers_;
    std::deque<Log*> queue_;
    struct Serving {
        Log* log;
        bool again = false;  // It asked again meanwhile.
        env::Completion* left = nullptr;
    };
    std::vector<Serving> serving_;
};

}  // namespace sluice::storage
