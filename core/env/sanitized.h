#pragma once

#include "core/env/sanitizers.h"

namespace sluice::env {

// Whether what is checked besides makes everything several times as slow: for tests that choose how
// many times to try something.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

}  // namespace sluice::env
