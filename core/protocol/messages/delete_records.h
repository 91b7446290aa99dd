#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DeleteRecordsRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    struct Partition {
        PartitionIndex partition_index{};
        // The first offset to keep; -1 for the high watermark.
        Offset offset{};

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("offset"), &Partition::offset);
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

    std::vector<Topic> topics{};
    std::int32_t timeout_ms = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("topics"), &DeleteRecordsRequest::topics);
        visit(field("timeout_ms"), &DeleteRecordsRequest::timeout_ms);
    }
    bool operator==(const DeleteRecordsRequest&) const = default;
};

struct DeleteRecordsResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    struct Partition {
        PartitionIndex partition_index{};
        Offset low_watermark{};
        ErrorCode error_code = ErrorCode::none;

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("low_watermark"), &Partition::low_watermark);
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

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &DeleteRecordsResponse::throttle_time_ms);
        visit(field("topics"), &DeleteRecordsResponse::topics);
    }
    bool operator==(const DeleteRecordsResponse&) const = default;
};

}  // namespace sluice::protocol
