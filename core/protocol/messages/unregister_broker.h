#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct UnregisterBrokerRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    BrokerId broker_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &UnregisterBrokerRequest::broker_id);
    }
    bool operator==(const UnregisterBrokerRequest&) const = default;
};

struct UnregisterBrokerResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &UnregisterBrokerResponse::throttle_time_ms);
        visit(field("error_code"), &UnregisterBrokerResponse::error_code);
        visit(field("error_message").nullable(), &UnregisterBrokerResponse::error_message);
    }
    bool operator==(const UnregisterBrokerResponse&) const = default;
};

}  // namespace sluice::protocol
