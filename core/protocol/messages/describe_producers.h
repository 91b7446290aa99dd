#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DescribeProducersRequest {
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

    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("topics"), &DescribeProducersRequest::topics);
    }
    bool operator==(const DescribeProducersRequest&) const = default;
};

struct DescribeProducersResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct ProducerState {
        ProducerId producer_id{};
        std::int32_t producer_epoch = 0;
        Sequence last_sequence{-1};
        Timestamp last_timestamp{-1};
        std::int32_t coordinator_epoch = 0;
        Offset current_txn_start_offset{-1};

        static constexpr void fields(auto&& visit) {
            visit(field("producer_id"), &ProducerState::producer_id);
            visit(field("producer_epoch"), &ProducerState::producer_epoch);
            visit(field("last_sequence"), &ProducerState::last_sequence);
            visit(field("last_timestamp"), &ProducerState::last_timestamp);
            visit(field("coordinator_epoch"), &ProducerState::coordinator_epoch);
            visit(field("current_txn_start_offset"), &ProducerState::current_txn_start_offset);
        }
        bool operator==(const ProducerState&) const = default;
    };

    struct Partition {
        PartitionIndex partition_index{};
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message{};
        std::vector<ProducerState> active_producers{};

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("error_code"), &Partition::error_code);
            visit(field("error_message").nullable(), &Partition::error_message);
            visit(field("active_producers"), &Partition::active_producers);
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
        visit(field("throttle_time_ms"), &DescribeProducersResponse::throttle_time_ms);
        visit(field("topics"), &DescribeProducersResponse::topics);
    }
    bool operator==(const DescribeProducersResponse&) const = default;
};

}  // namespace sluice::protocol
