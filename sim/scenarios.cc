#include "sim/scenarios.h"

#include "sim/broker_scenario.h"
#include "sim/log_scenario.h"
#include "sim/quorum_scenario.h"
#include "sim/replica_scenario.h"
#include "sim/workload_mix.h"

namespace sluice::sim {
namespace {

struct Entry {
    std::string_view name;
    std::unique_ptr<Scenario> (*make)(World&);
};

template <class Made>
std::unique_ptr<Scenario> make(World& world) {
    return std::make_unique<Made>(world);
}

std::unique_ptr<Scenario> make_cluster(World& world) {
    return std::make_unique<QuorumScenario>(world, QuorumScenario::Nodes::brokers_too);
}

// Mostly everything together; the others see more of what they are about.
std::unique_ptr<Scenario> draw_one(World& world) {
    const std::uint64_t which = world.stream("scenario").below(20);
    if (which < 15) return make_workload_mix(world);
    if (which < 18) return make<BrokerScenario>(world);
    return make<LogScenario>(world);
}

constexpr Entry entries[] = {
    {default_scenario, draw_one},        {"workloads", make_workload_mix},
    {"broker", make<BrokerScenario>},    {"log", make<LogScenario>},
    {"quorum", make<QuorumScenario>},    {"cluster", make_cluster},
    {"replicas", make<ReplicaScenario>},
};

}  // namespace

std::vector<std::string> scenario_names() {
    std::vector<std::string> names;
    for (const Entry& entry : entries) names.emplace_back(entry.name);
    return names;
}

std::vector<std::string> all_there_is() {
    return {std::string(default_scenario), "quorum", "cluster", "replicas"};
}

MakeScenario find_scenario(std::string_view name) {
    for (const Entry& entry : entries)
        if (entry.name == name) return entry.make;
    return {};
}

}  // namespace sluice::sim
