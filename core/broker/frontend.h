#pragma once

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/env/network.h"

namespace sluice::broker {

// The connections of a node, over all its shards; net/kafka implements it. Used on the first shard.
class Frontend {
public:
    virtual ~Frontend() = default;

    // Accepts connections from now on. Where it really listens; Error::exists when the port is
    // taken.
    virtual Result<env::Address> open(const env::Address& listen) = 0;
    // Accepts no more, lets every connection finish what it has begun, and ends those that have not
    // by `deadline`. Nothing of it runs on any shard when it returns.
    virtual void close(Time deadline) = 0;
};

}  // namespace sluice::broker
