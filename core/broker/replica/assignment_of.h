#pragma once

#include <cstddef>

#include "core/metadata/image.h"
#include "core/replication/assignment.h"

namespace sluice::broker {

// What the image says of a partition, in the form its replicas go by. Pure.
replication::Assignment assignment_of(const metadata::MetadataImage& image,
                                      const metadata::PartitionState& partition,
                                      std::size_t min_isr);

// `self` leads and nobody else has it, nor could lead: there is nobody to agree with.
bool is_lone(const metadata::PartitionState& partition, BrokerId self);

}  // namespace sluice::broker
