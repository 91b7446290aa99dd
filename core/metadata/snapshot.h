#pragma once

#include <vector>

#include "core/base/bytes.h"
#include "core/metadata/image.h"
#include "core/metadata/replay.h"

namespace sluice::metadata {

// A snapshot of the metadata log (KIP-630): what every record before `end` came to, in the form of
// a log of its own, from a header to a footer. A file named after `end` and `epoch` holds it.
struct Snapshot {
    Offset end;            // Of the first record it does not stand for.
    LeaderEpoch epoch{0};  // Of the last one it does.
    Bytes content;
};

// The most that is read or fetched of one.
inline constexpr std::size_t snapshot_bytes_max = 512 << 20;

// The records that make `image` when they are applied to nothing, in Kafka's order: features first,
// since they say how to read the rest.
std::vector<protocol::MetadataRecord> records_of(const MetadataImage& image);

// `image` as a snapshot; `last` is the time of the last record it stands for, or about then.
Snapshot encode_snapshot(const MetadataImage& image, Timestamp last);

// The image that `snapshot` holds. Error::corrupt when it is torn or damaged; otherwise as
// replay().
Result<MetadataImage, ReplayFailure> decode_snapshot(const Snapshot& snapshot,
                                                     std::size_t decompressed_bytes_max);

}  // namespace sluice::metadata
