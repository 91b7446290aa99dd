#pragma once

#include "sim/network.h"

namespace sluice::sim {

// A connection being asked for; lives in the frame of the fiber that asks.
struct SimNetwork::Attempt {
    Door* door = nullptr;
    HostId from;
    HostId to;
    std::uint16_t port = 0;
    EventHandle event;  // The one under way.
    Duration retry{0};
    std::uint64_t link = 0;  // Made by the other side; 0: refused.
    bool refused_by_fault = false;
    bool answered = false;
    Parking parking;
};

}  // namespace sluice::sim
