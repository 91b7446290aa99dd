#include "core/protocol/error_code.h"

#include <array>
#include <cstddef>

namespace sluice::protocol {

namespace {

struct Entry {
    ErrorCode code;
    std::string_view name;
    bool retriable = false;
};

constexpr bool again = true;

// Every code in its place: the first is -1.
constexpr std::array entries{
    Entry{ErrorCode::unknown_server_error, "UNKNOWN_SERVER_ERROR"},
    Entry{ErrorCode::none, "NONE"},
    Entry{ErrorCode::offset_out_of_range, "OFFSET_OUT_OF_RANGE"},
    Entry{ErrorCode::corrupt_message, "CORRUPT_MESSAGE", again},
    Entry{ErrorCode::unknown_topic_or_partition, "UNKNOWN_TOPIC_OR_PARTITION", again},
    Entry{ErrorCode::invalid_fetch_size, "INVALID_FETCH_SIZE"},
    Entry{ErrorCode::leader_not_available, "LEADER_NOT_AVAILABLE", again},
    Entry{ErrorCode::not_leader_or_follower, "NOT_LEADER_OR_FOLLOWER", again},
    Entry{ErrorCode::request_timed_out, "REQUEST_TIMED_OUT", again},
    Entry{ErrorCode::broker_not_available, "BROKER_NOT_AVAILABLE"},
    Entry{ErrorCode::replica_not_available, "REPLICA_NOT_AVAILABLE", again},
    Entry{ErrorCode::message_too_large, "MESSAGE_TOO_LARGE"},
    Entry{ErrorCode::stale_controller_epoch, "STALE_CONTROLLER_EPOCH"},
    Entry{ErrorCode::offset_metadata_too_large, "OFFSET_METADATA_TOO_LARGE"},
    Entry{ErrorCode::network_exception, "NETWORK_EXCEPTION", again},
    Entry{ErrorCode::coordinator_load_in_progress, "COORDINATOR_LOAD_IN_PROGRESS", again},
    Entry{ErrorCode::coordinator_not_available, "COORDINATOR_NOT_AVAILABLE", again},
    Entry{ErrorCode::not_coordinator, "NOT_COORDINATOR", again},
    Entry{ErrorCode::invalid_topic_exception, "INVALID_TOPIC_EXCEPTION"},
    Entry{ErrorCode::record_list_too_large, "RECORD_LIST_TOO_LARGE"},
    Entry{ErrorCode::not_enough_replicas, "NOT_ENOUGH_REPLICAS", again},
    Entry{ErrorCode::not_enough_replicas_after_append, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", again},
    Entry{ErrorCode::invalid_required_acks, "INVALID_REQUIRED_ACKS"},
    Entry{ErrorCode::illegal_generation, "ILLEGAL_GENERATION"},
    Entry{ErrorCode::inconsistent_group_protocol, "INCONSISTENT_GROUP_PROTOCOL"},
    Entry{ErrorCode::invalid_group_id, "INVALID_GROUP_ID"},
    Entry{ErrorCode::unknown_member_id, "UNKNOWN_MEMBER_ID"},
    Entry{ErrorCode::invalid_session_timeout, "INVALID_SESSION_TIMEOUT"},
    Entry{ErrorCode::rebalance_in_progress, "REBALANCE_IN_PROGRESS"},
    Entry{ErrorCode::invalid_commit_offset_size, "INVALID_COMMIT_OFFSET_SIZE"},
    Entry{ErrorCode::topic_authorization_failed, "TOPIC_AUTHORIZATION_FAILED"},
    Entry{ErrorCode::group_authorization_failed, "GROUP_AUTHORIZATION_FAILED"},
    Entry{ErrorCode::cluster_authorization_failed, "CLUSTER_AUTHORIZATION_FAILED"},
    Entry{ErrorCode::invalid_timestamp, "INVALID_TIMESTAMP"},
    Entry{ErrorCode::unsupported_sasl_mechanism, "UNSUPPORTED_SASL_MECHANISM"},
    Entry{ErrorCode::illegal_sasl_state, "ILLEGAL_SASL_STATE"},
    Entry{ErrorCode::unsupported_version, "UNSUPPORTED_VERSION"},
    Entry{ErrorCode::topic_already_exists, "TOPIC_ALREADY_EXISTS"},
    Entry{ErrorCode::invalid_partitions, "INVALID_PARTITIONS"},
    Entry{ErrorCode::invalid_replication_factor, "INVALID_REPLICATION_FACTOR"},
    Entry{ErrorCode::invalid_replica_assignment, "INVALID_REPLICA_ASSIGNMENT"},
    Entry{ErrorCode::invalid_config, "INVALID_CONFIG"},
    Entry{ErrorCode::not_controller, "NOT_CONTROLLER", again},
    Entry{ErrorCode::invalid_request, "INVALID_REQUEST"},
    Entry{ErrorCode::unsupported_for_message_format, "UNSUPPORTED_FOR_MESSAGE_FORMAT"},
    Entry{ErrorCode::policy_violation, "POLICY_VIOLATION"},
    Entry{ErrorCode::out_of_order_sequence_number, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
    Entry{ErrorCode::duplicate_sequence_number, "DUPLICATE_SEQUENCE_NUMBER"},
    Entry{ErrorCode::invalid_producer_epoch, "INVALID_PRODUCER_EPOCH"},
    Entry{ErrorCode::invalid_txn_state, "INVALID_TXN_STATE"},
    Entry{ErrorCode::invalid_producer_id_mapping, "INVALID_PRODUCER_ID_MAPPING"},
    Entry{ErrorCode::invalid_transaction_timeout, "INVALID_TRANSACTION_TIMEOUT"},
    Entry{ErrorCode::concurrent_transactions, "CONCURRENT_TRANSACTIONS", again},
    Entry{ErrorCode::transaction_coordinator_fenced, "TRANSACTION_COORDINATOR_FENCED"},
    Entry{ErrorCode::transactional_id_authorization_failed,
          "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
    Entry{ErrorCode::security_disabled, "SECURITY_DISABLED"},
    Entry{ErrorCode::operation_not_attempted, "OPERATION_NOT_ATTEMPTED"},
    Entry{ErrorCode::kafka_storage_error, "KAFKA_STORAGE_ERROR", again},
    Entry{ErrorCode::log_dir_not_found, "LOG_DIR_NOT_FOUND"},
    Entry{ErrorCode::sasl_authentication_failed, "SASL_AUTHENTICATION_FAILED"},
    Entry{ErrorCode::unknown_producer_id, "UNKNOWN_PRODUCER_ID"},
    Entry{ErrorCode::reassignment_in_progress, "REASSIGNMENT_IN_PROGRESS"},
    Entry{ErrorCode::delegation_token_auth_disabled, "DELEGATION_TOKEN_AUTH_DISABLED"},
    Entry{ErrorCode::delegation_token_not_found, "DELEGATION_TOKEN_NOT_FOUND"},
    Entry{ErrorCode::delegation_token_owner_mismatch, "DELEGATION_TOKEN_OWNER_MISMATCH"},
    Entry{ErrorCode::delegation_token_request_not_allowed, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"},
    Entry{ErrorCode::delegation_token_authorization_failed,
          "DELEGATION_TOKEN_AUTHORIZATION_FAILED"},
    Entry{ErrorCode::delegation_token_expired, "DELEGATION_TOKEN_EXPIRED"},
    Entry{ErrorCode::invalid_principal_type, "INVALID_PRINCIPAL_TYPE"},
    Entry{ErrorCode::non_empty_group, "NON_EMPTY_GROUP"},
    Entry{ErrorCode::group_id_not_found, "GROUP_ID_NOT_FOUND"},
    Entry{ErrorCode::fetch_session_id_not_found, "FETCH_SESSION_ID_NOT_FOUND", again},
    Entry{ErrorCode::invalid_fetch_session_epoch, "INVALID_FETCH_SESSION_EPOCH", again},
    Entry{ErrorCode::listener_not_found, "LISTENER_NOT_FOUND", again},
    Entry{ErrorCode::topic_deletion_disabled, "TOPIC_DELETION_DISABLED"},
    Entry{ErrorCode::fenced_leader_epoch, "FENCED_LEADER_EPOCH", again},
    Entry{ErrorCode::unknown_leader_epoch, "UNKNOWN_LEADER_EPOCH", again},
    Entry{ErrorCode::unsupported_compression_type, "UNSUPPORTED_COMPRESSION_TYPE"},
    Entry{ErrorCode::stale_broker_epoch, "STALE_BROKER_EPOCH"},
    Entry{ErrorCode::offset_not_available, "OFFSET_NOT_AVAILABLE", again},
    Entry{ErrorCode::member_id_required, "MEMBER_ID_REQUIRED"},
    Entry{ErrorCode::preferred_leader_not_available, "PREFERRED_LEADER_NOT_AVAILABLE", again},
    Entry{ErrorCode::group_max_size_reached, "GROUP_MAX_SIZE_REACHED"},
    Entry{ErrorCode::fenced_instance_id, "FENCED_INSTANCE_ID"},
    Entry{ErrorCode::eligible_leaders_not_available, "ELIGIBLE_LEADERS_NOT_AVAILABLE", again},
    Entry{ErrorCode::election_not_needed, "ELECTION_NOT_NEEDED", again},
    Entry{ErrorCode::no_reassignment_in_progress, "NO_REASSIGNMENT_IN_PROGRESS"},
    Entry{ErrorCode::group_subscribed_to_topic, "GROUP_SUBSCRIBED_TO_TOPIC"},
    Entry{ErrorCode::invalid_record, "INVALID_RECORD"},
    Entry{ErrorCode::unstable_offset_commit, "UNSTABLE_OFFSET_COMMIT", again},
    Entry{ErrorCode::throttling_quota_exceeded, "THROTTLING_QUOTA_EXCEEDED", again},
    Entry{ErrorCode::producer_fenced, "PRODUCER_FENCED"},
    Entry{ErrorCode::resource_not_found, "RESOURCE_NOT_FOUND"},
    Entry{ErrorCode::duplicate_resource, "DUPLICATE_RESOURCE"},
    Entry{ErrorCode::unacceptable_credential, "UNACCEPTABLE_CREDENTIAL"},
    Entry{ErrorCode::inconsistent_voter_set, "INCONSISTENT_VOTER_SET"},
    Entry{ErrorCode::invalid_update_version, "INVALID_UPDATE_VERSION"},
    Entry{ErrorCode::feature_update_failed, "FEATURE_UPDATE_FAILED"},
    Entry{ErrorCode::principal_deserialization_failure, "PRINCIPAL_DESERIALIZATION_FAILURE"},
    Entry{ErrorCode::snapshot_not_found, "SNAPSHOT_NOT_FOUND"},
    Entry{ErrorCode::position_out_of_range, "POSITION_OUT_OF_RANGE"},
    Entry{ErrorCode::unknown_topic_id, "UNKNOWN_TOPIC_ID", again},
    Entry{ErrorCode::duplicate_broker_registration, "DUPLICATE_BROKER_REGISTRATION"},
    Entry{ErrorCode::broker_id_not_registered, "BROKER_ID_NOT_REGISTERED"},
    Entry{ErrorCode::inconsistent_topic_id, "INCONSISTENT_TOPIC_ID", again},
    Entry{ErrorCode::inconsistent_cluster_id, "INCONSISTENT_CLUSTER_ID"},
    Entry{ErrorCode::transactional_id_not_found, "TRANSACTIONAL_ID_NOT_FOUND"},
    Entry{ErrorCode::fetch_session_topic_id_error, "FETCH_SESSION_TOPIC_ID_ERROR", again},
    Entry{ErrorCode::ineligible_replica, "INELIGIBLE_REPLICA"},
    Entry{ErrorCode::new_leader_elected, "NEW_LEADER_ELECTED"},
    Entry{ErrorCode::offset_moved_to_tiered_storage, "OFFSET_MOVED_TO_TIERED_STORAGE"},
    Entry{ErrorCode::fenced_member_epoch, "FENCED_MEMBER_EPOCH"},
    Entry{ErrorCode::unreleased_instance_id, "UNRELEASED_INSTANCE_ID"},
    Entry{ErrorCode::unsupported_assignor, "UNSUPPORTED_ASSIGNOR"},
    Entry{ErrorCode::stale_member_epoch, "STALE_MEMBER_EPOCH"},
    Entry{ErrorCode::mismatched_endpoint_type, "MISMATCHED_ENDPOINT_TYPE"},
    Entry{ErrorCode::unsupported_endpoint_type, "UNSUPPORTED_ENDPOINT_TYPE"},
    Entry{ErrorCode::unknown_controller_id, "UNKNOWN_CONTROLLER_ID"},
    Entry{ErrorCode::unknown_subscription_id, "UNKNOWN_SUBSCRIPTION_ID"},
    Entry{ErrorCode::telemetry_too_large, "TELEMETRY_TOO_LARGE"},
    Entry{ErrorCode::invalid_registration, "INVALID_REGISTRATION"},
    Entry{ErrorCode::transaction_abortable, "TRANSACTION_ABORTABLE"},
    Entry{ErrorCode::invalid_record_state, "INVALID_RECORD_STATE"},
    Entry{ErrorCode::share_session_not_found, "SHARE_SESSION_NOT_FOUND", again},
    Entry{ErrorCode::invalid_share_session_epoch, "INVALID_SHARE_SESSION_EPOCH", again},
    Entry{ErrorCode::fenced_state_epoch, "FENCED_STATE_EPOCH"},
    Entry{ErrorCode::invalid_voter_key, "INVALID_VOTER_KEY"},
    Entry{ErrorCode::duplicate_voter, "DUPLICATE_VOTER"},
    Entry{ErrorCode::voter_not_found, "VOTER_NOT_FOUND"},
    Entry{ErrorCode::invalid_regular_expression, "INVALID_REGULAR_EXPRESSION"},
    Entry{ErrorCode::rebootstrap_required, "REBOOTSTRAP_REQUIRED"},
    Entry{ErrorCode::streams_invalid_topology, "STREAMS_INVALID_TOPOLOGY"},
    Entry{ErrorCode::streams_invalid_topology_epoch, "STREAMS_INVALID_TOPOLOGY_EPOCH"},
    Entry{ErrorCode::streams_topology_fenced, "STREAMS_TOPOLOGY_FENCED"},
    Entry{ErrorCode::share_session_limit_reached, "SHARE_SESSION_LIMIT_REACHED", again},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (static_cast<std::size_t>(static_cast<int>(entries[i].code) + 1) != i) return false;
    return true;
}
static_assert(in_order());
static_assert(entries.back().code == ErrorCode::share_session_limit_reached);

const Entry* find(ErrorCode code) {
    const auto place = static_cast<std::size_t>(static_cast<int>(code) + 1);
    return place < entries.size() ? &entries[place] : nullptr;
}

}  // namespace

std::string_view name_of(ErrorCode code) {
    const Entry* entry = find(code);
    return entry ? entry->name : "UNKNOWN";
}

bool retriable(ErrorCode code) {
    const Entry* entry = find(code);
    return entry && entry->retriable;
}

}  // namespace sluice::protocol
