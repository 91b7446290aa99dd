// Membership and administration of consumer groups: the way to their coordinators.

#include <functional>

#include "core/broker/handlers/authorized_operations.h"
#include "core/broker/handlers/group_call.h"
#include "core/broker/handlers/once.h"
#include "core/broker/handlers/topic_creation.h"
#include "core/broker/handlers/transactions.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr std::int8_t key_of_group = 0;
constexpr std::int8_t key_of_transaction = 1;

std::string refuse_coordinator(const RequestContext& context, std::int8_t key_type) {
    if (key_type != key_of_transaction) return "Only coordinators of consumer groups are served.";
    say_no_transactions(context);
    return std::string(no_transactions);
}

// About what an answer takes in memory, with what it shares with the group.
std::size_t size_of(const DescribeGroupsResponse::Group& group) {
    std::size_t size = sizeof(group) + group.group_id.size();
    for (const auto& member : group.members)
        size += sizeof(member) + member.member_metadata.size() + member.member_assignment.size();
    return size;
}

// The coordinator of a group is who leads its partition.
void find_leader(const Broker& broker, const std::string& group,
                 FindCoordinatorResponse::Coordinator& found) {
    found.error_code = ErrorCode::coordinator_not_available;
    const metadata::MetadataImage& image = broker.image();
    const auto* const topic = image.topic(metadata::consumer_offsets_topic);
    if (topic == nullptr || topic->partitions.empty()) return;
    const auto count = static_cast<std::int32_t>(topic->partitions.size());
    const BrokerId leader = topic->partition(group::partition_of_group(group, count))->leader;
    const auto* const there = image.broker(leader);
    if (there == nullptr || there->end_points.empty()) return;
    found.error_code = ErrorCode::none;
    found.node_id = leader;
    found.host = there->end_points.front().host;
    found.port = there->end_points.front().port;
}

GroupCoordinator::Client client_of(const RequestContext& context) {
    return {context.version, context.session.client_id, "/" + context.session.peer.host};
}

}  // namespace

FindCoordinatorResponse handle(const RequestContext& context, FindCoordinatorRequest request) {
    Broker& broker = context.broker;
    FindCoordinatorResponse::Coordinator found;
    found.error_message.reset();
    if (request.key_type != key_of_group) {
        found.error_code = ErrorCode::invalid_request;
        found.error_message = refuse_coordinator(context, request.key_type);
    } else {
        found.error_code = create_offsets_topic(broker);
    }
    found.node_id = BrokerId(-1);
    found.port = -1;
    FindCoordinatorResponse response;
    if (context.version >= Version(4)) {
        for (std::string& key : request.coordinator_keys) {
            auto coordinator = found;
            if (found.error_code == ErrorCode::none) find_leader(broker, key, coordinator);
            coordinator.key = std::move(key);
            response.coordinators.push_back(std::move(coordinator));
        }
        return response;
    }
    if (found.error_code == ErrorCode::none) find_leader(broker, request.key, found);
    response.error_code = found.error_code;
    response.error_message = found.error_message;
    response.node_id = found.node_id;
    response.host = found.host;
    response.port = found.port;
    return response;
}

JoinGroupResponse handle(const RequestContext& context, JoinGroupRequest request) {
    if (context.version < Version(1)) request.rebalance_timeout_ms = -1;
    ErrorCode code = create_offsets_topic(context.broker);
    JoinGroupResponse response;
    if (code == ErrorCode::none) {
        auto joined = ask_coordinator<JoinGroupResponse>(
            context.broker, request.group_id, [&](GroupCoordinator& coordinator) {
                return coordinator.join(request, client_of(context));
            });
        if (joined)
            response = std::move(*joined);
        else
            code = joined.error();
    }
    if (code != ErrorCode::none) {
        response.error_code = code;
        response.member_id = request.member_id;
        response.protocol_name.reset();
    }
    if (context.version < Version(7) && !response.protocol_name) response.protocol_name = "";
    if (context.version < Version(9)) response.skip_assignment = false;
    return response;
}

SyncGroupResponse handle(const RequestContext& context, SyncGroupRequest request) {
    SyncGroupResponse response;
    // They are asked for since this version, so that a client cannot mix up two groups.
    const bool misses_protocol = !request.protocol_type || !request.protocol_name;
    if (context.version >= Version(5) && misses_protocol) {
        response.error_code = ErrorCode::inconsistent_group_protocol;
        return response;
    }
    auto synced = ask_coordinator<SyncGroupResponse>(
        context.broker, request.group_id,
        [&](GroupCoordinator& coordinator) { return coordinator.sync(request); });
    if (synced) return std::move(*synced);
    response.error_code = synced.error();
    // Whoever syncs while its coordinator starts must join again; it knows what that means.
    if (response.error_code == ErrorCode::coordinator_load_in_progress)
        response.error_code = ErrorCode::rebalance_in_progress;
    return response;
}

HeartbeatResponse handle(const RequestContext& context, HeartbeatRequest request) {
    HeartbeatResponse response;
    const auto outcome = ask_coordinator<HeartbeatResponse>(
        context.broker, request.group_id,
        [&](GroupCoordinator& coordinator) { return coordinator.heartbeat(request); });
    response.error_code = outcome ? outcome->error_code : outcome.error();
    // A coordinator that is still being read counts no silence against its members.
    if (response.error_code == ErrorCode::coordinator_load_in_progress)
        response.error_code = ErrorCode::none;
    return response;
}

LeaveGroupResponse handle(const RequestContext& context, LeaveGroupRequest request) {
    const bool is_one = context.version < Version(3);
    if (is_one) request.members = {{request.member_id, std::nullopt, std::nullopt}};
    auto left = ask_coordinator<LeaveGroupResponse>(
        context.broker, request.group_id, [&](GroupCoordinator& coordinator) {
            return coordinator.step<LeaveGroupResponse>(
                [&](group::Coordinator& rules, group::Now now) {
                    return rules.left(request, now);
                });
        });
    LeaveGroupResponse response;
    if (left)
        response = std::move(*left);
    else
        response.error_code = left.error();
    if (is_one) {
        if (response.error_code == ErrorCode::none && !response.members.empty())
            response.error_code = response.members.front().error_code;
        response.members.clear();
    }
    return response;
}

ListGroupsResponse handle(const RequestContext& context, ListGroupsRequest request) {
    ListGroupsResponse response;
    const metadata::TopicState* topic =
        context.broker.image().topic(metadata::consumer_offsets_topic);
    if (topic == nullptr) return response;
    const auto count = static_cast<std::int32_t>(topic->partitions.size());
    using Groups = std::vector<ListGroupsResponse::Group>;
    for (std::int32_t partition = 0; partition < count; ++partition) {
        Result<Groups, ErrorCode> groups = ErrorCode::coordinator_not_available;
        const ErrorCode code = with_coordinator(
            context.broker, PartitionIndex(partition), [&](GroupCoordinator& coordinator) {
                groups = coordinator.look<Groups>(
                    [&](const group::Coordinator& rules) { return rules.list(request); });
            });
        if (code != ErrorCode::none || !groups) {
            response.error_code = code == ErrorCode::none ? groups.error() : code;
            continue;
        }
        std::size_t size = 0;
        for (const auto& group : *groups) size += sizeof(group) + group.group_id.size();
        if (!context.answer.grow(size)) break;
        std::ranges::move(*groups, std::back_inserter(response.groups));
    }
    if (response.error_code != ErrorCode::none) response.groups.clear();
    return response;
}

DescribeGroupsResponse handle(const RequestContext& context, DescribeGroupsRequest request) {
    DescribeGroupsResponse response;
    using Group = DescribeGroupsResponse::Group;
    keep_first(request.groups, std::identity());
    for (const std::string& group_id : request.groups) {
        auto described =
            ask_coordinator<Group>(context.broker, group_id, [&](GroupCoordinator& coordinator) {
                return coordinator.look<Group>([&](const group::Coordinator& rules) {
                    return rules.describe(group_id, context.version);
                });
            });
        Group shown;
        shown.group_id = group_id;
        if (described)
            shown = std::move(*described);
        else
            shown.error_code = described.error();
        if (context.version < Version(6)) shown.error_message.reset();
        if (request.include_authorized_operations && shown.error_code == ErrorCode::none)
            shown.authorized_operations = group_operations;
        response.groups.push_back(std::move(shown));
        if (!context.answer.grow(size_of(response.groups.back()))) break;
    }
    return response;
}

DeleteGroupsResponse handle(const RequestContext& context, DeleteGroupsRequest request) {
    DeleteGroupsResponse response;
    using Group = DeleteGroupsResponse::Group;
    for (const std::string& group_id : request.groups_names) {
        const auto outcome = ask_coordinator<
            Group>(context.broker, group_id, [&](GroupCoordinator& coordinator) {
            return coordinator.step<Group>([&](group::Coordinator& rules, group::Now) {
                auto deleted = rules.deleted(group_id);
                return group::Replied<Group>{{group_id, deleted.reply}, std::move(deleted.effects)};
            });
        });
        response.results.push_back(outcome ? *outcome : Group{group_id, outcome.error()});
    }
    return response;
}

}  // namespace sluice::broker
