#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct ListGroupsRequest {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(3);

    // Empty for all.
    std::vector<std::string> states_filter{};
    std::vector<std::string> types_filter{};

    static constexpr void fields(auto&& visit) {
        visit(field("states_filter", since(4)), &ListGroupsRequest::states_filter);
        visit(field("types_filter", since(5)), &ListGroupsRequest::types_filter);
    }
    bool operator==(const ListGroupsRequest&) const = default;
};

struct ListGroupsResponse {
    static constexpr Versions versions = between(0, 5);
    static constexpr Versions flexible = since(3);

    struct Group {
        std::string group_id{};
        std::string protocol_type{};
        std::string group_state{};
        std::string group_type{};

        static constexpr void fields(auto&& visit) {
            visit(field("group_id"), &Group::group_id);
            visit(field("protocol_type"), &Group::protocol_type);
            visit(field("group_state", since(4)).ignorable(), &Group::group_state);
            visit(field("group_type", since(5)).ignorable(), &Group::group_type);
        }
        bool operator==(const Group&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<Group> groups{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &ListGroupsResponse::throttle_time_ms);
        visit(field("error_code"), &ListGroupsResponse::error_code);
        visit(field("groups"), &ListGroupsResponse::groups);
    }
    bool operator==(const ListGroupsResponse&) const = default;
};

}  // namespace sluice::protocol
