#pragma once

#include <functional>

#include "core/broker/handlers/handlers.h"

namespace sluice::broker {

// Runs `body` with a partition on its home shard, in a fiber that may wait, and waits for it.
// Whatever kept it from running: an unknown topic or partition, one that moved or is offline.
[[nodiscard]] protocol::ErrorCode with_partition(Broker& broker, std::string_view topic,
                                                 PartitionIndex index,
                                                 const std::function<void(Partition&)>& body);

}  // namespace sluice::broker
