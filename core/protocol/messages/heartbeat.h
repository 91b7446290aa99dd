#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct HeartbeatRequest {
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(4);

    std::string group_id{};
    GenerationId generation_id{};
    std::string member_id{};
    std::optional<std::string> group_instance_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("group_id"), &HeartbeatRequest::group_id);
        visit(field("generation_id"), &HeartbeatRequest::generation_id);
        visit(field("member_id"), &HeartbeatRequest::member_id);
        visit(field("group_instance_id", since(3)).nullable(since(3)),
              &HeartbeatRequest::group_instance_id);
    }
    bool operator==(const HeartbeatRequest&) const = default;
};

struct HeartbeatResponse {
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(4);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &HeartbeatResponse::throttle_time_ms);
        visit(field("error_code"), &HeartbeatResponse::error_code);
    }
    bool operator==(const HeartbeatResponse&) const = default;
};

}  // namespace sluice::protocol
