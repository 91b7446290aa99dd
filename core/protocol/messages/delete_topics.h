#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DeleteTopicsRequest {
    static constexpr Versions versions = between(1, 6);
    static constexpr Versions flexible = since(4);

    struct Topic {
        std::optional<std::string> name{};
        TopicId topic_id{};

        static constexpr void fields(auto&& visit) {
            visit(field("name", since(6)).nullable(since(6)), &Topic::name);
            visit(field("topic_id", since(6)), &Topic::topic_id);
        }
        bool operator==(const Topic&) const = default;
    };

    std::vector<Topic> topics{};
    // Until version 5; then topics, which can also name them by id.
    std::vector<std::string> topic_names{};
    std::int32_t timeout_ms = 0;

    static constexpr void fields(auto&& visit) {
        visit(field("topics", since(6)), &DeleteTopicsRequest::topics);
        visit(field("topic_names", until(5)).ignorable(), &DeleteTopicsRequest::topic_names);
        visit(field("timeout_ms"), &DeleteTopicsRequest::timeout_ms);
    }
    bool operator==(const DeleteTopicsRequest&) const = default;
};

struct DeleteTopicsResponse {
    static constexpr Versions versions = between(1, 6);
    static constexpr Versions flexible = since(4);

    struct Topic {
        std::optional<std::string> name = "";
        TopicId topic_id{};
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message{};

        static constexpr void fields(auto&& visit) {
            visit(field("name").nullable(since(6)), &Topic::name);
            visit(field("topic_id", since(6)).ignorable(), &Topic::topic_id);
            visit(field("error_code"), &Topic::error_code);
            visit(field("error_message", since(5)).nullable(since(5)).ignorable(),
                  &Topic::error_message);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> responses{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &DeleteTopicsResponse::throttle_time_ms);
        visit(field("responses"), &DeleteTopicsResponse::responses);
    }
    bool operator==(const DeleteTopicsResponse&) const = default;
};

}  // namespace sluice::protocol
