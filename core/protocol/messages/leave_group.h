#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct LeaveGroupRequest {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(4);

    struct Member {
        std::string member_id{};
        std::optional<std::string> group_instance_id{};
        std::optional<std::string> reason{};

        static constexpr void fields(auto&& visit) {
            visit(field("member_id", since(3)), &Member::member_id);
            visit(field("group_instance_id", since(3)).nullable(since(3)),
                  &Member::group_instance_id);
            visit(field("reason", since(5)).nullable(since(5)).ignorable(), &Member::reason);
        }
        bool operator==(const Member&) const = default;
    };

    std::string group_id{};
    // Until version 2; then several at once in members.
    std::string member_id{};
    std::vector<Member> members{};

    static constexpr void fields(auto&& visit) {
        visit(field("group_id"), &LeaveGroupRequest::group_id);
        visit(field("member_id", until(2)), &LeaveGroupRequest::member_id);
        visit(field("members", since(3)), &LeaveGroupRequest::members);
    }
    bool operator==(const LeaveGroupRequest&) const = default;
};

struct LeaveGroupResponse {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(4);

    struct Member {
        std::string member_id{};
        std::optional<std::string> group_instance_id = "";
        ErrorCode error_code = ErrorCode::none;

        static constexpr void fields(auto&& visit) {
            visit(field("member_id", since(3)), &Member::member_id);
            visit(field("group_instance_id", since(3)).nullable(since(3)),
                  &Member::group_instance_id);
            visit(field("error_code", since(3)), &Member::error_code);
        }
        bool operator==(const Member&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<Member> members{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &LeaveGroupResponse::throttle_time_ms);
        visit(field("error_code"), &LeaveGroupResponse::error_code);
        visit(field("members", since(3)), &LeaveGroupResponse::members);
    }
    bool operator==(const LeaveGroupResponse&) const = default;
};

}  // namespace sluice::protocol
