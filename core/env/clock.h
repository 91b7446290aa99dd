#pragma once

#include "core/base/time.h"

namespace sluice::env {

// A node's clocks. The two are independent: the wall clock may step either way, the monotonic
// never.
class Clock {
public:
    virtual ~Clock() = default;

    virtual Time now() const = 0;
    virtual Timestamp wall() const = 0;
};

}  // namespace sluice::env
