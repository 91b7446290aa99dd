#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct BrokerHeartbeatRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    BrokerId broker_id{};
    BrokerEpoch broker_epoch{-1};
    Offset current_metadata_offset{};
    bool want_fence = false;
    bool want_shut_down = false;
    std::vector<Uuid> offline_log_dirs{};
    std::optional<std::vector<Uuid>> cordoned_log_dirs{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &BrokerHeartbeatRequest::broker_id);
        visit(field("broker_epoch"), &BrokerHeartbeatRequest::broker_epoch);
        visit(field("current_metadata_offset"), &BrokerHeartbeatRequest::current_metadata_offset);
        visit(field("want_fence"), &BrokerHeartbeatRequest::want_fence);
        visit(field("want_shut_down"), &BrokerHeartbeatRequest::want_shut_down);
        visit(tagged(0, "offline_log_dirs", since(1)), &BrokerHeartbeatRequest::offline_log_dirs);
        visit(tagged(1, "cordoned_log_dirs", since(2)).nullable(since(2)),
              &BrokerHeartbeatRequest::cordoned_log_dirs);
    }
    bool operator==(const BrokerHeartbeatRequest&) const = default;
};

struct BrokerHeartbeatResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    bool is_caught_up = false;
    bool is_fenced = true;
    bool should_shut_down = false;

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &BrokerHeartbeatResponse::throttle_time_ms);
        visit(field("error_code"), &BrokerHeartbeatResponse::error_code);
        visit(field("is_caught_up"), &BrokerHeartbeatResponse::is_caught_up);
        visit(field("is_fenced"), &BrokerHeartbeatResponse::is_fenced);
        visit(field("should_shut_down"), &BrokerHeartbeatResponse::should_shut_down);
    }
    bool operator==(const BrokerHeartbeatResponse&) const = default;
};

}  // namespace sluice::protocol
