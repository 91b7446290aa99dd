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

struct EndQuorumEpochRequest {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(1);

    struct Topic {
        struct Partition {
            struct ReplicaInfo {
                BrokerId candidate_id{};
                Uuid candidate_directory_id{};

                static constexpr void fields(auto&& visit) {
                    visit(field("candidate_id", since(1)), &ReplicaInfo::candidate_id);
                    visit(field("candidate_directory_id", since(1)),
                          &ReplicaInfo::candidate_directory_id);
                }
                bool operator==(const ReplicaInfo&) const = default;
            };

            PartitionIndex partition_index{};
            BrokerId leader_id{};
            LeaderEpoch leader_epoch{};
            std::vector<BrokerId> preferred_successors{};
            std::vector<ReplicaInfo> preferred_candidates{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("leader_id"), &Partition::leader_id);
                visit(field("leader_epoch"), &Partition::leader_epoch);
                visit(field("preferred_successors", until(0)).ignorable(),
                      &Partition::preferred_successors);
                visit(field("preferred_candidates", since(1)).ignorable(),
                      &Partition::preferred_candidates);
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
    std::vector<Topic> topics{};
    std::vector<LeaderEndpoint> leader_endpoints{};

    static constexpr void fields(auto&& visit) {
        visit(field("cluster_id").nullable(), &EndQuorumEpochRequest::cluster_id);
        visit(field("topics"), &EndQuorumEpochRequest::topics);
        visit(field("leader_endpoints", since(1)).ignorable(),
              &EndQuorumEpochRequest::leader_endpoints);
    }
    bool operator==(const EndQuorumEpochRequest&) const = default;
};

struct EndQuorumEpochResponse {
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
        visit(field("error_code"), &EndQuorumEpochResponse::error_code);
        visit(field("topics"), &EndQuorumEpochResponse::topics);
        visit(tagged(0, "node_endpoints", since(1)), &EndQuorumEpochResponse::node_endpoints);
    }
    bool operator==(const EndQuorumEpochResponse&) const = default;
};

}  // namespace sluice::protocol
