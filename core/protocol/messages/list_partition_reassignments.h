#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct ListPartitionReassignmentsRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Topic {
        std::string name{};
        std::vector<PartitionIndex> partition_indexes{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("partition_indexes"), &Topic::partition_indexes);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t timeout_ms = 60000;
    std::optional<std::vector<Topic>> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("timeout_ms"), &ListPartitionReassignmentsRequest::timeout_ms);
        visit(field("topics").nullable(), &ListPartitionReassignmentsRequest::topics);
    }
    bool operator==(const ListPartitionReassignmentsRequest&) const = default;
};

struct ListPartitionReassignmentsResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            std::vector<BrokerId> replicas{};
            std::vector<BrokerId> adding_replicas{};
            std::vector<BrokerId> removing_replicas{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("replicas"), &Partition::replicas);
                visit(field("adding_replicas"), &Partition::adding_replicas);
                visit(field("removing_replicas"), &Partition::removing_replicas);
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
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &ListPartitionReassignmentsResponse::throttle_time_ms);
        visit(field("error_code"), &ListPartitionReassignmentsResponse::error_code);
        visit(field("error_message").nullable(),
              &ListPartitionReassignmentsResponse::error_message);
        visit(field("topics"), &ListPartitionReassignmentsResponse::topics);
    }
    bool operator==(const ListPartitionReassignmentsResponse&) const = default;
};

}  // namespace sluice::protocol
