#pragma once

#include <boost/context/fiber.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/task.h"
#include "core/base/time.h"
#include "core/env/clock.h"
#include "core/env/sanitizers.h"
#include "core/env/stack_pool.h"

namespace sluice::env {

// Why a parked fiber goes on.
enum class Wake { signalled, timed_out, stopped };

// May a wait end early because the node stops? Waits for something that still refers to the
// waiter's memory (the kernel, another shard) may not.
enum class Interruptible { yes, no };

class Fiber;

// Fibers: straight-line code that waits. One scheduler a shard, on one thread. It never decides who
// runs next: whoever drives it (a reactor in production, the simulator) picks among the ready
// fibers.
//
// stop() ends a node: every interruptible wait, now and later, returns Wake::stopped, so that
// fibers return along their normal paths. A parked fiber is never destroyed.
class Scheduler {
public:
    struct Options {
        std::size_t fibers_max = 20'000;  // A stack costs two mappings of vm.max_map_count.
        std::size_t stack_bytes = 128 * 1024;
    };

    Scheduler(const Clock& clock, Options options);
    ~Scheduler();  // No fiber may be alive.
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    // Makes a fiber and puts it last among the ready ones; Error::limit when there are too many.
    // `name` must outlive the fiber: a literal.
    Result<void> spawn(std::string_view name, Task body);

    // For whoever drives: who is ready, run one of them until it waits or ends, and timers.
    std::size_t ready_count() const { return ready_.size(); }
    const Fiber& ready(std::size_t index) const { return *ready_[index]; }
    void resume(std::size_t index);
    Time next_timer() const;
    void fire_timers(Time now);
    void stop();
    bool stopped() const { return stopped_; }
    std::size_t alive() const { return alive_; }
    // So many more fibers may live at the same time.
    std::size_t room() const { return options_.fibers_max - alive_; }
    // Calls visit(const Fiber&) for each parked fiber, in the order they were made.
    template <class Visit>
    void each_parked(Visit visit) const;

    // For fibers, through the primitives of core/env/event.h only: the one place that gives up the
    // thread, and how to end a wait. Waking a fiber that does not wait does nothing.
    Wake suspend(Time deadline, Interruptible interruptible);
    void wake(Fiber& fiber, Wake why);
    Fiber* running() const { return running_; }
    Time now() const { return clock_.now(); }

private:
    friend class NoSuspend;

    void bury(Fiber& fiber);

    const Clock& clock_;
    const Options options_;
    StackPool stacks_;
    SwitchNotes notes_;
    bool stopped_ = false;
    int no_suspend_depth_ = 0;
    Fiber* running_ = nullptr;
    std::uint64_t fibers_made_ = 0;
    std::uint64_t timers_made_ = 0;
    std::size_t alive_ = 0;
    std::deque<Fiber*> ready_;
    std::map<std::uint64_t, std::unique_ptr<Fiber>> fibers_;
    std::map<std::pair<Time, std::uint64_t>, Fiber*> timers_;
};

class Fiber {
public:
    std::uint64_t id() const { return id_; }
    std::string_view name() const { return name_; }

private:
    friend class Scheduler;
    enum class State { ready, running, parked, ended };

    std::uint64_t id_ = 0;
    std::string_view name_;
    Task body_;
    State state_ = State::ready;
    Wake why_ = Wake::signalled;
    Interruptible interruptible_ = Interruptible::yes;
    std::pair<Time, std::uint64_t> timer_{never, 0};
    int waits_refused_ = 0;
    StackPool::Stack stack_;
    boost::context::fiber context_;  // Where to go on: into the fiber, or, while it runs, back out.
    void* sanitizer_ = nullptr;
};

template <class Visit>
void Scheduler::each_parked(Visit visit) const {
    for (const auto& [id, fiber] : fibers_)
        if (fiber->state_ == Fiber::State::parked) visit(*fiber);
}

// While one is alive, no fiber of this shard may wait: what was true at the top of the scope is
// true at its end. Guards every call into rules.
class NoSuspend {
public:
    explicit NoSuspend(Scheduler& scheduler) : scheduler_(scheduler) {
        ++scheduler_.no_suspend_depth_;
    }
    ~NoSuspend() { --scheduler_.no_suspend_depth_; }
    NoSuspend(const NoSuspend&) = delete;
    NoSuspend& operator=(const NoSuspend&) = delete;

private:
    Scheduler& scheduler_;
};

}  // namespace sluice::env
