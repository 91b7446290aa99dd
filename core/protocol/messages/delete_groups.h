#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DeleteGroupsRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    std::vector<std::string> groups_names{};

    static constexpr void fields(auto&& visit) {
        visit(field("groups_names"), &DeleteGroupsRequest::groups_names);
    }
    bool operator==(const DeleteGroupsRequest&) const = default;
};

struct DeleteGroupsResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    struct Group {
        std::string group_id{};
        ErrorCode error_code = ErrorCode::none;

        static constexpr void fields(auto&& visit) {
            visit(field("group_id"), &Group::group_id);
            visit(field("error_code"), &Group::error_code);
        }
        bool operator==(const Group&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Group> results{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &DeleteGroupsResponse::throttle_time_ms);
        visit(field("results"), &DeleteGroupsResponse::results);
    }
    bool operator==(const DeleteGroupsResponse&) const = default;
};

}  // namespace sluice::protocol
