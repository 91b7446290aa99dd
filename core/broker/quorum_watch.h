#pragma once

#include "core/base/strong.h"
#include "core/metadata/image.h"
#include "core/protocol/record_batch.h"
#include "core/raft/messages.h"

namespace sluice::broker {

// Sees everything that becomes of one replica of the metadata log, when it does: for who checks it.
// Nothing of it may wait. Called on the first shard.
class QuorumWatch {
public:
    virtual ~QuorumWatch() = default;

    // A start found the log from `start` on; what is in it is told as appended.
    virtual void opened(Offset start) = 0;
    virtual void appended(const protocol::BatchView& batch) = 0;
    // It ends at `end` now; with `all` it begins there as well.
    virtual void cut(Offset end, bool all) = 0;
    virtual void committed(Offset high_watermark) = 0;
    virtual void led(const raft::Leadership& by) = 0;
    // Every shard gets this image.
    virtual void published(const metadata::MetadataImage& image) = 0;
};

}  // namespace sluice::broker
