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

struct OffsetFetchRequest {
    static constexpr Versions versions = between(1, 10);
    static constexpr Versions flexible = since(6);

    struct Topic {
        std::string name{};
        std::vector<PartitionIndex> partition_indexes{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", until(7)), &Topic::name);
            visit(field("partition_indexes", until(7)), &Topic::partition_indexes);
        }
        bool operator==(const Topic&) const = default;
    };

    struct GroupTopic {
        std::string name{};
        TopicId topic_id{};
        std::vector<PartitionIndex> partition_indexes{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", between(8, 9)).ignorable(), &GroupTopic::name);
            visit(field("topic_id", since(10)).ignorable(), &GroupTopic::topic_id);
            visit(field("partition_indexes", since(8)), &GroupTopic::partition_indexes);
        }
        bool operator==(const GroupTopic&) const = default;
    };

    struct Group {
        std::string group_id{};
        std::optional<std::string> member_id{};
        std::int32_t member_epoch = -1;
        // Null for all of the group.
        std::optional<std::vector<GroupTopic>> topics = std::vector<GroupTopic>{};

        static constexpr void fields(auto&& visit) {
            visit(field("group_id", since(8)), &Group::group_id);
            visit(field("member_id", since(9)).nullable(since(9)).ignorable(), &Group::member_id);
            visit(field("member_epoch", since(9)).ignorable(), &Group::member_epoch);
            visit(field("topics", since(8)).nullable(since(8)), &Group::topics);
        }
        bool operator==(const Group&) const = default;
    };

    // Until version 7, with topics; then several groups at once.
    std::string group_id{};
    // Null for all of the group, from version 2.
    std::optional<std::vector<Topic>> topics = std::vector<Topic>{};
    std::vector<Group> groups{};
    // Answer UNSTABLE_OFFSET_COMMIT while a transaction is open on an offset.
    bool require_stable = false;

    static constexpr void fields(auto&& visit) {
        visit(field("group_id", until(7)), &OffsetFetchRequest::group_id);
        visit(field("topics", until(7)).nullable(between(2, 7)), &OffsetFetchRequest::topics);
        visit(field("groups", since(8)), &OffsetFetchRequest::groups);
        visit(field("require_stable", since(7)), &OffsetFetchRequest::require_stable);
    }
    bool operator==(const OffsetFetchRequest&) const = default;
};

struct OffsetFetchResponse {
    static constexpr Versions versions = between(1, 10);
    static constexpr Versions flexible = since(6);

    struct Partition {
        PartitionIndex partition_index{};
        // -1 for none.
        Offset committed_offset{};
        LeaderEpoch committed_leader_epoch{-1};
        std::optional<std::string> metadata = "";
        ErrorCode error_code = ErrorCode::none;

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index", until(7)), &Partition::partition_index);
            visit(field("committed_offset", until(7)), &Partition::committed_offset);
            visit(field("committed_leader_epoch", between(5, 7)).ignorable(),
                  &Partition::committed_leader_epoch);
            visit(field("metadata", until(7)).nullable(until(7)), &Partition::metadata);
            visit(field("error_code", until(7)), &Partition::error_code);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        std::string name{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", until(7)), &Topic::name);
            visit(field("partitions", until(7)), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    struct GroupPartition {
        PartitionIndex partition_index{};
        // -1 for none.
        Offset committed_offset{};
        LeaderEpoch committed_leader_epoch{-1};
        std::optional<std::string> metadata = "";
        ErrorCode error_code = ErrorCode::none;

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index", since(8)), &GroupPartition::partition_index);
            visit(field("committed_offset", since(8)), &GroupPartition::committed_offset);
            visit(field("committed_leader_epoch", since(8)).ignorable(),
                  &GroupPartition::committed_leader_epoch);
            visit(field("metadata", since(8)).nullable(since(8)), &GroupPartition::metadata);
            visit(field("error_code", since(8)), &GroupPartition::error_code);
        }
        bool operator==(const GroupPartition&) const = default;
    };

    struct GroupTopic {
        std::string name{};
        TopicId topic_id{};
        std::vector<GroupPartition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", between(8, 9)).ignorable(), &GroupTopic::name);
            visit(field("topic_id", since(10)).ignorable(), &GroupTopic::topic_id);
            visit(field("partitions", since(8)), &GroupTopic::partitions);
        }
        bool operator==(const GroupTopic&) const = default;
    };

    struct Group {
        std::string group_id{};
        std::vector<GroupTopic> topics{};
        ErrorCode error_code = ErrorCode::none;

        static constexpr void fields(auto&& visit) {
            visit(field("group_id", since(8)), &Group::group_id);
            visit(field("topics", since(8)), &Group::topics);
            visit(field("error_code", since(8)), &Group::error_code);
        }
        bool operator==(const Group&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};
    ErrorCode error_code = ErrorCode::none;
    std::vector<Group> groups{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(3)).ignorable(),
              &OffsetFetchResponse::throttle_time_ms);
        visit(field("topics", until(7)), &OffsetFetchResponse::topics);
        visit(field("error_code", between(2, 7)).ignorable(), &OffsetFetchResponse::error_code);
        visit(field("groups", since(8)), &OffsetFetchResponse::groups);
    }
    bool operator==(const OffsetFetchResponse&) const = default;
};

}  // namespace sluice::protocol
