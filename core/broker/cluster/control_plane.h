#pragma once

#include "core/broker/cluster/active_controller.h"
#include "core/broker/cluster/broker_lifecycle.h"
#include "core/broker/cluster/controller_enrolment.h"
#include "core/broker/controller_channel.h"

namespace sluice::broker {

// What makes a node part of a cluster, beyond the metadata log itself: the controller, for when
// this node is the active one, the way to whoever is, and this broker's part. Lives on the first
// shard.
class ControlPlane {
public:
    ControlPlane(env::Env& env, const BrokerConfig& config, const NodeFacts& facts,
                 MetadataDriver& metadata, Peers* peers);

    // Once this node can be reached.
    Result<void> start();
    // As MetadataDriver::Host has it.
    void changed();
    // Has others take over what this broker leads. May wait.
    void leave() { lifecycle_.leave(); }
    // Sends away who waits for a controller, and lets nobody wait any more.
    void begin_stop();
    // Everything ends; the quorum has ended before. May wait.
    void stop();

    ControllerChannel& channel() { return channel_; }

private:
    const BrokerConfig& config_;
    ActiveController here_;
    ControllerChannel channel_;
    BrokerLifecycle lifecycle_;
    ControllerEnrolment enrolment_;
};

}  // namespace sluice::broker
