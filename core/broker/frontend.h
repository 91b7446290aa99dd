#pragma once

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/broker/holdings.h"
#include "core/broker/service.h"
#include "core/env/network.h"

namespace sluice::broker {

// The connections of a node, over all its shards; net/kafka implements it. Used on the first shard.
class Frontend {
public:
    virtual ~Frontend() = default;

    // Clients may connect, and wait for serve(). Where it really listens; Error::exists when the
    // port is taken. Once for each listener.
    virtual Result<env::Address> listen(const env::Address& address, ListenerKind kind) = 0;
    // Answers them from now on.
    virtual Result<void> serve() = 0;
    // Accepts no more, lets every connection finish what it has begun, and ends those that have not
    // by `deadline`. Nothing of it runs on any shard when it returns.
    virtual void close(Time deadline) = 0;
    // Adds what its connections hold.
    virtual void count(Holdings& holdings) = 0;
};

}  // namespace sluice::broker
