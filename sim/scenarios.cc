#include "sim/scenarios.h"

#include "sim/log_scenario.h"

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

constexpr Entry entries[] = {
    {"log", make<LogScenario>},
};

}  // namespace

std::vector<std::string> scenario_names() {
    std::vector<std::string> names;
    for (const Entry& entry : entries) names.emplace_back(entry.name);
    return names;
}

MakeScenario find_scenario(std::string_view name) {
    for (const Entry& entry : entries)
        if (entry.name == name) return entry.make;
    return {};
}

}  // namespace sluice::sim
