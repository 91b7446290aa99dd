#include "core/broker/handlers/listeners.h"

#include <algorithm>

namespace sluice::broker {

using protocol::ApiKey;

namespace {

constexpr ApiKey only_of_controllers[] = {
    ApiKey::vote,
    ApiKey::begin_quorum_epoch,
    ApiKey::end_quorum_epoch,
    ApiKey::fetch_snapshot,
    ApiKey::alter_partition,
    ApiKey::envelope,
    ApiKey::broker_registration,
    ApiKey::broker_heartbeat,
    ApiKey::allocate_producer_ids,
    ApiKey::controller_registration,
    ApiKey::assign_replicas_to_dirs,
};
constexpr ApiKey decided_by_controllers[] = {
    ApiKey::create_topics,
    ApiKey::delete_topics,
    ApiKey::create_partitions,
    ApiKey::alter_configs,
    ApiKey::incremental_alter_configs,
    ApiKey::elect_leaders,
    ApiKey::alter_partition_reassignments,
    ApiKey::list_partition_reassignments,
    ApiKey::describe_quorum,
    ApiKey::update_features,
    ApiKey::unregister_broker,
};
constexpr ApiKey also_of_controllers[] = {
    ApiKey::fetch,
    ApiKey::api_versions,
    ApiKey::describe_configs,
    ApiKey::describe_cluster,
};

bool holds(const auto& keys, ApiKey key) {
    return std::ranges::find(keys, key) != std::end(keys);
}

}  // namespace

bool is_served_on(ApiKey key, ListenerKind listener) {
    const bool only = holds(only_of_controllers, key);
    if (listener == ListenerKind::clients) return !only;
    return only || is_decided_by_controller(key) || holds(also_of_controllers, key);
}

bool is_decided_by_controller(ApiKey key) {
    return holds(decided_by_controllers, key);
}

}  // namespace sluice::broker
