// What waiting costs: switching between fibers, making them, and the simulator's queue of events.

#include <benchmark/benchmark.h>

#include "core/base/random.h"
#include "core/env/event.h"
#include "sim/event_queue.h"

namespace sluice {
namespace {

class StillClock final : public env::Clock {
public:
    Time now() const override { return Time{}; }
    Timestamp wall() const override { return Timestamp(0); }
};

// One fiber waits, is woken, runs and waits again: a resume and a suspend.
void fiber_switch(benchmark::State& state) {
    const StillClock clock;
    env::Scheduler scheduler(clock, {});
    env::Event turn(scheduler);
    bool done = false;
    const auto spawned = scheduler.spawn("turn", [&] {
        while (!done && turn.wait()) {
        }
    });
    if (spawned.failed()) return state.SkipWithError("no fiber");
    scheduler.resume(0);
    for (auto _ : state) {
        turn.set();
        scheduler.resume(0);
    }
    done = true;
    turn.set();
    scheduler.resume(0);
}
BENCHMARK(fiber_switch);

// From being made to being gone, its stack taken from the pool.
void fiber_life(benchmark::State& state) {
    const StillClock clock;
    env::Scheduler scheduler(clock, {});
    for (auto _ : state) {
        if (scheduler.spawn("life", [] {}).failed()) return state.SkipWithError("no fiber");
        scheduler.resume(0);
    }
}
BENCHMARK(fiber_life);

// Two fibers that wait for each other.
void event_ping_pong(benchmark::State& state) {
    const StillClock clock;
    env::Scheduler scheduler(clock, {});
    env::Event ping(scheduler);
    env::Event pong(scheduler);
    bool done = false;
    const auto one = scheduler.spawn("one", [&] {
        while (!done && ping.wait()) pong.set();
    });
    const auto other = scheduler.spawn("other", [&] {
        while (!done) {
            ping.set();
            if (pong.wait().failed()) return;
        }
        ping.set();
    });
    if (one.failed() || other.failed()) return state.SkipWithError("no fiber");
    for (auto _ : state) scheduler.resume(0);
    done = true;
    while (scheduler.ready_count() > 0) scheduler.resume(0);
    scheduler.stop();
    while (scheduler.ready_count() > 0) scheduler.resume(0);
}
BENCHMARK(event_ping_pong);

// The simulator's queue with so many events in it: the first one out, another one in.
void event_queue(benchmark::State& state) {
    sim::EventQueue queue;
    Random random(1);
    Time now{};
    const auto later = [&] { return now + Duration(random.between(1, 1'000'000)); };
    std::uint64_t happened = 0;
    const auto push = [&] {
        queue.push(later(), {}, sim::EventKind::note, [&happened] { return ++happened; });
    };
    for (std::int64_t i = 0; i < state.range(0); ++i) push();
    for (auto _ : state) {
        const auto next = queue.pop();
        now = next.time;
        queue.slot(next.slot).action();
        queue.free_slot(next.slot);
        push();
    }
    benchmark::DoNotOptimize(happened);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(event_queue)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace sluice
