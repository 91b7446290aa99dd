#pragma once

#include <functional>
#include <string_view>

#include "core/broker/group_coordinator.h"
#include "core/broker/handlers/handlers.h"

namespace sluice::broker {

// Runs `body` with the coordinator of a group on its home shard, in a fiber that may wait, and
// waits for it. COORDINATOR_NOT_AVAILABLE or NOT_COORDINATOR when it could not be reached.
[[nodiscard]] protocol::ErrorCode with_coordinator(
    Broker& broker, std::string_view group_id, const std::function<void(GroupCoordinator&)>& body);
// The same for one partition of __consumer_offsets.
[[nodiscard]] protocol::ErrorCode with_coordinator(
    Broker& broker, PartitionIndex partition, const std::function<void(GroupCoordinator&)>& body);

// The outcome of one call of a coordinator's, wherever it is.
template <class Reply>
Result<Reply, protocol::ErrorCode> ask_coordinator(
    Broker& broker, std::string_view group_id,
    const std::function<Result<Reply, protocol::ErrorCode>(GroupCoordinator&)>& body) {
    Result<Reply, protocol::ErrorCode> outcome = protocol::ErrorCode::coordinator_not_available;
    const protocol::ErrorCode code = with_coordinator(
        broker, group_id, [&](GroupCoordinator& coordinator) { outcome = body(coordinator); });
    if (code != protocol::ErrorCode::none) return code;
    return outcome;
}

}  // namespace sluice::broker
