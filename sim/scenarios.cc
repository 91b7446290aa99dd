#include "sim/scenarios.h"

#include "sim/broker_scenario.h"
#include "sim/cluster_scenario.h"
#include "sim/draw_options.h"
#include "sim/log_scenario.h"
#include "sim/produce_consume.h"

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

// One broker, made as small as a seed likes, and workloads on machines of their own. Written apart
// from BrokerScenario: when one generator is blind to something, the other may not be.
std::unique_ptr<Scenario> make_workloads(World& world) {
    Random draws = world.stream("workloads");
    BrokerOptions options;
    options.logs = draw_log_options(draws);
    options.broker.listen = {"broker", 9092};
    options.broker.auto_create_topics = false;
    options.broker.given["log.segment.bytes"] = std::to_string(1024 << draws.below(11));
    options.broker.checkpoint_interval = milliseconds(draws.between(50, 4'000));
    options.broker.retention_check_interval = milliseconds(draws.between(200, 10'000));
    options.broker.metadata_snapshot_bytes = std::uint64_t{256} << draws.below(8);
    options.broker.metadata_segment_bytes = std::uint64_t{1024} << draws.below(8);
    options.broker.stop_time_max = milliseconds(draws.between(10, 5'000));
    options.broker.log_opens_at_once = 1 + draws.below(8);

    ClusterParts parts;
    Node::Options node{.name = "broker"};
    node.process.shards_max = 3;
    node.disk.timing.sync = Duration(draws.between(100, 3'000));
    parts.servers.push_back({.node = node,
                             .make_program =
                                 [options](const ProcessFacts& facts) {
                                     return std::make_unique<BrokerProgram>(facts, options);
                                 },
                             .address = options.broker.listen});
    const std::uint64_t clients = 1 + draws.below(3);
    for (std::uint64_t i = 0; i < clients; ++i)
        parts.workloads.push_back([i](const WorkloadContext& context) {
            return std::make_unique<ProduceConsume>(context, fmt::format("topic-{}", i));
        });
    parts.faults.horizon = seconds(60);
    return std::make_unique<ClusterScenario>(world, std::move(parts));
}

constexpr Entry entries[] = {
    {"broker", make<BrokerScenario>},
    {"log", make<LogScenario>},
    {"workloads", make_workloads},
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
