#include "core/protocol/api.h"

#include <algorithm>
#include <array>

namespace sluice::protocol {

namespace {

struct Name {
    ApiKey key;
    std::string_view text;
};

constexpr std::array names{
    Name{ApiKey::produce, "Produce"},
    Name{ApiKey::fetch, "Fetch"},
    Name{ApiKey::list_offsets, "ListOffsets"},
    Name{ApiKey::metadata, "Metadata"},
    Name{ApiKey::offset_commit, "OffsetCommit"},
    Name{ApiKey::offset_fetch, "OffsetFetch"},
    Name{ApiKey::find_coordinator, "FindCoordinator"},
    Name{ApiKey::join_group, "JoinGroup"},
    Name{ApiKey::heartbeat, "Heartbeat"},
    Name{ApiKey::leave_group, "LeaveGroup"},
    Name{ApiKey::sync_group, "SyncGroup"},
    Name{ApiKey::describe_groups, "DescribeGroups"},
    Name{ApiKey::list_groups, "ListGroups"},
    Name{ApiKey::sasl_handshake, "SaslHandshake"},
    Name{ApiKey::api_versions, "ApiVersions"},
    Name{ApiKey::create_topics, "CreateTopics"},
    Name{ApiKey::delete_topics, "DeleteTopics"},
    Name{ApiKey::delete_records, "DeleteRecords"},
    Name{ApiKey::init_producer_id, "InitProducerId"},
    Name{ApiKey::offset_for_leader_epoch, "OffsetForLeaderEpoch"},
    Name{ApiKey::add_partitions_to_txn, "AddPartitionsToTxn"},
    Name{ApiKey::add_offsets_to_txn, "AddOffsetsToTxn"},
    Name{ApiKey::end_txn, "EndTxn"},
    Name{ApiKey::write_txn_markers, "WriteTxnMarkers"},
    Name{ApiKey::txn_offset_commit, "TxnOffsetCommit"},
    Name{ApiKey::describe_acls, "DescribeAcls"},
    Name{ApiKey::create_acls, "CreateAcls"},
    Name{ApiKey::delete_acls, "DeleteAcls"},
    Name{ApiKey::describe_configs, "DescribeConfigs"},
    Name{ApiKey::alter_configs, "AlterConfigs"},
    Name{ApiKey::alter_replica_log_dirs, "AlterReplicaLogDirs"},
    Name{ApiKey::describe_log_dirs, "DescribeLogDirs"},
    Name{ApiKey::sasl_authenticate, "SaslAuthenticate"},
    Name{ApiKey::create_partitions, "CreatePartitions"},
    Name{ApiKey::create_delegation_token, "CreateDelegationToken"},
    Name{ApiKey::renew_delegation_token, "RenewDelegationToken"},
    Name{ApiKey::expire_delegation_token, "ExpireDelegationToken"},
    Name{ApiKey::describe_delegation_token, "DescribeDelegationToken"},
    Name{ApiKey::delete_groups, "DeleteGroups"},
    Name{ApiKey::elect_leaders, "ElectLeaders"},
    Name{ApiKey::incremental_alter_configs, "IncrementalAlterConfigs"},
    Name{ApiKey::alter_partition_reassignments, "AlterPartitionReassignments"},
    Name{ApiKey::list_partition_reassignments, "ListPartitionReassignments"},
    Name{ApiKey::offset_delete, "OffsetDelete"},
    Name{ApiKey::describe_client_quotas, "DescribeClientQuotas"},
    Name{ApiKey::alter_client_quotas, "AlterClientQuotas"},
    Name{ApiKey::describe_user_scram_credentials, "DescribeUserScramCredentials"},
    Name{ApiKey::alter_user_scram_credentials, "AlterUserScramCredentials"},
    Name{ApiKey::vote, "Vote"},
    Name{ApiKey::begin_quorum_epoch, "BeginQuorumEpoch"},
    Name{ApiKey::end_quorum_epoch, "EndQuorumEpoch"},
    Name{ApiKey::describe_quorum, "DescribeQuorum"},
    Name{ApiKey::alter_partition, "AlterPartition"},
    Name{ApiKey::update_features, "UpdateFeatures"},
    Name{ApiKey::envelope, "Envelope"},
    Name{ApiKey::fetch_snapshot, "FetchSnapshot"},
    Name{ApiKey::describe_cluster, "DescribeCluster"},
    Name{ApiKey::describe_producers, "DescribeProducers"},
    Name{ApiKey::broker_registration, "BrokerRegistration"},
    Name{ApiKey::broker_heartbeat, "BrokerHeartbeat"},
    Name{ApiKey::unregister_broker, "UnregisterBroker"},
    Name{ApiKey::describe_transactions, "DescribeTransactions"},
    Name{ApiKey::list_transactions, "ListTransactions"},
    Name{ApiKey::allocate_producer_ids, "AllocateProducerIds"},
    Name{ApiKey::consumer_group_heartbeat, "ConsumerGroupHeartbeat"},
    Name{ApiKey::consumer_group_describe, "ConsumerGroupDescribe"},
    Name{ApiKey::controller_registration, "ControllerRegistration"},
    Name{ApiKey::get_telemetry_subscriptions, "GetTelemetrySubscriptions"},
    Name{ApiKey::push_telemetry, "PushTelemetry"},
    Name{ApiKey::assign_replicas_to_dirs, "AssignReplicasToDirs"},
    Name{ApiKey::list_config_resources, "ListConfigResources"},
    Name{ApiKey::describe_topic_partitions, "DescribeTopicPartitions"},
    Name{ApiKey::share_group_heartbeat, "ShareGroupHeartbeat"},
    Name{ApiKey::share_group_describe, "ShareGroupDescribe"},
    Name{ApiKey::share_fetch, "ShareFetch"},
    Name{ApiKey::share_acknowledge, "ShareAcknowledge"},
    Name{ApiKey::add_raft_voter, "AddRaftVoter"},
    Name{ApiKey::remove_raft_voter, "RemoveRaftVoter"},
    Name{ApiKey::update_raft_voter, "UpdateRaftVoter"},
    Name{ApiKey::initialize_share_group_state, "InitializeShareGroupState"},
    Name{ApiKey::read_share_group_state, "ReadShareGroupState"},
    Name{ApiKey::write_share_group_state, "WriteShareGroupState"},
    Name{ApiKey::delete_share_group_state, "DeleteShareGroupState"},
    Name{ApiKey::read_share_group_state_summary, "ReadShareGroupStateSummary"},
    Name{ApiKey::streams_group_heartbeat, "StreamsGroupHeartbeat"},
    Name{ApiKey::streams_group_describe, "StreamsGroupDescribe"},
    Name{ApiKey::describe_share_group_offsets, "DescribeShareGroupOffsets"},
    Name{ApiKey::alter_share_group_offsets, "AlterShareGroupOffsets"},
    Name{ApiKey::delete_share_group_offsets, "DeleteShareGroupOffsets"},
};
static_assert(std::ranges::is_sorted(names, {}, &Name::key));

Versions advertised(ApiKey key, Versions served) {
    return key == ApiKey::produce ? between(0, served.last) : served;
}

auto make_table() {
    std::array<ApiInfo, Apis::count> table;
    std::size_t next = 0;
    Apis::each([&](auto api) {
        const Versions served = decltype(api)::Request::versions;
        table[next++] = {.key = api.key,
                         .name = name_of(api.key),
                         .served = served,
                         .advertised = advertised(api.key, served),
                         .flexible = decltype(api)::Request::flexible};
    });
    return table;
}

}  // namespace

std::span<const ApiInfo> known_apis() {
    static const auto table = make_table();
    return table;
}

const ApiInfo* find_api(ApiKey key) {
    const auto apis = known_apis();
    const auto found = std::ranges::lower_bound(apis, key, {}, &ApiInfo::key);
    return found != apis.end() && found->key == key ? &*found : nullptr;
}

std::string_view name_of(ApiKey key) {
    const auto found = std::ranges::lower_bound(names, key, {}, &Name::key);
    return found != names.end() && found->key == key ? found->text : "Unknown";
}

}  // namespace sluice::protocol
