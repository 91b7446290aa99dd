#pragma once

#include "core/base/result.h"
#include "core/protocol/error_code.h"

namespace sluice::broker {

// The one translation from what the world did to what a client is told. All of them are retriable:
// the same request may well succeed on another replica or a moment later.
protocol::ErrorCode error_code_of(Error error);

}  // namespace sluice::broker
