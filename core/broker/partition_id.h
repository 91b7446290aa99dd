#pragma once

#include <compare>

#include "core/base/strong.h"
#include "core/base/uuid.h"

namespace sluice::broker {

// A partition, whatever its topic is called.
struct PartitionId {
    TopicId topic;
    PartitionIndex index;

    friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
};

}  // namespace sluice::broker
