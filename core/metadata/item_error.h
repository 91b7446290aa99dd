#pragma once

#include <string>

#include "core/protocol/error_code.h"

namespace sluice::metadata {

// Why one item of a request is refused, in the words its sender gets.
struct ItemError {
    protocol::ErrorCode code = protocol::ErrorCode::none;
    std::string message;
};

}  // namespace sluice::metadata
