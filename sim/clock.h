#pragma once

#include "core/env/clock.h"
#include "sim/world.h"

namespace sluice::sim {

// The clocks of one machine, derived from virtual time: the monotonic one starts anywhere and
// drifts, the wall clock also steps. Both go on while the machine's processes are frozen.
class NodeClock final : public env::Clock {
public:
    struct Options {
        Duration monotonic{0};  // What the clocks show now.
        Timestamp wall{1'760'000'000'000};
        std::int64_t drift_parts_per_million = 0;
    };

    NodeClock(const World& world, const Options& options)
        : world_(world),
          drift_(options.drift_parts_per_million),
          world_base_(world.now()),
          base_(options.monotonic),
          wall_offset_(options.wall.value * 1000 - base_.count()) {}

    Time now() const override { return Time{at(world_.now())}; }
    Timestamp wall() const override {
        const std::int64_t micros = at(world_.now()).count() + wall_offset_;
        return Timestamp((micros >= 0 ? micros : micros - 999) / 1000);
    }

    // The first virtual time at which now() is `local` or later, as the clock goes at present.
    Time world_time_of(Time local) const {
        if (local >= never) return never;
        const auto distance = static_cast<__int128>((local.since_start - base_).count());
        Time guess =
            world_base_ +
            Duration(static_cast<std::int64_t>(distance * 1'000'000 / (1'000'000 + drift_)));
        while (at(guess) < local.since_start) guess = guess + Duration(1);
        return guess;
    }

    // Shards that wait on the clock must be told: Shard::clock_changed().
    void set_drift(std::int64_t parts_per_million) {
        rebase(at(world_.now()));
        drift_ = parts_per_million;
    }
    void step_wall(Duration by) { wall_offset_ += by.count(); }
    // After a power cut the monotonic clock begins again; the wall clock went on.
    void reboot(Duration monotonic) {
        wall_offset_ += (at(world_.now()) - monotonic).count();
        rebase(monotonic);
    }

private:
    Duration at(Time world) const {
        const std::int64_t elapsed = (world - world_base_).count();
        return base_ + Duration(elapsed + elapsed * drift_ / 1'000'000);
    }
    void rebase(Duration local) {
        world_base_ = world_.now();
        base_ = local;
    }

    const World& world_;
    std::int64_t drift_;
    Time world_base_;
    Duration base_;
    std::int64_t wall_offset_;  // Microseconds from the monotonic clock to 1970's.
};

}  // namespace sluice::sim
