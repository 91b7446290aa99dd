#pragma once

#include <vector>

#include "core/base/bytes.h"
#include "core/replication/producer_states.h"

namespace sluice::storage {

// Producer snapshots, Apache Kafka's format version 1: what replaying the log up to the offset in
// the file's name would give.
//
// Kafka writes one entry a producer, with its last batch only, so that after a restart it no longer
// knows the four before. We write one entry for each batch, oldest first: Kafka keeps the last
// entry it reads for a producer, so it reads ours as it reads its own.
std::vector<std::uint8_t> snapshot_bytes(const replication::ProducerStates& states);

// Error::corrupt when it is no snapshot, or damaged.
Result<void> restore_snapshot(Slice bytes, replication::ProducerStates& states);

}  // namespace sluice::storage
