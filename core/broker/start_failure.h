#pragma once

#include <string>

#include "core/base/result.h"

namespace sluice::broker {

// Why a node cannot start.
struct StartFailure {
    Error error = Error::io;
    std::string message;  // What is wrong and what to do about it.
};

}  // namespace sluice::broker
