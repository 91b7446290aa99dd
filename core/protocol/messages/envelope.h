#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct EnvelopeRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    Bytes request_data{};
    std::optional<Bytes> request_principal{Bytes()};
    Bytes client_host_address{};

    static constexpr void fields(auto&& visit) {
        visit(field("request_data"), &EnvelopeRequest::request_data);
        visit(field("request_principal").nullable(), &EnvelopeRequest::request_principal);
        visit(field("client_host_address"), &EnvelopeRequest::client_host_address);
    }
    bool operator==(const EnvelopeRequest&) const = default;
};

struct EnvelopeResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::optional<Bytes> response_data{};
    ErrorCode error_code = ErrorCode::none;

    static constexpr void fields(auto&& visit) {
        visit(field("response_data").nullable(), &EnvelopeResponse::response_data);
        visit(field("error_code"), &EnvelopeResponse::error_code);
    }
    bool operator==(const EnvelopeResponse&) const = default;
};

}  // namespace sluice::protocol
