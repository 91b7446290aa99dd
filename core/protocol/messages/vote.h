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

struct VoteRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            LeaderEpoch replica_epoch{};
            BrokerId replica_id{};
            Uuid replica_directory_id{};
            Uuid voter_directory_id{};
            LeaderEpoch last_offset_epoch{};
            Offset last_offset{};
            bool pre_vote = false;

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("replica_epoch"), &Partition::replica_epoch);
                visit(field("replica_id"), &Partition::replica_id);
                visit(field("replica_directory_id", since(1)).ignorable(),
                      &Partition::replica_directory_id);
                visit(field("voter_directory_id", since(1)).ignorable(),
                      &Partition::voter_directory_id);
                visit(field("last_offset_epoch"), &Partition::last_offset_epoch);
                visit(field("last_offset"), &Partition::last_offset);
                visit(field("pre_vote", since(2)), &Partition::pre_vote);
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

    std::optional<std::string> cluster_id{};
    BrokerId voter_id{-1};
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("cluster_id").nullable(), &VoteRequest::cluster_id);
        visit(field("voter_id", since(1)).ignorable(), &VoteRequest::voter_id);
        visit(field("topics"), &VoteRequest::topics);
    }
    bool operator==(const VoteRequest&) const = default;
};

struct VoteResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            ErrorCode error_code = ErrorCode::none;
            BrokerId leader_id{};
            LeaderEpoch leader_epoch{};
            bool vote_granted = false;

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("error_code"), &Partition::error_code);
                visit(field("leader_id"), &Partition::leader_id);
                visit(field("leader_epoch"), &Partition::leader_epoch);
                visit(field("vote_granted"), &Partition::vote_granted);
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
        visit(field("error_code"), &VoteResponse::error_code);
        visit(field("topics"), &VoteResponse::topics);
        visit(tagged(0, "node_endpoints", since(1)), &VoteResponse::node_endpoints);
    }
    bool operator==(const VoteResponse&) const = default;
};

}  // namespace sluice::protocol
