#pragma once

#include "sim/checker/anomaly.h"
#include "sim/checker/history.h"

namespace sluice::checker {

struct CheckOptions {
    std::size_t described_max = 8;  // Of each kind of anomaly; the others are counted.
};

// Judges what clients of append-only logs did and saw: what Jepsen's workload for Kafka looks for,
// and the offsets and generations of consumer groups. O(N log N) in the values sent and polled; of
// the history alone: it knows nothing of brokers.
//
// Every id in the history must be one of its logs or groups.
Findings check(const History& history, const CheckOptions& options = {});

}  // namespace sluice::checker
