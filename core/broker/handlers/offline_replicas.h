#pragma once

#include <vector>

#include "core/metadata/image.h"

namespace sluice::broker {

// Those of a partition's replicas that no broker in service holds.
inline std::vector<BrokerId> offline_replicas(const metadata::MetadataImage& image,
                                              const metadata::PartitionState& partition) {
    std::vector<BrokerId> offline;
    for (const BrokerId replica : partition.replicas)
        if (const auto* broker = image.broker(replica); broker == nullptr || broker->fenced)
            offline.push_back(replica);
    return offline;
}

}  // namespace sluice::broker
