#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/protocol/record_batch.h"

namespace sluice::protocol {

// As in the configuration compression.type.
std::string_view name_of(CompressionType type);

// The codec's own level; without one, its default. Only gzip, lz4 and zstd have levels, and a level
// beyond what the codec knows is taken for the nearest it does.
using CompressionLevel = std::optional<int>;

// `input` in the codec's form as Kafka's clients read it: gzip, snappy in Xerial's framing, frames
// of lz4 with independent blocks, zstd.
Bytes compress(CompressionType type, CompressionLevel level, Slice input);

// The reverse, for input that nobody vouches for. Reads in addition snappy without framing. Fails
// with Error::limit when the result would be larger than `size_max`, with Error::invalid when the
// input is damaged. Beside the result, of at most `size_max` bytes, it allocates what the codec
// works with: at most 9 MiB, whatever the input says.
[[nodiscard]] Result<Bytes> decompress(CompressionType type, Slice input, std::size_t size_max);

// The records of `batch`, uncompressed: a slice of it if they are so already, and a new buffer
// otherwise.
[[nodiscard]] Result<Bytes> records_of(const Bytes& batch, std::size_t size_max);

}  // namespace sluice::protocol
