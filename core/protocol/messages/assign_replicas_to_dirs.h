#pragma once

#include <cstdint>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct AssignReplicasToDirsRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Directory {
        struct Topic {
            struct Partition {
                PartitionIndex partition_index{};

                static constexpr void fields(auto&& visit) {
                    visit(field("partition_index"), &Partition::partition_index);
                }
                bool operator==(const Partition&) const = default;
            };

            TopicId topic_id{};
            std::vector<Partition> partitions{};

            static constexpr void fields(auto&& visit) {
                visit(field("topic_id"), &Topic::topic_id);
                visit(field("partitions"), &Topic::partitions);
            }
            bool operator==(const Topic&) const = default;
        };

        Uuid id{};
        std::vector<Topic> topics{};

        static constexpr void fields(auto&& visit) {
            visit(field("id"), &Directory::id);
            visit(field("topics"), &Directory::topics);
        }
        bool operator==(const Directory&) const = default;
    };

    BrokerId broker_id{};
    BrokerEpoch broker_epoch{-1};
    std::vector<Directory> directories{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &AssignReplicasToDirsRequest::broker_id);
        visit(field("broker_epoch"), &AssignReplicasToDirsRequest::broker_epoch);
        visit(field("directories"), &AssignReplicasToDirsRequest::directories);
    }
    bool operator==(const AssignReplicasToDirsRequest&) const = default;
};

struct AssignReplicasToDirsResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Directory {
        struct Topic {
            struct Partition {
                PartitionIndex partition_index{};
                ErrorCode error_code = ErrorCode::none;

                static constexpr void fields(auto&& visit) {
                    visit(field("partition_index"), &Partition::partition_index);
                    visit(field("error_code"), &Partition::error_code);
                }
                bool operator==(const Partition&) const = default;
            };

            TopicId topic_id{};
            std::vector<Partition> partitions{};

            static constexpr void fields(auto&& visit) {
                visit(field("topic_id"), &Topic::topic_id);
                visit(field("partitions"), &Topic::partitions);
            }
            bool operator==(const Topic&) const = default;
        };

        Uuid id{};
        std::vector<Topic> topics{};

        static constexpr void fields(auto&& visit) {
            visit(field("id"), &Directory::id);
            visit(field("topics"), &Directory::topics);
        }
        bool operator==(const Directory&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<Directory> directories{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &AssignReplicasToDirsResponse::throttle_time_ms);
        visit(field("error_code"), &AssignReplicasToDirsResponse::error_code);
        visit(field("directories"), &AssignReplicasToDirsResponse::directories);
    }
    bool operator==(const AssignReplicasToDirsResponse&) const = default;
};

}  // namespace sluice::protocol
