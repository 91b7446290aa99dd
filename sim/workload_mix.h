#pragma once

#include <memory>

#include "sim/scenario.h"

namespace sluice::sim {

// One broker, made as small as a seed likes, and workloads of every kind on machines of their own,
// as many of each as the seed draws. Written apart from BrokerScenario: when one generator is blind
// to something, the other may not be.
std::unique_ptr<Scenario> make_workload_mix(World& world);

}  // namespace sluice::sim
