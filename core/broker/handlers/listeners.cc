#include "core/broker/handlers/listeners.h"

#include <algorithm>

namespace sluice::broker {

using protocol::ApiKey;

namespace {

constexpr ApiKey only_of_controllers[] = {ApiKey::vote, ApiKey::begin_quorum_epoch,
                                          ApiKey::end_quorum_epoch, ApiKey::fetch_snapshot};
constexpr ApiKey also_of_controllers[] = {ApiKey::fetch,
                                          ApiKey::api_versions,
                                          ApiKey::create_topics,
                                          ApiKey::delete_topics,
                                          ApiKey::create_partitions,
                                          ApiKey::describe_configs,
                                          ApiKey::alter_configs,
                                          ApiKey::incremental_alter_configs,
                                          ApiKey::describe_quorum,
                                          ApiKey::describe_cluster};

}  // namespace

bool is_served_on(ApiKey key, ListenerKind listener) {
    const bool only = std::ranges::find(only_of_controllers, key) != std::end(only_of_controllers);
    if (listener == ListenerKind::clients) return !only;
    return only || std::ranges::find(also_of_controllers, key) != std::end(also_of_controllers);
}

}  // namespace sluice::broker
