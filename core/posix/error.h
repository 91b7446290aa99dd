#pragma once

#include "core/base/result.h"

namespace sluice::posix {

// Our word for an errno value (positive).
Error error_of(int system_error);

}  // namespace sluice::posix
