#pragma once

#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/env/scheduler.h"

namespace sluice::env {

// How fibers of one shard wait for each other; everything that waits is built on these.

// One waiter, one signal that is kept until it is waited for.
class Event {
public:
    explicit Event(Scheduler& scheduler) : scheduler_(scheduler) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void set() {
        set_ = true;
        if (waiter_) scheduler_.wake(*waiter_, Wake::signalled);
    }
    // Error::timed_out once `deadline` has passed, Error::stopped when the node stops.
    Result<void> wait_until(Time deadline);
    Result<void> wait() { return wait_until(never); }

private:
    Scheduler& scheduler_;
    Fiber* waiter_ = nullptr;
    bool set_ = false;
};

// The end of something that uses the waiter's memory, so that not even a stopping node may leave
// early. One waiter; whoever makes the work must always complete it.
class Completion {
public:
    explicit Completion(Scheduler& scheduler) : scheduler_(scheduler) {}
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;

    void set() {
        set_ = true;
        if (waiter_) scheduler_.wake(*waiter_, Wake::signalled);
    }
    void wait();
    bool is_set() const { return set_; }

private:
    Scheduler& scheduler_;
    Fiber* waiter_ = nullptr;
    bool set_ = false;
};

// Any number of fibers wait for a condition that they check themselves, again after every wake.
class Signal {
public:
    explicit Signal(Scheduler& scheduler) : scheduler_(scheduler) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void notify_all();
    // Returns when notified, or as Event::wait_until does.
    Result<void> wait_until(Time deadline);
    Result<void> wait() { return wait_until(never); }
    std::size_t waiting() const { return waiters_.size(); }

private:
    Scheduler& scheduler_;
    std::vector<Fiber*> waiters_;
};

// One fiber at a time, first come first served.
class Mutex {
public:
    class Guard {
    public:
        explicit Guard(Mutex& mutex) : mutex_(&mutex) {}
        Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        Guard& operator=(Guard&&) = delete;
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        ~Guard() {
            if (mutex_) mutex_->unlock();
        }

    private:
        Mutex* mutex_;
    };

    explicit Mutex(Scheduler& scheduler) : freed_(scheduler) {}
    Result<Guard> lock();

private:
    void unlock();

    Signal freed_;
    std::uint64_t next_ticket_ = 0;
    std::uint64_t serving_ = 0;
    std::vector<std::uint64_t> abandoned_;
};

// Waits until a moment, or until the node stops (then Error::stopped).
Result<void> sleep_until(Scheduler& scheduler, Time deadline);
inline Result<void> sleep_for(Scheduler& scheduler, Duration duration) {
    return sleep_until(scheduler, scheduler.now() + duration);
}
// Lets every other ready fiber run first.
Result<void> yield(Scheduler& scheduler);

// Fibers that belong to somebody, who waits for their end before it goes: their memory is its own.
class FiberGroup {
public:
    explicit FiberGroup(Scheduler& scheduler) : scheduler_(scheduler) {}
    ~FiberGroup() { ASSERT(running_ == 0); }
    FiberGroup(const FiberGroup&) = delete;
    FiberGroup& operator=(const FiberGroup&) = delete;

    Result<void> spawn(std::string_view name, Task body);
    // Waits, stopping or not, until all have returned.
    void join();
    std::size_t running() const { return running_; }

private:
    Scheduler& scheduler_;
    std::size_t running_ = 0;
    Fiber* joiner_ = nullptr;
};

}  // namespace sluice::env
