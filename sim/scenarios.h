#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario.h"

namespace sluice::sim {

// The scenarios that `sluice sim --scenario NAME` knows.
std::vector<std::string> scenario_names();
// An empty function when there is none of that name.
MakeScenario find_scenario(std::string_view name);

}  // namespace sluice::sim
