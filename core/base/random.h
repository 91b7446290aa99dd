#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/assert.h"

namespace sluice {

// A stream of pseudo-random numbers (xoshiro256**, Blackman and Vigna 2018, seeded by splitmix64):
// the same everywhere for the same seed, which std's engines are but std's distributions are not.
class Random {
public:
    explicit Random(std::uint64_t seed);

    // An independent stream for one subsystem: removing its draws leaves every other stream as it
    // was.
    Random stream(std::string_view name) const;

    std::uint64_t next();
    // A number in [0, bound). Bias is below 2^-32 for bounds that fit 32 bits.
    std::uint64_t below(std::uint64_t bound) {
        ASSERT(bound > 0);
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
    }
    // A number in [first, last], both included.
    std::int64_t between(std::int64_t first, std::int64_t last) {
        ASSERT(first <= last);
        return first +
               static_cast<std::int64_t>(below(static_cast<std::uint64_t>(last - first) + 1));
    }
    bool chance(double probability) { return real() < probability; }
    // A number in [0, 1).
    double real() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

private:
    std::uint64_t seed_;
    std::uint64_t state_[4];
};

}  // namespace sluice
