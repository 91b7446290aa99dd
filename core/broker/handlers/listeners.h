#pragma once

#include "core/broker/service.h"
#include "core/protocol/api_key.h"

namespace sluice::broker {

// Whether an API is served on listeners of that kind: what voters say to each other is never taken
// from clients, and controllers hold no partitions.
bool is_served_on(protocol::ApiKey key, ListenerKind listener);

// What clients may ask any broker, and only the active controller answers: other brokers forward
// it.
bool is_decided_by_controller(protocol::ApiKey key);

}  // namespace sluice::broker
