#pragma once

#include <string>
#include <vector>

#include "core/client/cluster.h"
#include "core/client/refusal.h"

namespace sluice::client {

// Creates, looks at and removes things. Blocking; for any fiber of its shard.
class Admin {
public:
    explicit Admin(Cluster& cluster) : cluster_(cluster) {}

    // A topic to make; its configurations as text, by Kafka's names.
    struct NewTopic {
        std::string name;
        std::int32_t partitions = -1;  // -1: the broker's default.
        std::int16_t replication = -1;
        std::vector<std::pair<std::string, std::string>> configs = {};
    };
    Result<void, Refusal> create_topic(const NewTopic& topic);
    Result<void, Refusal> delete_topic(const std::string& name);
    Result<void, Refusal> add_partitions(const std::string& name, std::int32_t total);
    // All of them, or those named; one that does not exist is a Refusal.
    Result<protocol::MetadataResponse, Refusal> topics(const std::vector<std::string>& names);

    // Any request to any broker.
    template <class Request>
    auto ask(const Request& request) -> Result<typename ApiOf<Request>::type::Response, Refusal> {
        auto reply = cluster_.ask_any(request, cluster_.options().request_time_max);
        if (reply.failed()) return Refusal{.error = reply.error(), .message = {}};
        return std::move(*reply);
    }
    Cluster& cluster() { return cluster_; }

private:
    Cluster& cluster_;
};

}  // namespace sluice::client
