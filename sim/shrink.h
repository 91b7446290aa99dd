#pragma once

#include <functional>

#include "sim/run.h"

namespace sluice::sim {

struct ShrinkOptions {
    std::uint64_t runs_max = 400;
    // Hears of each smaller plan that still fails the same way.
    std::function<void(const RunResult&)> progress = {};
};

struct Shrunk {
    RunResult smallest;  // Its plan is what is left.
    std::uint64_t runs = 0;
};

// Makes the plan of a failing run smaller as long as the run fails with the same kind and
// signature: first the scheduling and the sites of BUGGIFY become plain, then the fault phase gets
// shorter, then faults go (ddmin), then those that are left get shorter and milder.
Shrunk shrink(const RunOptions& options, const MakeScenario& make_scenario,
              const RunResult& failing, const ShrinkOptions& limits = {});

}  // namespace sluice::sim
