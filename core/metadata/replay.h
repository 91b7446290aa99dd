#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/metadata/image.h"
#include "core/protocol/record_batch.h"

namespace sluice::metadata {

// Why a batch of the metadata log cannot be applied. Error::corrupt: damage. Error::invalid: it
// holds what this version does not serve, and going on without it would be wrong.
struct ReplayFailure {
    Error error = Error::corrupt;
    Offset offset;
    std::string what;
};

// Applies the records of one batch, which is all of `batch`, to `builder`, and advances it behind
// them. Control batches change nothing. `decompressed_bytes_max` is for the records of the batch.
Result<void, ReplayFailure> replay(const Bytes& batch, std::size_t decompressed_bytes_max,
                                   ImageBuilder& builder);

}  // namespace sluice::metadata
