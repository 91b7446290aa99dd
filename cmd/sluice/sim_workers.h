#pragma once

#include <cstdint>
#include <functional>

#include "sim/run.h"

namespace sluice::cmd {

// Seeds to be run, some at once, each in a process that may die of it.
struct SeedRange {
    std::uint64_t first = 1;
    std::uint64_t last = 1;
    std::uint64_t at_once = 1;
    bool twice = false;
    std::function<bool(std::uint64_t)> wanted = {};  // Which of them; nothing: all.

    // The first that is wanted among `seed`, `seed + step` and so on.
    std::uint64_t next_wanted(std::uint64_t seed, std::uint64_t step) const {
        while (wanted && seed <= last && !wanted(seed)) seed += step;
        return seed;
    }
};

// Runs them and hands the results over in the order of the seeds, until `take` says false. A seed
// whose process died has failed: an assertion, or worse.
void run_seeds(const SeedRange& seeds, const sim::RunOptions& options,
               const sim::MakeScenario& make,
               const std::function<bool(const sim::RunResult&)>& take);

}  // namespace sluice::cmd
