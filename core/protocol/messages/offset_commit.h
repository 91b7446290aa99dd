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

struct OffsetCommitRequest {
    static constexpr Versions versions = between(2, 10);
    static constexpr Versions flexible = since(8);

    struct Partition {
        PartitionIndex partition_index{};
        Offset committed_offset{};
        LeaderEpoch committed_leader_epoch{-1};
        std::optional<std::string> committed_metadata = "";

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("committed_offset"), &Partition::committed_offset);
            visit(field("committed_leader_epoch", since(6)).ignorable(),
                  &Partition::committed_leader_epoch);
            visit(field("committed_metadata").nullable(), &Partition::committed_metadata);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string name{};
        TopicId topic_id{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", until(9)).ignorable(), &Topic::name);
            visit(field("topic_id", since(10)).ignorable(), &Topic::topic_id);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    std::string group_id{};
    // -1 for a commit from outside of a group.
    GenerationId generation_id_or_member_epoch{-1};
    std::string member_id{};
    std::optional<std::string> group_instance_id{};
    // Until version 4; -1 for what the broker is configured to.
    std::int64_t retention_time_ms = -1;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("group_id"), &OffsetCommitRequest::group_id);
        visit(field("generation_id_or_member_epoch", since(1)).ignorable(),
              &OffsetCommitRequest::generation_id_or_member_epoch);
        visit(field("member_id", since(1)).ignorable(), &OffsetCommitRequest::member_id);
        visit(field("group_instance_id", since(7)).nullable(since(7)),
              &OffsetCommitRequest::group_instance_id);
        visit(field("retention_time_ms", between(2, 4)).ignorable(),
              &OffsetCommitRequest::retention_time_ms);
        visit(field("topics"), &OffsetCommitRequest::topics);
    }
    bool operator==(const OffsetCommitRequest&) const = default;
};

struct OffsetCommitResponse {
    static constexpr Versions versions = between(2, 10);
    static constexpr Versions flexible = since(8);

    struct Partition {
        PartitionIndex partition_index{};
        ErrorCode error_code = ErrorCode::none;

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("error_code"), &Partition::error_code);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string name{};
        TopicId topic_id{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", until(9)).ignorable(), &Topic::name);
            visit(field("topic_id", since(10)).ignorable(), &Topic::topic_id);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(3)).ignorable(),
              &OffsetCommitResponse::throttle_time_ms);
        visit(field("topics"), &OffsetCommitResponse::topics);
    }
    bool operator==(const OffsetCommitResponse&) const = default;
};

}  // namespace sluice::protocol
