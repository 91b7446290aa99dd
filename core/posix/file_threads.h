#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "core/posix/blocking_pool.h"
#include "core/posix/operation.h"

namespace sluice::posix {

// Has a few threads do what an engine cannot have the kernel do well: operations on files that wait
// inside a system call. Owned by the engine of one shard, and used on its thread.
class FileThreads {
public:
    using Ended = std::vector<std::pair<Operation*, int>>;

    // `interrupt` is called from the threads when something has ended and the shard sleeps.
    FileThreads(unsigned threads_max, std::function<void()> interrupt)
        : interrupt_(std::move(interrupt)), pool_(threads_max) {}

    void submit(Operation& operation);
    // What has ended since the last call, with what the system call answered.
    Ended take_ended();
    // The shard is about to sleep; false when something has ended already. wakes_up() follows.
    bool falls_asleep();
    void wakes_up() { asleep_.store(false); }

private:
    const std::function<void()> interrupt_;
    std::atomic<bool> asleep_{false};
    std::mutex mutex_;
    Ended ended_;  // Under the mutex.
    BlockingPool pool_;
};

}  // namespace sluice::posix
