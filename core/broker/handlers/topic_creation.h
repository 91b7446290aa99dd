#pragma once

#include "core/broker/handlers/handlers.h"

namespace sluice::broker {

// Creates topics through the controller, from any shard.
protocol::CreateTopicsResponse create_topics(Broker& broker,
                                             const protocol::CreateTopicsRequest& request);

// __consumer_offsets as this broker makes it, and its making where it is missing.
protocol::CreateTopicsRequest::Topic offsets_topic(const BrokerConfig& config);
[[nodiscard]] protocol::ErrorCode create_offsets_topic(Broker& broker);

// Runs `body` on the shard of the metadata driver and waits.
Result<void> on_controller(Broker& broker, const std::function<void(MetadataDriver&)>& body);

}  // namespace sluice::broker
