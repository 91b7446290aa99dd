#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct ElectLeadersRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    struct Topic {
        std::string topic{};
        std::vector<PartitionIndex> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic"), &Topic::topic);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int8_t election_type = 0;
    std::optional<std::vector<Topic>> topic_partitions = std::vector<Topic>{};
    std::int32_t timeout_ms = 60000;

    static constexpr void fields(auto&& visit) {
        visit(field("election_type", since(1)), &ElectLeadersRequest::election_type);
        visit(field("topic_partitions").nullable(), &ElectLeadersRequest::topic_partitions);
        visit(field("timeout_ms"), &ElectLeadersRequest::timeout_ms);
    }
    bool operator==(const ElectLeadersRequest&) const = default;
};

struct ElectLeadersResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    struct Topic {
        struct Partition {
            PartitionIndex partition_id{};
            ErrorCode error_code = ErrorCode::none;
            std::optional<std::string> error_message = "";

            static constexpr void fields(auto&& visit) {
                visit(field("partition_id"), &Partition::partition_id);
                visit(field("error_code"), &Partition::error_code);
                visit(field("error_message").nullable(), &Partition::error_message);
            }
            bool operator==(const Partition&) const = default;
        };

        std::string topic{};
        std::vector<Partition> partition_result{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic"), &Topic::topic);
            visit(field("partition_result"), &Topic::partition_result);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<Topic> replica_election_results{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &ElectLeadersResponse::throttle_time_ms);
        visit(field("error_code", since(1)), &ElectLeadersResponse::error_code);
        visit(field("replica_election_results"), &ElectLeadersResponse::replica_election_results);
    }
    bool operator==(const ElectLeadersResponse&) const = default;
};

}  // namespace sluice::protocol
