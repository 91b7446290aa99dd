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
};

// Runs them and hands the results over in the order of the seeds, until `take` says false. A seed
// whose process died has failed: an assertion, or worse.
void run_seeds(const SeedRange& seeds, const sim::RunOptions& options,
               const sim::MakeScenario& make,
               const std::function<bool(const sim::RunResult&)>& take);

}  // namespace sluice::cmd
