#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct CreateTopicsRequest {
    static constexpr Versions versions = between(2, 7);
    static constexpr Versions flexible = since(5);

    struct Assignment {
        PartitionIndex partition_index{};
        std::vector<BrokerId> broker_ids{};

        static constexpr void fields(auto&& visit) {
            visit(field("partition_index"), &Assignment::partition_index);
            visit(field("broker_ids"), &Assignment::broker_ids);
        }
        bool operator==(const Assignment&) const = default;
    };

    struct Config {
        std::string name{};
        std::optional<std::string> value = "";

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Config::name);
            visit(field("value").nullable(), &Config::value);
        }
        bool operator==(const Config&) const = default;
    };

    struct Topic {
        std::string name{};
        // -1 for the broker's default, or when assignments are given.
        std::int32_t num_partitions = 0;
        // -1 for the broker's default, or when assignments are given.
        std::int16_t replication_factor = 0;
        std::vector<Assignment> assignments{};
        std::vector<Config> configs{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("num_partitions"), &Topic::num_partitions);
            visit(field("replication_factor"), &Topic::replication_factor);
            visit(field("assignments"), &Topic::assignments);
            visit(field("configs"), &Topic::configs);
        }
        bool operator==(const Topic&) const = default;
    };

    std::vector<Topic> topics{};
    std::int32_t timeout_ms = 60000;
    bool validate_only = false;

    static constexpr void fields(auto&& visit) {
        visit(field("topics"), &CreateTopicsRequest::topics);
        visit(field("timeout_ms"), &CreateTopicsRequest::timeout_ms);
        visit(field("validate_only", since(1)), &CreateTopicsRequest::validate_only);
    }
    bool operator==(const CreateTopicsRequest&) const = default;
};

struct CreateTopicsResponse {
    static constexpr Versions versions = between(2, 7);
    static constexpr Versions flexible = since(5);

    struct Config {
        std::string name{};
        std::optional<std::string> value = "";
        bool read_only = false;
        std::int8_t config_source = -1;
        bool is_sensitive = false;

        static constexpr void fields(auto&& visit) {
            visit(field("name", since(5)), &Config::name);
            visit(field("value", since(5)).nullable(since(5)), &Config::value);
            visit(field("read_only", since(5)), &Config::read_only);
            visit(field("config_source", since(5)).ignorable(), &Config::config_source);
            visit(field("is_sensitive", since(5)), &Config::is_sensitive);
        }
        bool operator==(const Config&) const = default;
    };

    struct Topic {
        std::string name{};
        TopicId topic_id{};
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message = "";
        // Why the configs are missing although the topic was made.
        ErrorCode topic_config_error_code = ErrorCode::none;
        std::int32_t num_partitions = -1;
        std::int16_t replication_factor = -1;
        std::optional<std::vector<Config>> configs = std::vector<Config>{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("topic_id", since(7)).ignorable(), &Topic::topic_id);
            visit(field("error_code"), &Topic::error_code);
            visit(field("error_message", since(1)).nullable().ignorable(), &Topic::error_message);
            visit(field("num_partitions", since(5)).ignorable(), &Topic::num_partitions);
            visit(field("replication_factor", since(5)).ignorable(), &Topic::replication_factor);
            visit(field("configs", since(5)).nullable(since(5)).ignorable(), &Topic::configs);
            visit(tagged(0, "topic_config_error_code", since(5)).ignorable(),
                  &Topic::topic_config_error_code);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(2)).ignorable(),
              &CreateTopicsResponse::throttle_time_ms);
        visit(field("topics"), &CreateTopicsResponse::topics);
    }
    bool operator==(const CreateTopicsResponse&) const = default;
};

}  // namespace sluice::protocol
