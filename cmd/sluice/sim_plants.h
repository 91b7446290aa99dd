#pragma once

#include <string>
#include <vector>

#include "cmd/sluice/sim_workers.h"

namespace sluice::cmd {

// Proves that the simulator finds every bug that is planted in this build, or those that are named:
// each by what an oracle saw, within the seeds given of one of the scenarios, and none of it on the
// same seeds without a plant. Prints the table. The exit code is 0 when all of that holds.
int prove_plants(const SeedRange& seeds, const sim::RunOptions& options,
                 const std::vector<std::string>& scenarios, std::vector<std::string> names);

}  // namespace sluice::cmd
