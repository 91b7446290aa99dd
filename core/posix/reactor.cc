#include "core/posix/reactor.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "core/env/event.h"
#include "core/posix/epoll_engine.h"
#include "core/posix/ring_engine.h"

namespace sluice::posix {
namespace {

// Fibers resumed before the kernel is asked again, so that a busy shard still takes new input.
constexpr std::size_t resumes_per_turn_max = 256;
constexpr Duration sleep_max = std::chrono::seconds(30);

std::int64_t read_clock(clockid_t id, std::int64_t per_second) {
    timespec time{};
    clock_gettime(id, &time);
    return time.tv_sec * per_second + time.tv_nsec / (1'000'000'000 / per_second);
}

}  // namespace

Time SystemClock::now() const {
    return Time{Duration(read_clock(CLOCK_MONOTONIC, 1'000'000))};
}

Timestamp SystemClock::wall() const {
    return Timestamp(read_clock(CLOCK_REALTIME, 1'000));
}

Result<std::unique_ptr<Reactor>> Reactor::make(const Options& options) {
    auto reactor = std::make_unique<Reactor>(options);
    if (options.engine != EngineChoice::epoll)
        reactor->engine_ = RingEngine::make(reactor->scheduler_);
    if (!reactor->engine_) {
        if (options.engine == EngineChoice::io_uring) return Error::invalid;
        reactor->engine_ = std::make_unique<EpollEngine>(reactor->scheduler_);
    }
    return reactor;
}

void Reactor::run(const std::function<bool()>& done) {
    for (;;) {
        for (std::size_t resumes_left = resumes_per_turn_max;;) {
            for (; resumes_left > 0 && scheduler_.ready_count() > 0; --resumes_left)
                scheduler_.resume(0);
            deliver_letters();
            scheduler_.fire_timers(clock_.now());
            if (resumes_left == 0 || scheduler_.ready_count() == 0) break;
        }
        if (done()) return;

        Duration timeout{0};
        if (scheduler_.ready_count() == 0) {
            asleep_.store(true);
            const std::lock_guard lock(mutex_);
            if (letters_.empty())
                timeout =
                    std::clamp(scheduler_.next_timer() - clock_.now(), Duration{0}, sleep_max);
        }
        engine_->poll(timeout);
        asleep_.store(false);
    }
}

int Reactor::perform_until(Operation& operation, Time deadline) {
    operation.waiter = scheduler_.running();
    engine_->submit(operation);
    bool late = false;
    while (!operation.ended) {
        const auto why = scheduler_.suspend(late ? never : deadline, env::Interruptible::no);
        if (why != env::Wake::timed_out || operation.ended) continue;
        late = true;
        engine_->cancel(operation);
    }
    operation.waiter = nullptr;
    return late && operation.result == -ECANCELED ? -ETIMEDOUT : operation.result;
}

int Reactor::run_blocking(std::function<int()> body) {
    struct Finished final : env::Letter {
        explicit Finished(env::Scheduler& scheduler) : done(scheduler) {}
        void deliver() override { done.set(); }
        env::Completion done;
        int result = 0;
    };
    Finished finished(scheduler_);
    pool_.give({std::move(body), [this, &finished](int result) {
                    finished.result = result;
                    receive(finished);
                }});
    finished.done.wait();
    return finished.result;
}

void Reactor::receive(env::Letter& letter) {
    {
        const std::lock_guard lock(mutex_);
        letters_.push_back(&letter);
    }
    // One of those who find it asleep wakes it, the others know that somebody has.
    if (asleep_.exchange(false)) engine_->interrupt();
}

void Reactor::deliver_letters() {
    {
        const std::lock_guard lock(mutex_);
        delivering_.swap(letters_);
    }
    const env::NoSuspend none_may_wait(scheduler_);
    for (env::Letter* letter : delivering_) letter->deliver();
    delivering_.clear();
}

}  // namespace sluice::posix
