#pragma once

#include "core/broker/broker_config.h"
#include "core/broker/controller_channel.h"
#include "core/broker/metadata_driver.h"
#include "core/env/env.h"
#include "core/env/event.h"

namespace sluice::broker {

// Has the active controller, which may be this node, write down that this controller is there, with
// what it supports (KIP-919): once in a life. Lives on the first shard.
class ControllerEnrolment {
public:
    ControllerEnrolment(env::Env& env, const BrokerConfig& config, MetadataDriver& metadata,
                        ControllerChannel& channel);

    Result<void> start();
    // Somebody else leads. Never waits.
    void changed() {
        if (!enrolled_) wake_.set();
    }
    void stop();

private:
    void run();
    protocol::ControllerRegistrationRequest registration() const;

    env::Env& env_;
    const BrokerConfig& config_;
    MetadataDriver& metadata_;
    ControllerChannel& channel_;
    const Uuid incarnation_;
    env::Event wake_;
    env::FiberGroup fibers_;
    bool enrolled_ = false;
    bool stopping_ = false;
};

}  // namespace sluice::broker
