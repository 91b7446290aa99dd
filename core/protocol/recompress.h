#pragma once

#include "core/protocol/compression.h"
#include "core/protocol/record_batch.h"

namespace sluice::protocol {

// `batch`, a valid one, with its records compressed as `type` says: for topics that want all
// batches in one form whatever producers send. Offsets, timestamps and producers stay as they are;
// length, attributes and CRC follow. Error::limit when the records would be larger than `size_max`.
[[nodiscard]] Result<Bytes> recompressed(Slice batch, CompressionType type, CompressionLevel level,
                                         std::size_t size_max);

}  // namespace sluice::protocol
