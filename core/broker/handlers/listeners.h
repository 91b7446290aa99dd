#pragma once

#include "core/broker/service.h"
#include "core/protocol/api_key.h"

namespace sluice::broker {

// Whether an API is served on listeners of that kind: what voters say to each other is never taken
// from clients, and controllers hold no partitions.
bool is_served_on(protocol::ApiKey key, ListenerKind listener);

}  // namespace sluice::broker
