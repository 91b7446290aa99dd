#pragma once

#include <cstdint>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct AlterPartitionRequest {
    static constexpr Versions versions = between(2, 3);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            struct BrokerState {
                BrokerId broker_id{};
                BrokerEpoch broker_epoch{-1};

                static constexpr void fields(auto&& visit) {
                    visit(field("broker_id", since(3)), &BrokerState::broker_id);
                    visit(field("broker_epoch", since(3)), &BrokerState::broker_epoch);
                }
                bool operator==(const BrokerState&) const = default;
            };

            PartitionIndex partition_index{};
            LeaderEpoch leader_epoch{};
            std::vector<BrokerId> new_isr{};
            std::vector<BrokerState> new_isr_with_epochs{};
            std::int8_t leader_recovery_state = 0;
            PartitionEpoch partition_epoch{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("leader_epoch"), &Partition::leader_epoch);
                visit(field("new_isr", until(2)), &Partition::new_isr);
                visit(field("new_isr_with_epochs", since(3)), &Partition::new_isr_with_epochs);
                visit(field("leader_recovery_state"), &Partition::leader_recovery_state);
                visit(field("partition_epoch"), &Partition::partition_epoch);
            }
            bool operator==(const Partition&) const = default;
        };

        TopicId topic_id{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic_id").ignorable(), &Topic::topic_id);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    BrokerId broker_id{};
    BrokerEpoch broker_epoch{-1};
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &AlterPartitionRequest::broker_id);
        visit(field("broker_epoch"), &AlterPartitionRequest::broker_epoch);
        visit(field("topics"), &AlterPartitionRequest::topics);
    }
    bool operator==(const AlterPartitionRequest&) const = default;
};

struct AlterPartitionResponse {
    static constexpr Versions versions = between(2, 3);
    static constexpr Versions flexible = since(0);

    struct Topic {
        struct Partition {
            PartitionIndex partition_index{};
            ErrorCode error_code = ErrorCode::none;
            BrokerId leader_id{};
            LeaderEpoch leader_epoch{};
            std::vector<BrokerId> isr{};
            std::int8_t leader_recovery_state = 0;
            PartitionEpoch partition_epoch{};

            static constexpr void fields(auto&& visit) {
                visit(field("partition_index"), &Partition::partition_index);
                visit(field("error_code"), &Partition::error_code);
                visit(field("leader_id"), &Partition::leader_id);
                visit(field("leader_epoch"), &Partition::leader_epoch);
                visit(field("isr"), &Partition::isr);
                visit(field("leader_recovery_state").ignorable(),
                      &Partition::leader_recovery_state);
                visit(field("partition_epoch"), &Partition::partition_epoch);
            }
            bool operator==(const Partition&) const = default;
        };

        TopicId topic_id{};
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic_id").ignorable(), &Topic::topic_id);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &AlterPartitionResponse::throttle_time_ms);
        visit(field("error_code"), &AlterPartitionResponse::error_code);
        visit(field("topics"), &AlterPartitionResponse::topics);
    }
    bool operator==(const AlterPartitionResponse&) const = default;
};

}  // namespace sluice::protocol
