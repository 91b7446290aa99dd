#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DescribeLogDirsRequest {
    static constexpr Versions versions = between(1, 5);
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

    // Null for all topics.
    std::optional<std::vector<Topic>> topics = std::vector<Topic>{};

    static constexpr void fields(auto&& visit) {
        visit(field("topics").nullable(), &DescribeLogDirsRequest::topics);
    }
    bool operator==(const DescribeLogDirsRequest&) const = default;
};

struct DescribeLogDirsResponse {
    static constexpr Versions versions = between(1, 5);
    static constexpr Versions flexible = since(2);

    struct Partition {
        PartitionIndex partition_index{};
        std::int64_t partition_size = 0;
        // How far a future replica is behind, or this one behind the high watermark.
        std::int64_t offset_lag = 0;
        bool is_future_key = false;

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Partition::partition_index);
            visit(field("partition_size"), &Partition::partition_size);
            visit(field("offset_lag"), &Partition::offset_lag);
            visit(field("is_future_key"), &Partition::is_future_key);
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

    struct LogDir {
        ErrorCode error_code = ErrorCode::none;
        std::string log_dir{};
        std::vector<Topic> topics{};
        std::int64_t total_bytes = -1;
        std::int64_t usable_bytes = -1;
        bool is_cordoned = false;

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &LogDir::error_code);
            visit(field("log_dir"), &LogDir::log_dir);
            visit(field("topics"), &LogDir::topics);
            visit(field("total_bytes", since(4)).ignorable(), &LogDir::total_bytes);
            visit(field("usable_bytes", since(4)).ignorable(), &LogDir::usable_bytes);
            visit(field("is_cordoned", since(5)).ignorable(), &LogDir::is_cordoned);
        }
        bool operator==(const LogDir&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<LogDir> results{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &DescribeLogDirsResponse::throttle_time_ms);
        visit(field("error_code", since(3)).ignorable(), &DescribeLogDirsResponse::error_code);
        visit(field("results"), &DescribeLogDirsResponse::results);
    }
    bool operator==(const DescribeLogDirsResponse&) const = default;
};

}  // namespace sluice::protocol
