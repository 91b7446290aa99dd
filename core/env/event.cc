#include "core/env/event.h"

#include <algorithm>

namespace sluice::env {
namespace {

Result<void> outcome(Wake why) {
    switch (why) {
        case Wake::signalled:
            return {};
        case Wake::timed_out:
            return Error::timed_out;
        case Wake::stopped:
            return Error::stopped;
    }
    return Error::stopped;
}

}  // namespace

Result<void> Event::wait_until(Time deadline) {
    ASSERT(waiter_ == nullptr);
    if (!set_) {
        waiter_ = scheduler_.running();
        const Wake why = scheduler_.suspend(deadline, Interruptible::yes);
        waiter_ = nullptr;
        if (!set_) return outcome(why);
    }
    set_ = false;
    return {};
}

void Completion::wait() {
    ASSERT(waiter_ == nullptr);
    while (!set_) {
        waiter_ = scheduler_.running();
        scheduler_.suspend(never, Interruptible::no);
        waiter_ = nullptr;
    }
}

void Signal::notify_all() {
    for (Fiber* waiter : std::exchange(waiters_, {})) scheduler_.wake(*waiter, Wake::signalled);
}

Result<void> Signal::wait_until(Time deadline) {
    Fiber* self = scheduler_.running();
    waiters_.push_back(self);
    const Wake why = scheduler_.suspend(deadline, Interruptible::yes);
    if (why != Wake::signalled) std::erase(waiters_, self);
    return outcome(why);
}

Result<Mutex::Guard> Mutex::lock() {
    const std::uint64_t ticket = next_ticket_++;
    while (serving_ != ticket) {
        const auto woken = freed_.wait();
        if (serving_ == ticket) break;
        if (woken) continue;
        abandoned_.push_back(ticket);
        return woken.error();
    }
    return Guard(*this);
}

void Mutex::unlock() {
    ++serving_;
    while (std::erase(abandoned_, serving_) > 0) ++serving_;
    freed_.notify_all();
}

Result<void> sleep_until(Scheduler& scheduler, Time deadline) {
    const Wake why = scheduler.suspend(deadline, Interruptible::yes);
    if (why == Wake::stopped) return Error::stopped;
    return {};
}

Result<void> yield(Scheduler& scheduler) {
    return sleep_until(scheduler, scheduler.now());
}

Result<void> FiberGroup::spawn(std::string_view name, Task body) {
    auto spawned = scheduler_.spawn(name, [this, body = std::move(body)]() mutable {
        body();
        body = Task();
        if (--running_ == 0 && joiner_) scheduler_.wake(*joiner_, Wake::signalled);
    });
    if (spawned) ++running_;
    return spawned;
}

void FiberGroup::join() {
    while (running_ > 0) {
        joiner_ = scheduler_.running();
        scheduler_.suspend(never, Interruptible::no);
        joiner_ = nullptr;
    }
}

}  // namespace sluice::env
