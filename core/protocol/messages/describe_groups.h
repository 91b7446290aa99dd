#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DescribeGroupsRequest {
    static constexpr Versions versions = between(0, 6);
    static constexpr Versions flexible = since(5);

    std::vector<std::string> groups{};
    bool include_authorized_operations = false;

    static constexpr void fields(auto&& visit) {
        visit(field("groups"), &DescribeGroupsRequest::groups);
        visit(field("include_authorized_operations", since(3)),
              &DescribeGroupsRequest::include_authorized_operations);
    }
    bool operator==(const DescribeGroupsRequest&) const = default;
};

struct DescribeGroupsResponse {
    static constexpr Versions versions = between(0, 6);
    static constexpr Versions flexible = since(5);

    struct Member {
        std::string member_id{};
        std::optional<std::string> group_instance_id{};
        std::string client_id{};
        std::string client_host{};
        Bytes member_metadata{};
        Bytes member_assignment{};

        static constexpr void fields(auto&& visit) {
            visit(field("member_id"), &Member::member_id);
            visit(field("group_instance_id", since(4)).nullable(since(4)).ignorable(),
                  &Member::group_instance_id);
            visit(field("client_id"), &Member::client_id);
            visit(field("client_host"), &Member::client_host);
            visit(field("member_metadata"), &Member::member_metadata);
            visit(field("member_assignment"), &Member::member_assignment);
        }
        bool operator==(const Member&) const = default;
    };

    struct Group {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message{};
        std::string group_id{};
        std::string group_state{};
        std::string protocol_type{};
        std::string protocol_data{};
        std::vector<Member> members{};
        std::int32_t authorized_operations = std::numeric_limits<std::int32_t>::min();

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &Group::error_code);
            visit(field("error_message", since(6)).nullable(since(6)), &Group::error_message);
            visit(field("group_id"), &Group::group_id);
            visit(field("group_state"), &Group::group_state);
            visit(field("protocol_type"), &Group::protocol_type);
            visit(field("protocol_data"), &Group::protocol_data);
            visit(field("members"), &Group::members);
            visit(field("authorized_operations", since(3)), &Group::authorized_operations);
        }
        bool operator==(const Group&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Group> groups{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &DescribeGroupsResponse::throttle_time_ms);
        visit(field("groups"), &DescribeGroupsResponse::groups);
    }
    bool operator==(const DescribeGroupsResponse&) const = default;
};

}  // namespace sluice::protocol
