#pragma once

#include <string>

#include "core/env/scheduler.h"
#include "sim/clock.h"
#include "sim/world.h"

namespace sluice::sim {

// Chooses among ready fibers by seed.
class Picker {
public:
    Picker(PickMode mode, Random random) : mode_(mode), random_(random) {}
    std::size_t pick(const env::Scheduler& scheduler);

private:
    std::size_t highest_priority(const env::Scheduler& scheduler);

    PickMode mode_;
    Random random_;
    std::uint64_t salt_ = 0;        // Of the priorities in force,
    std::uint64_t picks_left_ = 0;  // which are drawn anew after so many picks.
};

// Hears when the last fiber of a shard has ended.
class ShardOwner {
public:
    virtual ~ShardOwner() = default;
    virtual void shard_is_empty() = 0;
};

// One shard of one process: a scheduler driven by events, on a virtual core of its own. A fiber
// takes some virtual time whenever it runs, and nothing else of the shard runs meanwhile.
class Shard {
public:
    struct Options {
        std::uint32_t node = 0;
        ShardId id;
        Duration step_cost_max{3};  // One run of one fiber costs up to this, drawn.
        env::Scheduler::Options scheduler = {};
    };

    Shard(World& world, const NodeClock& clock, ShardOwner& owner, const Options& options,
          Random random);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    env::Scheduler& scheduler() { return scheduler_; }
    ShardRef ref() const { return ref_; }
    std::uint32_t node() const { return options_.node; }
    ShardId id() const { return options_.id; }

    // Looks for ready fibers and deadlines and makes events for them; whoever wakes its fibers
    // from elsewhere than an event of this shard must call it.
    void poke();
    // The world says that an event of this shard has happened.
    void after_event(EventKind kind) {
        if (kind != EventKind::fiber && kind != EventKind::timer) count_input();
        poke();
    }
    // Nothing of a frozen shard runs; what happens to it meanwhile waits.
    void set_frozen(bool frozen);
    bool frozen() const { return frozen_; }
    // Times the usual cost of a step: a slow or stolen core.
    void set_slowness(std::int64_t times) { slowness_ = times; }
    void clock_changed();

    // Runs every ready fiber now, outside of virtual time, until none is ready: for a process that
    // has died. Says how many runs that took.
    std::uint64_t drain();
    // Names of the fibers that have not ended.
    std::string alive_names() const;

private:
    // A shard that keeps itself busy for so many runs with hardly any input is spinning.
    static constexpr std::uint64_t spin_max = 200'000;
    static constexpr std::uint64_t runs_per_input = 64;

    std::uint64_t run_one_fiber();
    std::uint64_t fire_timers();
    void count_run();
    void count_input() { spin_ = spin_ > runs_per_input ? spin_ - runs_per_input : 0; }
    void arm_timer();

    World& world_;
    const NodeClock& clock_;
    ShardOwner& owner_;
    const Options options_;
    ShardRef ref_;
    env::Scheduler scheduler_;
    Random random_;
    Picker picker_;
    Time busy_until_{};
    bool frozen_ = false;
    bool run_pending_ = false;
    std::int64_t slowness_ = 1;
    Time timer_at_ = never;
    Time timer_armed_{};
    EventHandle timer_;
    std::uint64_t spin_ = 0;
};

}  // namespace sluice::sim
