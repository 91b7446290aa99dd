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

struct JoinGroupRequest {
    static constexpr Versions versions = between(0, 9);
    static constexpr Versions flexible = since(6);

    struct Protocol {
        std::string name{};
        Bytes metadata{};

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Protocol::name);
            visit(field("metadata"), &Protocol::metadata);
        }
        bool operator==(const Protocol&) const = default;
    };

    std::string group_id{};
    std::int32_t session_timeout_ms = 0;
    // At version 0 the session timeout serves for both.
    std::int32_t rebalance_timeout_ms = -1;
    std::string member_id{};
    // Set for static members.
    std::optional<std::string> group_instance_id{};
    std::string protocol_type{};
    std::vector<Protocol> protocols{};
    std::optional<std::string> reason{};

    static constexpr void fields(auto&& visit) {
        visit(field("group_id"), &JoinGroupRequest::group_id);
        visit(field("session_timeout_ms"), &JoinGroupRequest::session_timeout_ms);
        visit(field("rebalance_timeout_ms", since(1)).ignorable(),
              &JoinGroupRequest::rebalance_timeout_ms);
        visit(field("member_id"), &JoinGroupRequest::member_id);
        visit(field("group_instance_id", since(5)).nullable(since(5)),
              &JoinGroupRequest::group_instance_id);
        visit(field("protocol_type"), &JoinGroupRequest::protocol_type);
        visit(field("protocols"), &JoinGroupRequest::protocols);
        visit(field("reason", since(8)).nullable(since(8)).ignorable(), &JoinGroupRequest::reason);
    }
    bool operator==(const JoinGroupRequest&) const = default;
};

struct JoinGroupResponse {
    static constexpr Versions versions = between(0, 9);
    static constexpr Versions flexible = since(6);

    struct Member {
        std::string member_id{};
        std::optional<std::string> group_instance_id{};
        Bytes metadata{};

        static constexpr void fields(auto&& visit) {
            visit(field("member_id"), &Member::member_id);
            visit(field("group_instance_id", since(5)).nullable(since(5)).ignorable(),
                  &Member::group_instance_id);
            visit(field("metadata"), &Member::metadata);
        }
        bool operator==(const Member&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    GenerationId generation_id{-1};
    std::optional<std::string> protocol_type{};
    std::optional<std::string> protocol_name = "";
    std::string leader{};
    // The leader came back and need not assign again.
    bool skip_assignment = false;
    std::string member_id{};
    // Empty for everybody but the leader.
    std::vector<Member> members{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(2)).ignorable(),
              &JoinGroupResponse::throttle_time_ms);
        visit(field("error_code"), &JoinGroupResponse::error_code);
        visit(field("generation_id"), &JoinGroupResponse::generation_id);
        visit(field("protocol_type", since(7)).nullable(since(7)).ignorable(),
              &JoinGroupResponse::protocol_type);
        visit(field("protocol_name").nullable(since(7)), &JoinGroupResponse::protocol_name);
        visit(field("leader"), &JoinGroupResponse::leader);
        visit(field("skip_assignment", since(9)), &JoinGroupResponse::skip_assignment);
        visit(field("member_id"), &JoinGroupResponse::member_id);
        visit(field("members"), &JoinGroupResponse::members);
    }
    bool operator==(const JoinGroupResponse&) const = default;
};

}  // namespace sluice::protocol
