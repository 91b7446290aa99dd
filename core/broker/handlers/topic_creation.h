#pragma once

#include "core/broker/handlers/handlers.h"

namespace sluice::broker {

// Creates topics through the controller, from any shard.
protocol::CreateTopicsResponse create_topics(Broker& broker,
                                             const protocol::CreateTopicsRequest& request);

// Runs `body` on the shard of the metadata driver and waits.
Result<void> on_controller(Broker& broker, const std::function<void(MetadataDriver&)>& body);

}  // namespace sluice::broker
