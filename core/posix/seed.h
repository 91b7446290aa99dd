#pragma once

#include <sys/random.h>

#include <cstdint>

#include "core/base/assert.h"

namespace sluice::posix {

// Sixty-four bits from the system, for the one seed of a shard's Random.
inline std::uint64_t system_seed() {
    std::uint64_t seed = 0;
    ASSERT(getrandom(&seed, sizeof seed, 0) == sizeof seed);
    return seed;
}

}  // namespace sluice::posix
