#pragma once

// The one list of APIs: ApiVersions, dispatch and the property tests all go through it. Adding an
// API is a header in messages/, a line here, and a line where its codec is instantiated.

#include <cstddef>

#include "core/protocol/api_key.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/add_raft_voter.h"
#include "core/protocol/messages/allocate_producer_ids.h"
#include "core/protocol/messages/alter_configs.h"
#include "core/protocol/messages/alter_partition.h"
#include "core/protocol/messages/alter_partition_reassignments.h"
#include "core/protocol/messages/api_versions.h"
#include "core/protocol/messages/assign_replicas_to_dirs.h"
#include "core/protocol/messages/begin_quorum_epoch.h"
#include "core/protocol/messages/broker_heartbeat.h"
#include "core/protocol/messages/broker_registration.h"
#include "core/protocol/messages/controller_registration.h"
#include "core/protocol/messages/create_partitions.h"
#include "core/protocol/messages/create_topics.h"
#include "core/protocol/messages/delete_groups.h"
#include "core/protocol/messages/delete_records.h"
#include "core/protocol/messages/delete_topics.h"
#include "core/protocol/messages/describe_cluster.h"
#include "core/protocol/messages/describe_configs.h"
#include "core/protocol/messages/describe_groups.h"
#include "core/protocol/messages/describe_log_dirs.h"
#include "core/protocol/messages/describe_producers.h"
#include "core/protocol/messages/describe_quorum.h"
#include "core/protocol/messages/describe_topic_partitions.h"
#include "core/protocol/messages/elect_leaders.h"
#include "core/protocol/messages/end_quorum_epoch.h"
#include "core/protocol/messages/envelope.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/fetch_snapshot.h"
#include "core/protocol/messages/find_coordinator.h"
#include "core/protocol/messages/heartbeat.h"
#include "core/protocol/messages/incremental_alter_configs.h"
#include "core/protocol/messages/init_producer_id.h"
#include "core/protocol/messages/join_group.h"
#include "core/protocol/messages/leave_group.h"
#include "core/protocol/messages/list_config_resources.h"
#include "core/protocol/messages/list_groups.h"
#include "core/protocol/messages/list_offsets.h"
#include "core/protocol/messages/list_partition_reassignments.h"
#include "core/protocol/messages/metadata.h"
#include "core/protocol/messages/offset_commit.h"
#include "core/protocol/messages/offset_delete.h"
#include "core/protocol/messages/offset_fetch.h"
#include "core/protocol/messages/offset_for_leader_epoch.h"
#include "core/protocol/messages/produce.h"
#include "core/protocol/messages/remove_raft_voter.h"
#include "core/protocol/messages/sync_group.h"
#include "core/protocol/messages/unregister_broker.h"
#include "core/protocol/messages/update_features.h"
#include "core/protocol/messages/update_raft_voter.h"
#include "core/protocol/messages/vote.h"

namespace sluice::protocol {

template <ApiKey api_key, Message RequestType, Message ResponseType>
struct Api {
    static constexpr ApiKey key = api_key;
    using Request = RequestType;
    using Response = ResponseType;
    static_assert(Request::versions == Response::versions);
    static_assert(Request::flexible == Response::flexible);
};

template <class... List>
struct ApiList {
    static constexpr std::size_t count = sizeof...(List);

    // Calls `visit(Api{})` for each, in ascending order of keys.
    static constexpr void each(auto&& visit) { (visit(List{}), ...); }
    // Calls it for the one with this key, and says whether there is one.
    static constexpr bool with(ApiKey key, auto&& visit) {
        return ((key == List::key && (visit(List{}), true)) || ...);
    }
};

using Apis = ApiList<
    Api<ApiKey::produce, ProduceRequest, ProduceResponse>,
    Api<ApiKey::fetch, FetchRequest, FetchResponse>,
    Api<ApiKey::list_offsets, ListOffsetsRequest, ListOffsetsResponse>,
    Api<ApiKey::metadata, MetadataRequest, MetadataResponse>,
    Api<ApiKey::offset_commit, OffsetCommitRequest, OffsetCommitResponse>,
    Api<ApiKey::offset_fetch, OffsetFetchRequest, OffsetFetchResponse>,
    Api<ApiKey::find_coordinator, FindCoordinatorRequest, FindCoordinatorResponse>,
    Api<ApiKey::join_group, JoinGroupRequest, JoinGroupResponse>,
    Api<ApiKey::heartbeat, HeartbeatRequest, HeartbeatResponse>,
    Api<ApiKey::leave_group, LeaveGroupRequest, LeaveGroupResponse>,
    Api<ApiKey::sync_group, SyncGroupRequest, SyncGroupResponse>,
    Api<ApiKey::describe_groups, DescribeGroupsRequest, DescribeGroupsResponse>,
    Api<ApiKey::list_groups, ListGroupsRequest, ListGroupsResponse>,
    Api<ApiKey::api_versions, ApiVersionsRequest, ApiVersionsResponse>,
    Api<ApiKey::create_topics, CreateTopicsRequest, CreateTopicsResponse>,
    Api<ApiKey::delete_topics, DeleteTopicsRequest, DeleteTopicsResponse>,
    Api<ApiKey::delete_records, DeleteRecordsRequest, DeleteRecordsResponse>,
    Api<ApiKey::init_producer_id, InitProducerIdRequest, InitProducerIdResponse>,
    Api<ApiKey::offset_for_leader_epoch, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>,
    Api<ApiKey::describe_configs, DescribeConfigsRequest, DescribeConfigsResponse>,
    Api<ApiKey::alter_configs, AlterConfigsRequest, AlterConfigsResponse>,
    Api<ApiKey::describe_log_dirs, DescribeLogDirsRequest, DescribeLogDirsResponse>,
    Api<ApiKey::create_partitions, CreatePartitionsRequest, CreatePartitionsResponse>,
    Api<ApiKey::delete_groups, DeleteGroupsRequest, DeleteGroupsResponse>,
    Api<ApiKey::elect_leaders, ElectLeadersRequest, ElectLeadersResponse>,
    Api<ApiKey::incremental_alter_configs, IncrementalAlterConfigsRequest,
        IncrementalAlterConfigsResponse>,
    Api<ApiKey::alter_partition_reassignments, AlterPartitionReassignmentsRequest,
        AlterPartitionReassignmentsResponse>,
    Api<ApiKey::list_partition_reassignments, ListPartitionReassignmentsRequest,
        ListPartitionReassignmentsResponse>,
    Api<ApiKey::offset_delete, OffsetDeleteRequest, OffsetDeleteResponse>,
    Api<ApiKey::vote, VoteRequest, VoteResponse>,
    Api<ApiKey::begin_quorum_epoch, BeginQuorumEpochRequest, BeginQuorumEpochResponse>,
    Api<ApiKey::end_quorum_epoch, EndQuorumEpochRequest, EndQuorumEpochResponse>,
    Api<ApiKey::describe_quorum, DescribeQuorumRequest, DescribeQuorumResponse>,
    Api<ApiKey::alter_partition, AlterPartitionRequest, AlterPartitionResponse>,
    Api<ApiKey::update_features, UpdateFeaturesRequest, UpdateFeaturesResponse>,
    Api<ApiKey::envelope, EnvelopeRequest, EnvelopeResponse>,
    Api<ApiKey::fetch_snapshot, FetchSnapshotRequest, FetchSnapshotResponse>,
    Api<ApiKey::describe_cluster, DescribeClusterRequest, DescribeClusterResponse>,
    Api<ApiKey::describe_producers, DescribeProducersRequest, DescribeProducersResponse>,
    Api<ApiKey::broker_registration, BrokerRegistrationRequest, BrokerRegistrationResponse>,
    Api<ApiKey::broker_heartbeat, BrokerHeartbeatRequest, BrokerHeartbeatResponse>,
    Api<ApiKey::unregister_broker, UnregisterBrokerRequest, UnregisterBrokerResponse>,
    Api<ApiKey::allocate_producer_ids, AllocateProducerIdsRequest, AllocateProducerIdsResponse>,
    Api<ApiKey::controller_registration, ControllerRegistrationRequest,
        ControllerRegistrationResponse>,
    Api<ApiKey::assign_replicas_to_dirs, AssignReplicasToDirsRequest, AssignReplicasToDirsResponse>,
    Api<ApiKey::list_config_resources, ListConfigResourcesRequest, ListConfigResourcesResponse>,
    Api<ApiKey::describe_topic_partitions, DescribeTopicPartitionsRequest,
        DescribeTopicPartitionsResponse>,
    Api<ApiKey::add_raft_voter, AddRaftVoterRequest, AddRaftVoterResponse>,
    Api<ApiKey::remove_raft_voter, RemoveRaftVoterRequest, RemoveRaftVoterResponse>,
    Api<ApiKey::update_raft_voter, UpdateRaftVoterRequest, UpdateRaftVoterResponse>>;

}  // namespace sluice::protocol
