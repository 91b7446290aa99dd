#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/env/scheduler.h"
#include "core/env/shards.h"
#include "core/posix/blocking_pool.h"
#include "core/posix/operation.h"

namespace sluice::posix {

enum class EngineChoice { automatic, io_uring, epoll };

class SystemClock final : public env::Clock {
public:
    Time now() const override;
    Timestamp wall() const override;
};

// One shard's loop on its own thread: ready fibers first come first served, letters from other
// shards, timers, and whatever the kernel has finished.
class Reactor {
public:
    struct Options {
        EngineChoice engine = EngineChoice::automatic;
        env::Scheduler::Options scheduler = {};
    };

    // Made and run on the shard's thread. Error::invalid when the engine asked for is not to be
    // had.
    static Result<std::unique_ptr<Reactor>> make(const Options& options);
    explicit Reactor(const Options& options) : scheduler_(clock_, options.scheduler), pool_(8) {}
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    env::Scheduler& scheduler() { return scheduler_; }
    const SystemClock& clock() const { return clock_; }
    const char* engine_name() const { return engine_->name(); }

    // Runs until `done` holds; asked once a turn.
    void run(const std::function<bool()>& done);

    // For the doors, on a fiber: what the system call would have answered.
    int perform(Operation& operation) { return perform_until(operation, never); }
    // -ETIMEDOUT when cancelled at the deadline.
    int perform_until(Operation& operation, Time deadline);
    void cancel(Operation& operation) {
        if (!operation.ended) engine_->cancel(operation);
    }
    void forget(int fd) { engine_->forget(fd); }
    int run_blocking(std::function<int()> body);

    // From any thread: `letter` is delivered on this one.
    void receive(env::Letter& letter);
    void interrupt() { engine_->interrupt(); }

private:
    void deliver_letters();

    SystemClock clock_;
    env::Scheduler scheduler_;
    std::unique_ptr<Engine> engine_;
    std::mutex mutex_;
    std::vector<env::Letter*> letters_;  // Under the mutex.
    std::vector<env::Letter*> delivering_;
    std::atomic<bool> asleep_{false};
    BlockingPool pool_;
};

}  // namespace sluice::posix
