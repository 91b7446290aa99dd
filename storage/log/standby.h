#pragma once

#include <functional>
#include <string_view>

#include "core/env/event.h"

namespace sluice::storage {

// A fiber that sleeps while there is nothing to do; a shard's journal and its committer have one
// each. It is made before clients come, who could take all fibers and then wait for ever for what
// nobody is left to write.
class Standby {
public:
    // `work` does what there is to do and returns; `name` is a literal.
    Standby(env::Scheduler& scheduler, std::string_view name, std::function<void()> work)
        : name_(name), work_(std::move(work)), woken_(scheduler), fibers_(scheduler) {}

    // Makes the fiber. Error::limit when there is none to be had.
    Result<void> start();
    // There is something to do. Never waits. Who was not started is now; when that fails, the next
    // one who wakes it tries again.
    void wake();
    // From a wake() until there is nothing to do.
    bool is_awake() const { return awake_; }
    // Waits for its end, which comes when there is nothing left to do.
    void join();

private:
    void run();

    const std::string_view name_;
    const std::function<void()> work_;
    env::Event woken_;
    env::FiberGroup fibers_;
    bool awake_ = false;
    bool ending_ = false;
};

}  // namespace sluice::storage
