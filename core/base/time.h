#pragma once

#include <chrono>
#include <cstdint>

#include "core/base/strong.h"

namespace sluice {

// Time is microseconds everywhere; only the wire and the configuration speak milliseconds.
using Duration = std::chrono::microseconds;

// A moment of a node's monotonic clock: microseconds since that clock began. Never read from the
// system directly (core/env/clock.h is the door), always passed in to rules.
struct Time {
    Duration since_start{0};

    friend constexpr auto operator<=>(const Time&, const Time&) = default;
    friend constexpr Time operator+(Time t, Duration d) { return {t.since_start + d}; }
    friend constexpr Time operator-(Time t, Duration d) { return {t.since_start - d}; }
    friend constexpr Duration operator-(Time a, Time b) { return a.since_start - b.since_start; }
};

// Later than every moment: a wait until then has no deadline.
inline constexpr Time never{Duration{INT64_MAX / 2}};

constexpr Duration milliseconds(std::int64_t n) {
    return std::chrono::milliseconds(n);
}
constexpr Duration seconds(std::int64_t n) {
    return std::chrono::seconds(n);
}
constexpr std::int64_t to_milliseconds(Duration d) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

}  // namespace sluice
