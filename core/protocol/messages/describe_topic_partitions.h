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

struct DescribeTopicPartitionsRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Topic {
        std::string name{};

        static constexpr void fields(auto&& visit) { visit(field("name"), &Topic::name); }
        bool operator==(const Topic&) const = default;
    };

    struct Cursor {
        std::string topic_name{};
        PartitionIndex partition_index{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic_name"), &Cursor::topic_name);
            visit(field("partition_index"), &Cursor::partition_index);
        }
        bool operator==(const Cursor&) const = default;
    };

    // Empty for all topics.
    std::vector<Topic> topics{};
    std::int32_t response_partition_limit = 2000;
    // Where to begin; the reply names where the next one should.
    std::optional<Cursor> cursor{};

    static constexpr void fields(auto&& visit) {
        visit(field("topics"), &DescribeTopicPartitionsRequest::topics);
        visit(field("response_partition_limit"),
              &DescribeTopicPartitionsRequest::response_partition_limit);
        visit(field("cursor").nullable(), &DescribeTopicPartitionsRequest::cursor);
    }
    bool operator==(const DescribeTopicPartitionsRequest&) const = default;
};

struct DescribeTopicPartitionsResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Partition {
        ErrorCode error_code = ErrorCode::none;
        PartitionIndex partition_index{};
        BrokerId leader_id{};
        LeaderEpoch leader_epoch{-1};
        std::vector<BrokerId> replica_nodes{};
        std::vector<BrokerId> isr_nodes{};
        std::optional<std::vector<BrokerId>> eligible_leader_replicas{};
        std::optional<std::vector<BrokerId>> last_known_elr{};
        std::vector<BrokerId> offline_replicas{};

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &Partition::error_code);
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("leader_id"), &Partition::leader_id);
            visit(field("leader_epoch").ignorable(), &Partition::leader_epoch);
            visit(field("replica_nodes"), &Partition::replica_nodes);
            visit(field("isr_nodes"), &Partition::isr_nodes);
            visit(field("eligible_leader_replicas").nullable(),
                  &Partition::eligible_leader_replicas);
            visit(field("last_known_elr").nullable(), &Partition::last_known_elr);
            visit(field("offline_replicas").ignorable(), &Partition::offline_replicas);
        }
        bool operator==(const Partition&) const = default;
    };

    struct Topic {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> name = "";
        TopicId topic_id{};
        bool is_internal = false;
        std::vector<Partition> partitions{};
        std::int32_t topic_authorized_operations = std::numeric_limits<std::int32_t>::min();

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &Topic::error_code);
            visit(field("name").nullable(), &Topic::name);
            visit(field("topic_id").ignorable(), &Topic::topic_id);
            visit(field("is_internal").ignorable(), &Topic::is_internal);
            visit(field("partitions"), &Topic::partitions);
            visit(field("topic_authorized_operations"), &Topic::topic_authorized_operations);
        }
        bool operator==(const Topic&) const = default;
    };

    struct Cursor {
        std::string topic_name{};
        PartitionIndex partition_index{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic_name"), &Cursor::topic_name);
            visit(field("partition_index"), &Cursor::partition_index);
        }
        bool operator==(const Cursor&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};
    std::optional<Cursor> next_cursor{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms").ignorable(),
              &DescribeTopicPartitionsResponse::throttle_time_ms);
        visit(field("topics"), &DescribeTopicPartitionsResponse::topics);
        visit(field("next_cursor").nullable(), &DescribeTopicPartitionsResponse::next_cursor);
    }
    bool operator==(const DescribeTopicPartitionsResponse&) const = default;
};

}  // namespace sluice::protocol
