#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct OffsetDeleteRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = no_versions;

    struct Partition {
        PartitionIndex partition_index{};

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
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

    std::string group_id{};
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("group_id"), &OffsetDeleteRequest::group_id);
        visit(field("topics"), &OffsetDeleteRequest::topics);
    }
    bool operator==(const OffsetDeleteRequest&) const = default;
};

struct OffsetDeleteResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = no_versions;

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
        std::vector<Partition> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("partitions"), &Topic::partitions);
        }
        bool operator==(const Topic&) const = default;
    };

    ErrorCode error_code = ErrorCode::none;
    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("error_code"), &OffsetDeleteResponse::error_code);
        visit(field("throttle_time_ms").ignorable(), &OffsetDeleteResponse::throttle_time_ms);
        visit(field("topics"), &OffsetDeleteResponse::topics);
    }
    bool operator==(const OffsetDeleteResponse&) const = default;
};

}  // namespace sluice::protocol
