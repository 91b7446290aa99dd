#include "sim/workload_mix.h"

#include "sim/broker_program.h"
#include "sim/cluster_scenario.h"
#include "sim/configured_topic.h"
#include "sim/draw_options.h"
#include "sim/group_members.h"
#include "sim/hostile_client.h"
#include "sim/offset_admin.h"
#include "sim/offset_lookup.h"
#include "sim/pipelined_producer.h"
#include "sim/produce_consume.h"
#include "sim/rotten_topic.h"
#include "sim/session_reader.h"
#include "sim/topic_churn.h"

namespace sluice::sim {
namespace {

void draw_groups(Random& draws, group::GroupSettings& groups) {
    groups.session_timeout_min = milliseconds(500);
    groups.initial_rebalance_delay = milliseconds(draws.between(0, 1'000));
    groups.new_member_join_timeout = milliseconds(draws.between(4'000, 20'000));
    groups.offsets_partitions = 1 + static_cast<std::int32_t>(draws.below(3));
    groups.offsets_segment_bytes = 1 << 20;
    groups.offsets_rewrite_bytes = std::uint64_t{2048} << draws.below(8);
    groups.offsets_retention_check_interval = milliseconds(draws.between(300, 3'000));
    if (draws.below(4) == 0) groups.offsets_retention = milliseconds(draws.between(1'000, 6'000));
    // Sometimes a group is nearly too large for its record.
    if (draws.below(2) == 0) groups.record_bytes_max = 2'000 + draws.below(3'000);
}

BrokerOptions draw_broker(Random& draws) {
    BrokerOptions options;
    options.logs = draw_log_options(draws);
    options.network.connection.idle_max = milliseconds(draws.between(4'000, 8'000));
    options.network.connection.request_time_max = milliseconds(draws.between(3'000, 6'000));
    options.network.connection.write_time_max = milliseconds(draws.between(3'000, 8'000));
    options.broker.listen = {"broker", 9092};
    options.broker.auto_create_topics = false;
    options.broker.checkpoint_interval = milliseconds(draws.between(50, 4'000));
    options.broker.checkpoint_bytes = std::uint64_t{1024} << draws.below(12);
    options.broker.checkpoint_poll_interval = milliseconds(draws.between(20, 2'000));
    options.broker.retention_check_interval = milliseconds(draws.between(200, 10'000));
    options.broker.metadata_snapshot_bytes = std::uint64_t{256} << draws.below(8);
    options.broker.metadata_segment_bytes = std::uint64_t{1024} << draws.below(8);
    options.broker.stop_time_max = milliseconds(draws.between(10, 5'000));
    options.broker.reply_memory_max = std::size_t{4096} << draws.below(10);
    options.broker.decompressed_bytes_max = 1 << 18;
    options.broker.log_opens_at_once = 1 + draws.below(8);
    draw_groups(draws, options.broker.groups);
    return options;
}

template <class Made>
MakeWorkload workload() {
    return [](const WorkloadContext& context) { return std::make_unique<Made>(context); };
}

}  // namespace

std::unique_ptr<Scenario> make_workload_mix(World& world) {
    Random draws = world.stream("workloads");
    const std::size_t segment_bytes = std::size_t{2048} << draws.below(10);
    BrokerOptions options = draw_broker(draws);
    options.broker.given["log.segment.bytes"] = std::to_string(segment_bytes);
    ClusterParts parts;
    parts.segment_bytes = segment_bytes;
    parts.holdings = std::make_unique<HoldingsWatch>(world);
    Node::Options node{.name = "broker"};
    node.process.shards_max = 3;
    node.process.mailboxes.delay_max = Duration(20 << draws.below(7));
    node.process.mailboxes.late_one_in = std::uint64_t{10} << draws.below(5);
    node.disk.timing.sync = Duration(draws.between(100, 3'000));
    parts.servers.push_back({.node = node,
                             .make_program =
                                 [options, watch = parts.holdings.get()](const auto& facts) {
                                     return std::make_unique<BrokerProgram>(facts, options, watch);
                                 },
                             .address = options.broker.listen});
    const std::uint64_t writers = 1 + draws.below(2);
    for (std::uint64_t i = 0; i < writers; ++i)
        parts.workloads.push_back([i](const WorkloadContext& context) {
            return std::make_unique<ProduceConsume>(context, fmt::format("topic-{}", i));
        });
    parts.workloads.push_back(workload<RottenTopic>());
    parts.workloads.push_back(workload<PipelinedProducer>());
    parts.workloads.push_back(workload<TopicChurn>());
    parts.workloads.push_back(workload<HostileClient>());
    parts.workloads.push_back(workload<SessionReader>());
    parts.workloads.push_back(workload<OffsetLookup>());
    parts.workloads.push_back(workload<ConfiguredTopic>());
    const bool expire = options.broker.groups.offsets_retention < seconds(60);
    const Duration retention = expire ? options.broker.groups.offsets_retention : Duration(0);
    parts.workloads.push_back([expire, retention](const WorkloadContext& context) {
        return std::make_unique<GroupMembers>(context, GroupMembers::Options{expire, retention});
    });
    parts.workloads.push_back([expire](const WorkloadContext& context) {
        return std::make_unique<OffsetAdmin>(context, OffsetAdmin::Options{expire});
    });
    parts.faults.horizon = seconds(60);
    parts.faults.damage_single_copy = true;
    parts.faults.flip_bits = true;
    parts.faults.wipe_at_end = true;
    parts.faults.damage_is_on = 0.55;
    return std::make_unique<ClusterScenario>(world, std::move(parts));
}

}  // namespace sluice::sim
