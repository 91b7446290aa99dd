#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario.h"

namespace sluice::sim {

// Draws one of the others by the seed.
inline constexpr std::string_view default_scenario = "default";

// The scenarios that `sluice sim --scenario NAME` knows.
std::vector<std::string> scenario_names();
// Those that have between them all there is: the default, and what it does not draw.
std::vector<std::string> all_there_is();
// An empty function when there is none of that name.
MakeScenario find_scenario(std::string_view name);

}  // namespace sluice::sim
