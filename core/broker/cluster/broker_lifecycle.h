#pragma once

#include <optional>

#include "core/broker/broker_config.h"
#include "core/broker/controller_channel.h"
#include "core/broker/metadata_driver.h"
#include "core/env/env.h"
#include "core/env/event.h"

namespace sluice::broker {

// Makes this broker one of its cluster's and keeps it one (KIP-631): registers it with the active
// controller, says again and again that it lives, and from when it has applied its own registration
// that it wants to serve; whatever goes wrong is tried again. Before a stop it has others take over
// what it leads. Lives on the first shard.
class BrokerLifecycle {
public:
    BrokerLifecycle(env::Env& env, const BrokerConfig& config, const NodeFacts& facts,
                    MetadataDriver& metadata, ControllerChannel& channel);

    Result<void> start();
    // The shards have a new image, or somebody else leads. Never waits.
    void changed();
    // Returns when this broker leads nothing any more and all others know, at the latest after
    // controlled.shutdown.max.ms.
    void leave();
    void stop();

private:
    void run();
    // Each does what is due now, and says when something is due again.
    Duration register_self();
    Duration show_life();
    void keep_life();
    void say_unanswered(Error why);

    protocol::BrokerRegistrationRequest registration() const;
    const metadata::BrokerState* self() const;
    bool has_applied_registration() const;
    bool was_replaced() const;
    bool is_asked_to_report() const;

    env::Env& env_;
    const BrokerConfig& config_;
    const NodeFacts& facts_;
    MetadataDriver& metadata_;
    ControllerChannel& channel_;
    const Uuid incarnation_;
    std::optional<protocol::BrokerEpoch> epoch_;  // Of the registration, once there is one.
    protocol::ErrorCode refusal_ = protocol::ErrorCode::none;
    std::optional<Time> unanswered_since_;
    Time next_word_{};  // About that it cannot register.
    bool fenced_ = true;
    bool leaving_ = false;
    bool left_ = false;
    bool gives_up_ = false;  // To leave in order.
    Time heard_at_ = {};     // A controller answered last.
    bool stopping_ = false;
    Offset reported_{0};  // The controller was told that everything before it is applied here.
    std::optional<BrokerId> told_;  // To this controller.
    env::Event wake_;
    env::Signal left_signal_;
    env::FiberGroup fibers_;
};

}  // namespace sluice::broker
