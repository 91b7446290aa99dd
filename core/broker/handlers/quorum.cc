// What replicas of the metadata log ask each other, and who wants to know how they are.

#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/topic_creation.h"
#include "core/broker/metadata_driver.h"

namespace sluice::broker {

using namespace protocol;
using raft::Understood;

namespace {

constexpr PartitionIndex metadata_partition{0};

// What somebody asks of the quorum on its shard; a code where no answer may be given, because what
// it rests on cannot be made durable, or nobody is there any more.
template <class Reply, class Ask>
Understood<Reply> ask_quorum(Broker& broker, const Understood<Ask>& ask,
                             std::optional<raft::Endpoint>& leader) {
    if (ask.failed()) return ask.error();
    Understood<Reply> reply = ErrorCode::unknown_server_error;
    const auto called = on_controller(broker, [&](MetadataDriver& driver) {
        const auto answer = driver.quorum().asked(*ask);
        if (answer) reply = *answer;
        leader = driver.quorum().leader_endpoint();
    });
    static_cast<void>(called.failed());
    return reply;
}

// What of the metadata one answer may hold of what is wished: its replicas ask again for the rest.
std::size_t part_of(const RequestContext& context, std::int32_t wished) {
    const ReplyMemory& memory = context.broker.reply_memory();
    return std::min({static_cast<std::size_t>(std::max(wished, 0)),
                     static_cast<std::size_t>(context.broker.config().quorum.fetch_bytes_max),
                     std::max(memory.left(), memory.granted())});
}

Timestamp wall_of(const env::Env& env, std::optional<Time> moment) {
    if (!moment) return no_timestamp;
    return env.clock.wall().plus(-to_milliseconds(env.clock.now() - *moment));
}

std::vector<DescribeQuorumResponse::ReplicaState> shown(
    const env::Env& env, const std::vector<raft::Quorum::Description::Replica>& replicas) {
    std::vector<DescribeQuorumResponse::ReplicaState> all;
    for (const auto& replica : replicas)
        all.push_back({replica.key.id, replica.key.directory, replica.end,
                       wall_of(env, replica.fetched_at), wall_of(env, replica.caught_up_at)});
    return all;
}

void describe(MetadataDriver& driver, const env::Env& env,
              DescribeQuorumResponse::Topic::Partition& partition,
              std::vector<DescribeQuorumResponse::Node>& nodes) {
    QuorumDriver& quorum = driver.quorum();
    const auto description = quorum.describe();
    if (!description) {
        partition.error_code = ErrorCode::not_leader_or_follower;
        partition.leader_id = BrokerId(-1);
        return;
    }
    const raft::Leadership led = quorum.leadership();
    partition.leader_id = led.leader.value_or(BrokerId(-1));
    partition.leader_epoch = led.epoch;
    partition.high_watermark = quorum.high_watermark();
    partition.current_voters = shown(env, description->voters);
    partition.observers = shown(env, description->observers);
    for (const auto& [id, voter] : quorum.voters().by_id()) {
        DescribeQuorumResponse::Node node{.node_id = id};
        for (const auto& endpoint : voter.endpoints)
            node.listeners.push_back({endpoint.name, endpoint.host, endpoint.port});
        nodes.push_back(std::move(node));
    }
}

}  // namespace

VoteResponse handle(const RequestContext& context, VoteRequest request) {
    std::optional<raft::Endpoint> leader;
    const std::string& cluster = context.broker.facts().cluster_id;
    auto asked = raft::ask_of(request, cluster);
    // Version 0 does not say whom it asks.
    if (asked && context.version < Version(1)) asked->voter.id = context.broker.config().node_id;
    return raft::speakable(
        raft::response_of(ask_quorum<raft::VoteReply>(context.broker, asked, leader), leader),
        context.version);
}

BeginQuorumEpochResponse handle(const RequestContext& context, BeginQuorumEpochRequest request) {
    std::optional<raft::Endpoint> leader;
    const std::string& cluster = context.broker.facts().cluster_id;
    auto asked = raft::ask_of(request, cluster);
    if (asked && context.version < Version(1)) asked->voter.id = context.broker.config().node_id;
    return raft::speakable(
        raft::begun_response_of(ask_quorum<raft::LeaderReply>(context.broker, asked, leader),
                                leader),
        context.version);
}

EndQuorumEpochResponse handle(const RequestContext& context, EndQuorumEpochRequest request) {
    std::optional<raft::Endpoint> leader;
    const auto asked = raft::ask_of(request, context.broker.facts().cluster_id);
    return raft::speakable(
        raft::ended_response_of(ask_quorum<raft::ResignReply>(context.broker, asked, leader),
                                leader),
        context.version);
}

FetchResponse fetch_metadata_log(const RequestContext& context, const FetchRequest& request) {
    if (!raft::is_of_metadata(request, context.version))
        return raft::response_of(ErrorCode::invalid_request, {}, std::nullopt);
    const auto asked = raft::ask_of(request, context.broker.facts().cluster_id);
    if (asked.failed()) return raft::response_of(asked.error(), {}, std::nullopt);
    const auto& partition = request.topics.front().partitions.front();
    const QuorumDriver::FetchWish wish{
        .wait_max = milliseconds(std::max(request.max_wait_ms, 0)),
        .bytes_max = part_of(context, std::min(partition.partition_max_bytes, request.max_bytes))};
    Understood<raft::FetchReply> reply = ErrorCode::unknown_server_error;
    raft::Fetched fetched;
    std::optional<raft::Endpoint> leader;
    const auto called = on_controller(context.broker, [&](MetadataDriver& driver) {
        auto answer = driver.quorum().asked(*asked, wish);
        if (answer) {
            reply = std::move(answer->reply);
            fetched = std::move(answer->log);
        }
        leader = driver.quorum().leader_endpoint();
    });
    static_cast<void>(called.failed());
    return raft::speakable(raft::response_of(reply, std::move(fetched), leader), context.version);
}

FetchSnapshotResponse handle(const RequestContext& context, FetchSnapshotRequest request) {
    const auto asked = raft::ask_of(request, context.broker.facts().cluster_id);
    if (asked.failed()) return raft::response_of(request, asked.error(), std::nullopt);
    Understood<raft::SnapshotPart> part = ErrorCode::unknown_server_error;
    std::optional<raft::Endpoint> leader;
    const std::size_t bytes_max = part_of(context, request.max_bytes);
    const auto called = on_controller(context.broker, [&](MetadataDriver& driver) {
        auto answer = driver.quorum().asked(*asked, bytes_max);
        if (answer) part = std::move(*answer);
        leader = driver.quorum().leader_endpoint();
    });
    static_cast<void>(called.failed());
    return raft::speakable(raft::response_of(request, part, leader), context.version);
}

DescribeQuorumResponse handle(const RequestContext& context, DescribeQuorumRequest request) {
    DescribeQuorumResponse response;
    const bool is_metadata =
        request.topics.size() == 1 && request.topics.front().topic_name == raft::metadata_topic &&
        request.topics.front().partitions.size() == 1 &&
        request.topics.front().partitions.front().partition_index == metadata_partition;
    if (!is_metadata) {
        for (const auto& topic : request.topics) {
            auto& answer = response.topics.emplace_back();
            answer.topic_name = topic.topic_name;
            for (const auto& partition : topic.partitions)
                answer.partitions.push_back({.partition_index = partition.partition_index,
                                             .error_code = ErrorCode::unknown_topic_or_partition});
        }
        return response;
    }
    DescribeQuorumResponse::Topic::Partition partition;
    const auto called = on_controller(context.broker, [&](MetadataDriver& driver) {
        describe(driver, context.broker.env(), partition, response.nodes);
    });
    if (called.failed()) partition.error_code = ErrorCode::not_leader_or_follower;
    response.topics.push_back({std::string(raft::metadata_topic), {std::move(partition)}});
    return response;
}

DescribeClusterResponse describe_controllers(const RequestContext& context) {
    DescribeClusterResponse response;
    response.endpoint_type = 2;
    response.cluster_id = context.broker.facts().cluster_id;
    const auto called = on_controller(context.broker, [&](MetadataDriver& driver) {
        const QuorumDriver& quorum = driver.quorum();
        response.controller_id = quorum.leadership().leader.value_or(BrokerId(-1));
        for (const BrokerId id : quorum.voters().ids())
            if (const auto endpoint = quorum.endpoint_of(id))
                response.brokers.push_back({id, endpoint->host, endpoint->port});
    });
    static_cast<void>(called.failed());
    return response;
}

}  // namespace sluice::broker
