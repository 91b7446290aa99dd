#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"

namespace sluice::metadata {

// A broker that may get replicas.
struct Candidate {
    BrokerId id;
    std::optional<std::string> rack = {};
    bool active = true;  // Otherwise it may hold replicas, and not lead.
};

// Spreads `count` partitions over the brokers, beginning with the `first`-th: leaders in turn, over
// active ones alone, and each partition over as many racks as there are. Every list it returns has
// `replication` distinct members, the leader first. At least one broker must be active, and there
// must be as many as `replication`.
std::vector<std::vector<BrokerId>> place_replicas(const std::vector<Candidate>& brokers,
                                                  std::size_t first, std::size_t count,
                                                  std::size_t replication);

}  // namespace sluice::metadata
