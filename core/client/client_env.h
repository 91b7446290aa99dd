#pragma once

#include <functional>
#include <string>

#include "core/base/random.h"
#include "core/env/clock.h"
#include "core/env/network.h"
#include "core/env/scheduler.h"

namespace sluice::client {

// What a client needs of the world, on one shard; outlives it.
struct ClientEnv {
    env::Scheduler& scheduler;
    const env::Clock& clock;
    env::Network& network;
    Random& random;
};

// What all producers, consumers and administrators of one client share; nothing of it changes
// later. Kafka's names stand beside.
struct ClientOptions {
    std::string client_id = "sluice";
    Duration request_time_max = std::chrono::seconds(30);     // request.timeout.ms
    Duration connect_time_max = std::chrono::seconds(10);     // socket.connection.setup.timeout.ms
    Duration retry_backoff = std::chrono::milliseconds(100);  // retry.backoff.ms
    Duration retry_backoff_max = std::chrono::seconds(1);     // retry.backoff.max.ms
    Duration metadata_age_max = std::chrono::minutes(5);      // metadata.max.age.ms
    std::size_t response_bytes_max = 128 << 20;  // A longer answer ends the connection.
    // Asked before something is tried again: true when nobody wants it any more.
    std::function<bool()> gives_up = [] { return false; };
    // A broker that answered cannot be connected to any more; and it can again.
    std::function<void(const env::Address&, Error)> on_lost = [](const auto&, Error) {};
    std::function<void(const env::Address&)> on_back = [](const auto&) {};
};

}  // namespace sluice::client
