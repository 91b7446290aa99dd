#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct OffsetForLeaderEpochRequest {
    static constexpr Versions versions = between(2, 4);
    static constexpr Versions flexible = since(4);

    struct Partition {
        PartitionIndex partition{};
        LeaderEpoch current_leader_epoch{-1};
        LeaderEpoch leader_epoch{};

        static constexpr void fields(auto&& visit) {
            visit(field("partition"), &Partition::partition);
            visit(field("current_leader_epoch", since(2)).ignorable(),
                  &Partition::current_leader_epoch);
            visit(field("leader_epoch"), &Partition::leader_epoch);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string topic{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic"), &Topic::topic);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    // -1 for consumers, -2 for whoever debugs.
    BrokerId replica_id{-2};
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("replica_id", since(3)).ignorable(), &OffsetForLeaderEpochRequest::replica_id);
        visit(field("topics"), &OffsetForLeaderEpochRequest::topics);
    }
    bool operator==(const OffsetForLeaderEpochRequest&) const = default;
};

struct OffsetForLeaderEpochResponse {
    static constexpr Versions versions = between(2, 4);
    static constexpr Versions flexible = since(4);

    struct EpochEndOffset {
        ErrorCode error_code = ErrorCode::none;
        PartitionIndex partition{};
        LeaderEpoch leader_epoch{-1};
        Offset end_offset{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &EpochEndOffset::error_code);
            visit(field("partition"), &EpochEndOffset::partition);
            visit(field("leader_epoch", since(1)).ignorable(), &EpochEndOffset::leader_epoch);
            visit(field("end_offset"), &EpochEndOffset::end_offset);
        }
        bool operator==(const EpochEndOffset&) const = default;
    };

    struct Topic {
        std::string topic{};
        std::vector<EpochEndOffset> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic"), &Topic::topic);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(2)).ignorable(),
              &OffsetForLeaderEpochResponse::throttle_time_ms);
        visit(field("topics"), &OffsetForLeaderEpochResponse::topics);
    }
    bool operator==(const OffsetForLeaderEpochResponse&) const = default;
};

}  // namespace sluice::protocol
