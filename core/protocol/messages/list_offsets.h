#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct ListOffsetsRequest {
    static constexpr Versions versions = between(1, 11);
    static constexpr Versions flexible = since(6);

    struct Partition {
        PartitionIndex partition_index{};
        LeaderEpoch current_leader_epoch{-1};
        // Or -1 latest, -2 earliest, -3 the highest timestamp, -4 earliest local, -5 latest tiered,
        // -6 earliest not yet tiered.
        Timestamp timestamp{};

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("current_leader_epoch", since(4)).ignorable(),
                  &Partition::current_leader_epoch);
            visit(field("timestamp"), &Partition::timestamp);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string name{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    BrokerId replica_id{};
    std::int8_t isolation_level = 0;
    std::vector<Topic> topics{};
    std::int32_t timeout_ms = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("replica_id"), &ListOffsetsRequest::replica_id);
        visit(field("isolation_level", since(2)), &ListOffsetsRequest::isolation_level);
        visit(field("topics"), &ListOffsetsRequest::topics);
        visit(field("timeout_ms", since(10)).ignorable(), &ListOffsetsRequest::timeout_ms);
    }
    bool operator==(const ListOffsetsRequest&) const = default;
};

struct ListOffsetsResponse {
    static constexpr Versions versions = between(1, 11);
    static constexpr Versions flexible = since(6);

    struct Partition {
        PartitionIndex partition_index{};
        ErrorCode error_code = ErrorCode::none;
        Timestamp timestamp{-1};
        Offset offset{-1};
        LeaderEpoch leader_epoch{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("error_code"), &Partition::error_code);
            visit(field("timestamp", since(1)), &Partition::timestamp);
            visit(field("offset", since(1)), &Partition::offset);
            visit(field("leader_epoch", since(4)), &Partition::leader_epoch);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string name{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(2)).ignorable(),
              &ListOffsetsResponse::throttle_time_ms);
        visit(field("topics"), &ListOffsetsResponse::topics);
    }
    bool operator==(const ListOffsetsResponse&) const = default;
};

}  // namespace sluice::protocol
