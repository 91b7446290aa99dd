#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct FetchSnapshotRequest {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            struct SnapshotId {
                Offset end_offset{};
                LeaderEpoch epoch{};

                static constexpr void fields(auto&& visit) {
                    visit(field("end_offset"), &SnapshotId::end_offset);
                    visit(field("epoch"), &SnapshotId::epoch);
                }
                bool operator==(const SnapshotId&) const = default;
            };

            PartitionIndex partition{};
            LeaderEpoch current_leader_epoch{};
            SnapshotId snapshot_id{};
            std::int64_t position = 0;
            Uuid replica_directory_id{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition"), &Partition::partition);
                visit(field("current_leader_epoch"), &Partition::current_leader_epoch);
                visit(field("snapshot_id"), &Partition::snapshot_id);
                visit(field("position"), &Partition::position);
                visit(tagged(0, "replica_directory_id", since(1)).ignorable(),
                      &Partition::replica_directory_id);
            }
            bool operator==(const Partition&) const = default;
        };

        std::string name{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    std::optional<std::string> cluster_id{};
    BrokerId replica_id{-1};
    std::int32_t max_bytes = 0x7fffffff;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("replica_id"), &FetchSnapshotRequest::replica_id);
        visit(field("max_bytes"), &FetchSnapshotRequest::max_bytes);
        visit(field("topics"), &FetchSnapshotRequest::topics);
        visit(tagged(0, "cluster_id").nullable(), &FetchSnapshotRequest::cluster_id);
    }
    bool operator==(const FetchSnapshotRequest&) const = default;
};

struct FetchSnapshotResponse {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            struct SnapshotId {
                Offset end_offset{};
                LeaderEpoch epoch{};

                static constexpr void fields(auto&& visit) {
                    visit(field("end_offset"), &SnapshotId::end_offset);
                    visit(field("epoch"), &SnapshotId::epoch);
                }
                bool operator==(const SnapshotId&) const = default;
            };

            struct LeaderIdAndEpoch {
                BrokerId leader_id{};
                LeaderEpoch leader_epoch{};

                static constexpr void fields(auto&& visit) {
                    visit(field("leader_id"), &LeaderIdAndEpoch::leader_id);
                    visit(field("leader_epoch"), &LeaderIdAndEpoch::leader_epoch);
                }
                bool operator==(const LeaderIdAndEpoch&) const = default;
            };

            PartitionIndex index{};
            ErrorCode error_code = ErrorCode::none;
            SnapshotId snapshot_id{};
            LeaderIdAndEpoch current_leader{};
            std::int64_t size = 0;
            std::int64_t position = 0;
            Bytes unaligned_records{};

            static constexpr void fields(auto&& visit) {
                visit(field("index"), &Partition::index);
                visit(field("error_code"), &Partition::error_code);
                visit(field("snapshot_id"), &Partition::snapshot_id);
                visit(field("size"), &Partition::size);
                visit(field("position"), &Partition::position);
                visit(field("unaligned_records"), &Partition::unaligned_records);
                visit(tagged(0, "current_leader"), &Partition::current_leader);
            }
            bool operator==(const Partition&) const = default;
        };

        std::string name{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
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

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<Topic> topics{};
    std::vector<NodeEndpoint> node_endpoints{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms").ignorable(), &FetchSnapshotResponse::throttle_time_ms);
        visit(field("error_code"), &FetchSnapshotResponse::error_code);
        visit(field("topics"), &FetchSnapshotResponse::topics);
        visit(tagged(0, "node_endpoints", since(1)), &FetchSnapshotResponse::node_endpoints);
    }
    bool operator==(const FetchSnapshotResponse&) const = default;
};

}  // namespace sluice::protocol
