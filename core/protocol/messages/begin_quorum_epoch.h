#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct BeginQuorumEpochRequest {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(1);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            Uuid voter_directory_id{};
            BrokerId leader_id{};
            LeaderEpoch leader_epoch{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("voter_directory_id", since(1)).ignorable(),
                      &Partition::voter_directory_id);
                visit(field("leader_id"), &Partition::leader_id);
                visit(field("leader_epoch"), &Partition::leader_epoch);
            }
            bool operator==(const Partition&) const = default;
        };

        std::string topic_name{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic_name"), &Topic::topic_name);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    struct LeaderEndpoint {
        std::string name{};
        std::string host{};
        std::uint16_t port = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name", since(1)), &LeaderEndpoint::name);
            visit(field("host", since(1)), &LeaderEndpoint::host);
            visit(field("port", since(1)), &LeaderEndpoint::port);
        }
        bool operator==(const LeaderEndpoint&) const = default;
    };

    std::optional<std::string> cluster_id{};
    BrokerId voter_id{-1};
    std::vector<Topic> topics{};
    std::vector<LeaderEndpoint> leader_endpoints{};

    static constexpr void fields(auto&& visit) {
        visit(field("cluster_id").nullable(), &BeginQuorumEpochRequest::cluster_id);
        visit(field("voter_id", since(1)).ignorable(), &BeginQuorumEpochRequest::voter_id);
        visit(field("topics"), &BeginQuorumEpochRequest::topics);
        visit(field("leader_endpoints", since(1)).ignorable(),
              &BeginQuorumEpochRequest::leader_endpoints);
    }
    bool operator==(const BeginQuorumEpochRequest&) const = default;
};

struct BeginQuorumEpochResponse {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(1);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            ErrorCode error_code = ErrorCode::none;
            BrokerId leader_id{};
            LeaderEpoch leader_epoch{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("error_code"), &Partition::error_code);
                visit(field("leader_id"), &Partition::leader_id);
                visit(field("leader_epoch"), &Partition::leader_epoch);
            }
            bool operator==(const Partition&) const = default;
        };

        std::string topic_name{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic_name"), &Topic::topic_name);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    struct NodeEndpoint {
        BrokerId node_id{};
        std::string host{};
        std::uint16_t port = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("node_id", since(1)), &NodeEndpoint::node_id);
            visit(field("host", since(1)), &NodeEndpoint::host);
            visit(field("port", since(1)), &NodeEndpoint::port);
        }
        bool operator==(const NodeEndpoint&) const = default;
    };

    ErrorCode error_code = ErrorCode::none;
    std::vector<Topic> topics{};
    std::vector<NodeEndpoint> node_endpoints{};

    static constexpr void fields(auto&& visit) {
        visit(field("error_code"), &BeginQuorumEpochResponse::error_code);
        visit(field("topics"), &BeginQuorumEpochResponse::topics);
        visit(tagged(0, "node_endpoints", since(1)), &BeginQuorumEpochResponse::node_endpoints);
    }
    bool operator==(const BeginQuorumEpochResponse&) const = default;
};

}  // namespace sluice::protocol
