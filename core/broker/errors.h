#pragma once

#include "core/base/result.h"
#include "core/protocol/error_code.h"

namespace sluice::broker {

// The translations from what the world did to what a client is told. What may go well the next time
// is retriable.
protocol::ErrorCode read_error(Error error);    // Of reads and lookups in a log.
protocol::ErrorCode append_error(Error error);  // Of appends, and of waiting for the disk.
protocol::ErrorCode change_error(Error error);  // Of changes the controller makes.

}  // namespace sluice::broker
