#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct CreatePartitionsRequest {
    static constexpr Versions versions = between(0, 3);
    static constexpr Versions flexible = since(2);

    struct Assignment {
        std::vector<BrokerId> broker_ids{};

        static constexpr void fields(auto&& visit) {
            visit(field("broker_ids"), &Assignment::broker_ids);
        }
        bool operator==(const Assignment&) const = default;
    };

    struct Topic {
        std::string name{};
        // The new total.
        std::int32_t count = 0;
        // Of the new partitions alone; null to let the broker choose.
        std::optional<std::vector<Assignment>> assignments = std::vector<Assignment>{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("count"), &Topic::count);
            visit(field("assignments").nullable(), &Topic::assignments);
        }
        bool operator==(const Topic&) const = default;
    };

    std::vector<Topic> topics{};
    std::int32_t timeout_ms = 0;
    bool validate_only = false;

    static constexpr void fields(auto&& visit) {
        visit(field("topics"), &CreatePartitionsRequest::topics);
        visit(field("timeout_ms"), &CreatePartitionsRequest::timeout_ms);
        visit(field("validate_only"), &CreatePartitionsRequest::validate_only);
    }
    bool operator==(const CreatePartitionsRequest&) const = default;
};

struct CreatePartitionsResponse {
    static constexpr Versions versions = between(0, 3);
    static constexpr Versions flexible = since(2);

    struct Topic {
        std::string name{};
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Topic::name);
            visit(field("error_code"), &Topic::error_code);
            visit(field("error_message").nullable(), &Topic::error_message);
        }
        bool operator==(const Topic&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> results{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &CreatePartitionsResponse::throttle_time_ms);
        visit(field("results"), &CreatePartitionsResponse::results);
    }
    bool operator==(const CreatePartitionsResponse&) const = default;
};

}  // namespace sluice::protocol
