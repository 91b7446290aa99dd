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

struct DescribeQuorumRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
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

    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("topics"), &DescribeQuorumRequest::topics);
    }
    bool operator==(const DescribeQuorumRequest&) const = default;
};

struct DescribeQuorumResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    struct ReplicaState {
        BrokerId replica_id{};
        Uuid replica_directory_id{};
        Offset log_end_offset{};
        Timestamp last_fetch_timestamp{-1};
        Timestamp last_caught_up_timestamp{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("replica_id"), &ReplicaState::replica_id);
            visit(field("replica_directory_id", since(2)), &ReplicaState::replica_directory_id);
            visit(field("log_end_offset"), &ReplicaState::log_end_offset);
            visit(field("last_fetch_timestamp", since(1)).ignorable(),
                  &ReplicaState::last_fetch_timestamp);
            visit(field("last_caught_up_timestamp", since(1)).ignorable(),
                  &ReplicaState::last_caught_up_timestamp);
        }
        bool operator==(const ReplicaState&) const = default;
    };

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            ErrorCode error_code = ErrorCode::none;
            std::optional<std::string> error_message = "";
            BrokerId leader_id{};
            LeaderEpoch leader_epoch{};
            Offset high_watermark{};
            std::vector<ReplicaState> current_voters{};
            std::vector<ReplicaState> observers{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("error_code"), &Partition::error_code);
                visit(field("error_message", since(2)).nullable(since(2)).ignorable(),
                      &Partition::error_message);
                visit(field("leader_id"), &Partition::leader_id);
                visit(field("leader_epoch"), &Partition::leader_epoch);
                visit(field("high_watermark"), &Partition::high_watermark);
                visit(field("current_voters"), &Partition::current_voters);
                visit(field("observers"), &Partition::observers);
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

    struct Node {
        struct Listener {
            std::string name{};
            std::string host{};
            std::uint16_t port = 0;

            static constexpr void fields(auto&& visit) {
                visit(field("name", since(2)), &Listener::name);
                visit(field("host", since(2)), &Listener::host);
                visit(field("port", since(2)), &Listener::port);
            }
            bool operator==(const Listener&) const = default;
        };

        BrokerId node_id{};
        std::vector<Listener> listeners{};

        static constexpr void fields(auto&& visit) {
            visit(field("node_id", since(2)), &Node::node_id);
            visit(field("listeners", since(2)), &Node::listeners);
        }
        bool operator==(const Node&) const = default;
    };

    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";
    std::vector<Topic> topics{};
    std::vector<Node> nodes{};

    static constexpr void fields(auto&& visit) {
        visit(field("error_code"), &DescribeQuorumResponse::error_code);
        visit(field("error_message", since(2)).nullable(since(2)).ignorable(),
              &DescribeQuorumResponse::error_message);
        visit(field("topics"), &DescribeQuorumResponse::topics);
        visit(field("nodes", since(2)), &DescribeQuorumResponse::nodes);
    }
    bool operator==(const DescribeQuorumResponse&) const = default;
};

}  // namespace sluice::protocol
