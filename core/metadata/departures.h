#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/metadata/image.h"
#include "core/metadata/partition_change.h"

namespace sluice::metadata {

// Brokers that come and go, as the partitions they hold see it.
struct BrokerMove {
    // No longer in sync, nor to be elected.
    std::optional<BrokerId> leaving = {};
    // It leaves, and may have lost what it had: not eligible either.
    bool unclean = false;
    // It leaves, and has lost what it had for sure.
    bool lost = false;
    // May be elected from now on.
    std::optional<BrokerId> coming = {};
};

// What changes in the partitions that `which` picks, all where it is empty: leaders that go are
// replaced, and where there was none whoever comes may lead.
std::vector<protocol::MetadataRecord> changes_of(
    const MetadataImage& image, const BrokerMove& move,
    const std::function<bool(const PartitionState&)>& which = {});

}  // namespace sluice::metadata
