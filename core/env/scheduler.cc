#include "core/env/scheduler.h"

#include <utility>

namespace sluice::env {
namespace {

// Boost asks this for the stack and frees it when the fiber has ended; ours go back to the pool.
struct KeepStack {
    StackPool::Stack stack;
    StackPool::Stack allocate() const { return stack; }
    void deallocate(StackPool::Stack&) const {}
};

// A fiber that waits this often after the node has stopped ignores its errors and would spin for
// ever.
constexpr int waits_refused_max = 100'000;

}  // namespace

Scheduler::Scheduler(const Clock& clock, Options options)
    : clock_(clock), options_(options), stacks_(options.stack_bytes) {}

Scheduler::~Scheduler() {
    ASSERT(alive_ == 0);
}

Result<void> Scheduler::spawn(std::string_view name, Task body) {
    if (alive_ >= options_.fibers_max) return Error::limit;
    const StackPool::Stack stack = stacks_.take();
    if (stack.size == 0) return Error::limit;

    auto owned = std::make_unique<Fiber>();
    Fiber* fiber = owned.get();
    fiber->id_ = ++fibers_made_;
    fiber->name_ = name;
    fiber->body_ = std::move(body);
    fiber->stack_ = stack;
    fiber->sanitizer_ = notes_.make_fiber();
    fiber->context_ = boost::context::fiber(
        std::allocator_arg, KeepStack{stack}, [this, fiber](boost::context::fiber&& back) {
            fiber->context_ = std::move(back);
            notes_.arrived_in_fiber(nullptr);
            fiber->body_();
            fiber->body_ = Task();  // What it owned goes while the fiber still counts as running.
            fiber->state_ = Fiber::State::ended;
            notes_.start_back(nullptr);
            notes_.leave_to_driver();
            return std::move(fiber->context_);
        });
    fibers_.emplace(fiber->id_, std::move(owned));
    ++alive_;
    ready_.push_back(fiber);
    return {};
}

void Scheduler::resume(std::size_t index) {
    ASSERT(index < ready_.size());
    ASSERT(running_ == nullptr);
    Fiber& fiber = *ready_[index];
    if (index == 0)
        ready_.pop_front();
    else
        ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
    fiber.state_ = Fiber::State::running;
    running_ = &fiber;
    void* kept = nullptr;
    notes_.start_into(&kept, static_cast<char*>(fiber.stack_.sp) - fiber.stack_.size,
                      fiber.stack_.size);
    notes_.leave_to_fiber(fiber.sanitizer_);
    fiber.context_ = std::move(fiber.context_).resume();
    notes_.arrived_in_driver(kept);
    running_ = nullptr;
    if (fiber.state_ == Fiber::State::ended) bury(fiber);
}

void Scheduler::bury(Fiber& fiber) {
    notes_.destroy_fiber(fiber.sanitizer_);
    stacks_.give_back(fiber.stack_);
    --alive_;
    fibers_.erase(fiber.id_);
}

Wake Scheduler::suspend(Time deadline, Interruptible interruptible) {
    ASSERT(running_ != nullptr);
    ASSERT(no_suspend_depth_ == 0);
    Fiber& self = *running_;
    if (stopped_ && interruptible == Interruptible::yes) {
        ASSERT(++self.waits_refused_ < waits_refused_max);
        return Wake::stopped;
    }
    self.state_ = Fiber::State::parked;
    self.interruptible_ = interruptible;
    if (deadline < never) {
        self.timer_ = {deadline, ++timers_made_};
        timers_.emplace(self.timer_, &self);
    }
    void* kept = nullptr;
    notes_.start_back(&kept);
    notes_.leave_to_driver();
    self.context_ = std::move(self.context_).resume();
    notes_.arrived_in_fiber(kept);
    return self.why_;
}

void Scheduler::wake(Fiber& fiber, Wake why) {
    if (fiber.state_ != Fiber::State::parked) return;
    if (fiber.timer_.first < never) timers_.erase(fiber.timer_);
    fiber.timer_.first = never;
    fiber.state_ = Fiber::State::ready;
    fiber.why_ = why;
    ready_.push_back(&fiber);
}

Time Scheduler::next_timer() const {
    return timers_.empty() ? never : timers_.begin()->first.first;
}

void Scheduler::fire_timers(Time now) {
    while (!timers_.empty() && timers_.begin()->first.first <= now)
        wake(*timers_.begin()->second, Wake::timed_out);
}

void Scheduler::stop() {
    stopped_ = true;
    for (auto& [id, fiber] : fibers_) {
        const bool waits = fiber->state_ == Fiber::State::parked;
        if (waits && fiber->interruptible_ == Interruptible::yes) wake(*fiber, Wake::stopped);
    }
}

}  // namespace sluice::env
