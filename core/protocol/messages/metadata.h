#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct MetadataRequest {
    static constexpr Versions versions = between(0, 13);
    static constexpr Versions flexible = since(9);

    struct Topic {
        TopicId topic_id{};
        // Null when the topic is asked for by id, from version 12.
        std::optional<std::string> name = "";

        static constexpr void fields(auto&& visit) {
            visit(field("topic_id", since(10)).ignorable(), &Topic::topic_id);
            visit(field("name").nullable(since(10)), &Topic::name);
        }
        bool operator==(const Topic&) const = default;
    };

    // All topics: an empty list at version 0, null later. From 1 on an empty list asks for none.
    std::optional<std::vector<Topic>> topics = std::vector<Topic>{};
    bool allow_auto_topic_creation = true;
    bool include_cluster_authorized_operations = false;
    bool include_topic_authorized_operations = false;

    static constexpr void fields(auto&& visit) {
        visit(field("topics").nullable(since(1)), &MetadataRequest::topics);
        visit(field("allow_auto_topic_creation", since(4)),
              &MetadataRequest::allow_auto_topic_creation);
        visit(field("include_cluster_authorized_operations", between(8, 10)),
              &MetadataRequest::include_cluster_authorized_operations);
        visit(field("include_topic_authorized_operations", since(8)),
              &MetadataRequest::include_topic_authorized_operations);
    }
    bool operator==(const MetadataRequest&) const = default;
};

struct MetadataResponse {
    static constexpr Versions versions = between(0, 13);
    static constexpr Versions flexible = since(9);

    struct Broker {
        BrokerId node_id{};
        std::string host{};
        std::int32_t port = 0;
        std::optional<std::string> rack{};

        static constexpr void fields(auto&& visit) {
            visit(field("node_id"), &Broker::node_id);
            visit(field("host"), &Broker::host);
            visit(field("port"), &Broker::port);
            visit(field("rack", since(1)).nullable(since(1)).ignorable(), &Broker::rack);
        }
        bool operator==(const Broker&) const = default;
    };

    struct Partition {
        ErrorCode error_code = ErrorCode::none;
        PartitionIndex partition_index{};
        BrokerId leader_id{};
        LeaderEpoch leader_epoch{-1};
        std::vector<BrokerId> replica_nodes{};
        std::vector<BrokerId> isr_nodes{};
        std::vector<BrokerId> offline_replicas{};

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &Partition::error_code);
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("leader_id"), &Partition::leader_id);
            visit(field("leader_epoch", since(7)).ignorable(), &Partition::leader_epoch);
            visit(field("replica_nodes"), &Partition::replica_nodes);
            visit(field("isr_nodes"), &Partition::isr_nodes);
            visit(field("offline_replicas", since(5)).ignorable(), &Partition::offline_replicas);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        ErrorCode error_code = ErrorCode::none;
        // Null for an id that nobody knows.
        std::optional<std::string> name = "";
        TopicId topic_id{};
        bool is_internal = false;
        std::vector<Partition> partitions{};
        // The lowest number means: not asked for.
        std::int32_t topic_authorized_operations = std::numeric_limits<std::int32_t>::min();

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &Topic::error_code);
            visit(field("name").nullable(since(12)), &Topic::name);
            visit(field("topic_id", since(10)).ignorable(), &Topic::topic_id);
            visit(field("is_internal", since(1)).ignorable(), &Topic::is_internal);
            visit(field("partitions"), &Topic::partitions);
            visit(field("topic_authorized_operations", since(8)),
                  &Topic::topic_authorized_operations);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Broker> brokers{};
    std::optional<std::string> cluster_id{};
    BrokerId controller_id{-1};
    std::vector<Topic> topics{};
    std::int32_t cluster_authorized_operations = std::numeric_limits<std::int32_t>::min();
    ErrorCode error_code = ErrorCode::none;

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(3)).ignorable(), &MetadataResponse::throttle_time_ms);
        visit(field("brokers"), &MetadataResponse::brokers);
        visit(field("cluster_id", since(2)).nullable(since(2)).ignorable(),
              &MetadataResponse::cluster_id);
        visit(field("controller_id", since(1)).ignorable(), &MetadataResponse::controller_id);
        visit(field("topics"), &MetadataResponse::topics);
        visit(field("cluster_authorized_operations", between(8, 10)),
              &MetadataResponse::cluster_authorized_operations);
        visit(field("error_code", since(13)).ignorable(), &MetadataResponse::error_code);
    }
    bool operator==(const MetadataResponse&) const = default;
};

}  // namespace sluice::protocol
