#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct SyncGroupRequest {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(4);

    struct Assignment {
        std::string member_id{};
        Bytes assignment{};

        static constexpr void fields(auto&& visit) {
            visit(field("member_id"), &Assignment::member_id);
            visit(field("assignment"), &Assignment::assignment);
        }
        bool operator==(const Assignment&) const = default;
    };

    std::string group_id{};
    GenerationId generation_id{};
    std::string member_id{};
    std::optional<std::string> group_instance_id{};
    std::optional<std::string> protocol_type{};
    std::optional<std::string> protocol_name{};
    // Empty from everybody but the leader.
    std::vector<Assignment> assignments{};

    static constexpr void fields(auto&& visit) {
        visit(field("group_id"), &SyncGroupRequest::group_id);
        visit(field("generation_id"), &SyncGroupRequest::generation_id);
        visit(field("member_id"), &SyncGroupRequest::member_id);
        visit(field("group_instance_id", since(3)).nullable(since(3)),
              &SyncGroupRequest::group_instance_id);
        visit(field("protocol_type", since(5)).nullable(since(5)).ignorable(),
              &SyncGroupRequest::protocol_type);
        visit(field("protocol_name", since(5)).nullable(since(5)).ignorable(),
              &SyncGroupRequest::protocol_name);
        visit(field("assignments"), &SyncGroupRequest::assignments);
    }
    bool operator==(const SyncGroupRequest&) const = default;
};

struct SyncGroupResponse {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(4);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> protocol_type{};
    std::optional<std::string> protocol_name{};
    Bytes assignment{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &SyncGroupResponse::throttle_time_ms);
        visit(field("error_code"), &SyncGroupResponse::error_code);
        visit(field("protocol_type", since(5)).nullable(since(5)).ignorable(),
              &SyncGroupResponse::protocol_type);
        visit(field("protocol_name", since(5)).nullable(since(5)).ignorable(),
              &SyncGroupResponse::protocol_name);
        visit(field("assignment"), &SyncGroupResponse::assignment);
    }
    bool operator==(const SyncGroupResponse&) const = default;
};

}  // namespace sluice::protocol
