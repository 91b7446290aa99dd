#pragma once

#include <optional>

#include "core/broker/broker_config.h"
#include "core/broker/cluster/active_controller.h"
#include "core/broker/peers.h"
#include "core/env/env.h"
#include "core/env/event.h"

namespace sluice::broker {

class Broker;

// A broker's way to the active controller, which may be this node itself: then no socket is between
// them. Lives on the first shard; other shards go through ask_controller() below. Each call waits
// for the answer, and for a controller at most as long as controller.wait.max.ms.
//
// Error::stopped: nobody is known to be active, or the node stops; nothing was decided. Error::
// closed, timed_out, io: what becomes of the request is not known. Whoever asks tries again later.
// An answer never says NOT_CONTROLLER for the whole request.
class ControllerChannel {
public:
    ControllerChannel(env::Env& env, const BrokerConfig& config, MetadataDriver& metadata,
                      ActiveController& here, Peers* peers);

    Result<protocol::AlterPartitionResponse> ask(const protocol::AlterPartitionRequest& request);
    Result<protocol::AssignReplicasToDirsResponse> ask(
        const protocol::AssignReplicasToDirsRequest& request);
    Result<protocol::BrokerRegistrationResponse> ask(
        const protocol::BrokerRegistrationRequest& request);
    Result<protocol::BrokerHeartbeatResponse> ask(const protocol::BrokerHeartbeatRequest& request);
    Result<protocol::ControllerRegistrationResponse> ask(
        const protocol::ControllerRegistrationRequest& request);
    Result<protocol::AllocateProducerIdsResponse> ask(
        const protocol::AllocateProducerIdsRequest& request);
    // Those that were made are known here as well, on every shard, if it does not take too long.
    Result<protocol::CreateTopicsResponse> ask(const protocol::CreateTopicsRequest& request);

    // A client's request, as the frame came, goes to the active controller (KIP-590), and the frame
    // of its answer comes back. Nothing when the active controller is here: then it is served here.
    Result<std::optional<Bytes>> forward(const Bytes& frame, const env::Address& client);

    ActiveController& here() { return here_; }
    // This node is active, or is not any more, or somebody else leads. Never waits.
    void moved() { moved_.notify_all(); }
    // Sends away who waits for a controller.
    void stop();

private:
    // Where the active controller is: nothing for here.
    using Place = std::optional<env::Address>;

    Result<Place> find(Time deadline);
    Result<void> wait_to_ask_again(Time deadline);
    void wait_until_known(const protocol::CreateTopicsResponse& made);
    template <class Request>
    auto ask_active(const Request& request, const Peers::How& how)
        -> Result<typename protocol::ApiOf<Request>::type::Response>;

    env::Env& env_;
    const BrokerConfig& config_;
    MetadataDriver& metadata_;
    ActiveController& here_;
    Peers* const peers_;  // Null where nobody else is asked.
    env::Signal moved_;
    bool stopping_ = false;
};

// The same from any shard.
Result<protocol::AlterPartitionResponse> ask_controller(
    Broker& broker, const protocol::AlterPartitionRequest& request);
Result<protocol::AssignReplicasToDirsResponse> ask_controller(
    Broker& broker, const protocol::AssignReplicasToDirsRequest& request);
Result<protocol::AllocateProducerIdsResponse> ask_controller(
    Broker& broker, const protocol::AllocateProducerIdsRequest& request);
Result<protocol::CreateTopicsResponse> ask_controller(Broker& broker,
                                                      const protocol::CreateTopicsRequest& request);

}  // namespace sluice::broker
