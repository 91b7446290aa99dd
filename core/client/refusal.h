#pragma once

#include <string>

#include "core/base/result.h"
#include "core/protocol/error_code.h"

namespace sluice::client {

// Why a wish was not granted: by the world, or by the broker.
struct Refusal {
    Error error = Error::io;  // Means something only when `code` is none.
    protocol::ErrorCode code = protocol::ErrorCode::none;
    std::string message;

    std::string text() const;
    bool stopped() const { return code == protocol::ErrorCode::none && error == Error::stopped; }
};

inline Refusal refusal(Error error) {
    return {.error = error, .message = {}};
}
inline Refusal refusal(protocol::ErrorCode code, std::string message = {}) {
    return {.code = code, .message = std::move(message)};
}

}  // namespace sluice::client
