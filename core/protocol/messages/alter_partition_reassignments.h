#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct AlterPartitionReassignmentsRequest {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            std::optional<std::vector<BrokerId>> replicas{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("replicas").nullable(), &Partition::replicas);
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

    std::int32_t timeout_ms = 60000;
    bool allow_replication_factor_change = true;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("timeout_ms"), &AlterPartitionReassignmentsRequest::timeout_ms);
        visit(field("allow_replication_factor_change", since(1)),
              &AlterPartitionReassignmentsRequest::allow_replication_factor_change);
        visit(field("topics"), &AlterPartitionReassignmentsRequest::topics);
    }
    bool operator==(const AlterPartitionReassignmentsRequest&) const = default;
};

struct AlterPartitionReassignmentsResponse {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            ErrorCode error_code = ErrorCode::none;
            std::optional<std::string> error_message = "";

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("error_code"), &Partition::error_code);
                visit(field("error_message").nullable(), &Partition::error_message);
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

    std::int32_t throttle_time_ms = 0;
    bool allow_replication_factor_change = true;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";
    std::vector<Topic> responses{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &AlterPartitionReassignmentsResponse::throttle_time_ms);
        visit(field("allow_replication_factor_change", since(1)).ignorable(),
              &AlterPartitionReassignmentsResponse::allow_replication_factor_change);
        visit(field("error_code"), &AlterPartitionReassignmentsResponse::error_code);
        visit(field("error_message").nullable(),
              &AlterPartitionReassignmentsResponse::error_message);
        visit(field("responses"), &AlterPartitionReassignmentsResponse::responses);
    }
    bool operator==(const AlterPartitionReassignmentsResponse&) const = default;
};

}  // namespace sluice::protocol
