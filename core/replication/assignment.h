#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/types.h"

namespace sluice::replication {

inline bool holds(const std::vector<BrokerId>& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

// What is known of a broker that holds a replica.
struct Standing {
    protocol::BrokerEpoch epoch{-1};
    bool active = false;  // Registered, not fenced, and not on its way out.
    std::optional<std::string> rack = {};
};

// What the metadata log says of a partition and of the brokers that hold it, and the setting that
// belongs to it: what its replicas go by.
struct Assignment {
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    BrokerId leader{-1};  // -1: none.
    LeaderEpoch leader_epoch{0};
    protocol::PartitionEpoch partition_epoch{0};
    std::size_t min_isr = 1;               // min.insync.replicas of the topic.
    std::map<BrokerId, Standing> brokers;  // Who is not here is not registered.

    // More than there are replicas cannot be asked for.
    std::size_t effective_min_isr() const { return std::min(min_isr, replicas.size()); }
    const Standing* standing(BrokerId broker) const {
        const auto found = brokers.find(broker);
        return found == brokers.end() ? nullptr : &found->second;
    }
};

}  // namespace sluice::replication
