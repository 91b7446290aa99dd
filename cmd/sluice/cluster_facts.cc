#include "cmd/sluice/cluster_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cmd/sluice/arguments.h"
#include "core/client/admin.h"

namespace sluice::cmd {
namespace {

using client::Admin;
using client::Refusal;
using protocol::ErrorCode;

// An election takes about a second.
constexpr Duration leader_wait_max = seconds(3);
constexpr Duration leader_wait = milliseconds(200);

constexpr std::string_view metadata_topic_name = "__cluster_metadata";
constexpr std::size_t topics_per_request = 500;

std::optional<Duration> since(Timestamp then, Timestamp now) {
    if (then.value < 0) return std::nullopt;
    return milliseconds(std::max<std::int64_t>(0, now.value - then.value));
}

using ReplicaState = protocol::DescribeQuorumResponse::ReplicaState;

// The leader says when it was asked, by its own clock.
ClusterFacts::Replica replica_of(const ReplicaState& state, const ReplicaState& leader) {
    const Timestamp now = leader.last_fetch_timestamp;
    return {
        .id = state.replica_id,
        .end = state.log_end_offset,
        .lag = leader.log_end_offset.value - std::max<std::int64_t>(0, state.log_end_offset.value),
        .silent = since(state.last_fetch_timestamp, now),
        .caught_up = since(state.last_caught_up_timestamp, now)};
}

std::optional<ClusterFacts::Quorum> quorum_of(const protocol::DescribeQuorumResponse& reply) {
    if (reply.topics.size() != 1 || reply.topics.front().partitions.size() != 1)
        return std::nullopt;
    const auto& partition = reply.topics.front().partitions.front();
    const auto leader =
        std::ranges::find(partition.current_voters, partition.leader_id, &ReplicaState::replica_id);
    if (partition.error_code != ErrorCode::none || leader == partition.current_voters.end())
        return std::nullopt;
    ClusterFacts::Quorum quorum{.leader = partition.leader_id,
                                .epoch = partition.leader_epoch,
                                .high_watermark = partition.high_watermark};
    for (const auto& each : partition.current_voters)
        quorum.voters.push_back(replica_of(each, *leader));
    for (const auto& each : partition.observers)
        quorum.observers.push_back(replica_of(each, *leader));
    return quorum;
}

std::string why_no_quorum_in(const protocol::DescribeQuorumResponse& reply) {
    ErrorCode code = reply.error_code;
    if (code == ErrorCode::none && !reply.topics.empty() &&
        !reply.topics.front().partitions.empty())
        code = reply.topics.front().partitions.front().error_code;
    return std::string(name_of(code));
}

// Puts the answers to several questions together.
class Gathering {
public:
    explicit Gathering(client::Cluster& cluster) : cluster_(cluster), admin_(cluster) {}

    Result<ClusterFacts, Refusal> gather() {
        CHECK_OK(add_nodes());
        TRY(QuorumAnswer answer, ask_quorum(cluster_));
        facts_.quorum = std::move(answer.quorum);
        facts_.why_no_quorum = std::move(answer.why_not);
        for (auto& controller : answer.controllers)
            if (facts_.node(controller.id) == nullptr)
                facts_.nodes.push_back(std::move(controller));
        std::ranges::sort(facts_.nodes, {}, &ClusterFacts::Node::id);
        CHECK_OK(add_partitions());
        if (facts_.quorum) CHECK_OK(add_moves());
        CHECK_OK(add_least_in_sync());
        count();
        return std::move(facts_);
    }

private:
    Result<void, Refusal> add_nodes() {
        protocol::DescribeClusterRequest request;
        request.include_fenced_brokers = true;
        TRY(const auto reply, admin_.ask(request));
        if (reply.error_code != ErrorCode::none)
            return client::refusal(reply.error_code, reply.error_message.value_or(""));
        facts_.cluster_id = reply.cluster_id;
        for (const auto& broker : reply.brokers)
            facts_.nodes.push_back({.id = broker.broker_id,
                                    .address = fmt::format("{}:{}", broker.host, broker.port),
                                    .rack = broker.rack,
                                    .is_fenced = broker.is_fenced});
        return {};
    }

    // Page by page.
    Result<void, Refusal> add_partitions() {
        protocol::DescribeTopicPartitionsRequest request;
        std::set<std::string> topics;
        for (;;) {
            TRY(const auto reply, admin_.ask(request));
            for (const auto& topic : reply.topics) {
                if (topic.error_code != ErrorCode::none) continue;
                topics.insert(*topic.name);
                for (const auto& each : topic.partitions)
                    facts_.partitions.push_back(
                        {.topic = *topic.name,
                         .index = each.partition_index,
                         .leader = each.leader_id,
                         .replicas = each.replica_nodes,
                         .in_sync = each.isr_nodes,
                         .eligible =
                             each.eligible_leader_replicas.value_or(std::vector<BrokerId>{}),
                         .last_known = each.last_known_elr.value_or(std::vector<BrokerId>{})});
            }
            if (!reply.next_cursor) break;
            const protocol::DescribeTopicPartitionsRequest::Cursor next{
                reply.next_cursor->topic_name, reply.next_cursor->partition_index};
            // A broker that does not get on would be asked for ever.
            if (request.cursor == next) return client::refusal(Error::invalid);
            request.cursor = next;
        }
        facts_.topics = static_cast<std::int64_t>(topics.size());
        return {};
    }

    Result<void, Refusal> add_moves() {
        protocol::ListPartitionReassignmentsRequest request;
        TRY(const auto reply, admin_.ask(request));
        if (reply.error_code != ErrorCode::none)
            return client::refusal(reply.error_code, reply.error_message.value_or(""));
        std::map<std::pair<std::string, PartitionIndex>, std::vector<BrokerId>> adding;
        for (const auto& topic : reply.topics)
            for (const auto& each : topic.partitions)
                adding[{topic.name, each.partition_index}] = each.adding_replicas;
        for (auto& partition : facts_.partitions)
            if (const auto found = adding.find({partition.topic, partition.index});
                found != adding.end())
                partition.adding = found->second;
        return {};
    }

    // Of topics where something is missing: others have no fewer in sync than they need.
    Result<void, Refusal> add_least_in_sync() {
        std::map<std::string, std::int32_t> least;
        for (const auto& each : facts_.partitions)
            if (each.in_sync.size() < each.replicas.size()) least[each.topic] = 1;
        protocol::DescribeConfigsRequest request;
        for (auto at = least.begin(); at != least.end();) {
            request.resources.push_back({.resource_type = 2,
                                         .resource_name = at->first,
                                         .configuration_keys = {{"min.insync.replicas"}}});
            if (++at != least.end() && request.resources.size() < topics_per_request) continue;
            TRY(const auto reply, admin_.ask(request));
            request.resources.clear();
            for (const auto& resource : reply.results)
                for (const auto& config : resource.configs)
                    least[resource.resource_name] = number_in(config.value.value_or(""));
        }
        for (auto& each : facts_.partitions)
            if (const auto found = least.find(each.topic); found != least.end())
                each.in_sync_min =
                    std::min(found->second, static_cast<std::int32_t>(each.replicas.size()));
        return {};
    }

    static std::int32_t number_in(const std::string& text) {
        const auto value = whole_number(text);
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(value.value_or(1), 1, INT32_MAX));
    }

    void count() {
        std::map<BrokerId, std::int64_t> leads, holds;
        for (const auto& partition : facts_.partitions) {
            ++leads[partition.leader];
            for (const BrokerId replica : partition.replicas) ++holds[replica];
        }
        for (auto& node : facts_.nodes) {
            node.leads = leads[node.id];
            node.holds = holds[node.id];
        }
    }

    client::Cluster& cluster_;
    Admin admin_;
    ClusterFacts facts_;
};

}  // namespace

std::vector<BrokerId> ClusterFacts::Partition::missing() const {
    std::vector<BrokerId> ids;
    for (const BrokerId id : replicas) {
        const bool is_new = std::ranges::find(adding, id) != adding.end();
        if (!is_new && std::ranges::find(in_sync, id) == in_sync.end()) ids.push_back(id);
    }
    std::ranges::sort(ids);
    return ids;
}

const ClusterFacts::Node* ClusterFacts::node(BrokerId id) const {
    const auto found = std::ranges::find(nodes, id, &Node::id);
    return found == nodes.end() ? nullptr : &*found;
}

const ClusterFacts::Replica* ClusterFacts::voter(BrokerId id) const {
    if (!quorum) return nullptr;
    const auto found = std::ranges::find(quorum->voters, id, &Replica::id);
    return found == quorum->voters.end() ? nullptr : &*found;
}

bool ClusterFacts::is_in_service(BrokerId id) const {
    const Node* known = node(id);
    return known != nullptr && known->is_broker && !known->is_fenced;
}

Result<ClusterFacts, Refusal> ask_cluster(client::Cluster& cluster) {
    return Gathering(cluster).gather();
}

Result<QuorumAnswer, Refusal> ask_quorum(client::Cluster& cluster) {
    protocol::DescribeQuorumRequest request;
    request.topics.push_back({std::string(metadata_topic_name), {{PartitionIndex(0)}}});
    const client::ClientEnv& env = cluster.env();
    const Time deadline = env.clock.now() + leader_wait_max;
    for (;;) {
        TRY(const auto reply, Admin(cluster).ask(request));
        QuorumAnswer answer{.quorum = quorum_of(reply)};
        if (!answer.quorum) {
            answer.why_not = why_no_quorum_in(reply);
            if (env.clock.now() > deadline || cluster.options().gives_up()) return answer;
            if (const auto slept = env::sleep_for(env.scheduler, leader_wait); slept.failed())
                return client::refusal(slept.error());
            continue;
        }
        for (const auto& node : reply.nodes) {
            ClusterFacts::Node& known = answer.controllers.emplace_back();
            known.id = node.node_id;
            known.is_broker = false;
            if (!node.listeners.empty())
                known.address =
                    fmt::format("{}:{}", node.listeners.front().host, node.listeners.front().port);
        }
        return answer;
    }
}

}  // namespace sluice::cmd
