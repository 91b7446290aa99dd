#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/broker/broker_config.h"
#include "core/broker/metadata_driver.h"
#include "core/env/env.h"
#include "core/env/event.h"
#include "core/metadata/broker_controller.h"
#include "core/metadata/broker_sessions.h"
#include "core/metadata/feature_controller.h"
#include "core/protocol/messages/allocate_producer_ids.h"
#include "core/protocol/messages/alter_partition.h"
#include "core/protocol/messages/alter_partition_reassignments.h"
#include "core/protocol/messages/assign_replicas_to_dirs.h"
#include "core/protocol/messages/elect_leaders.h"
#include "core/protocol/messages/list_partition_reassignments.h"
#include "core/protocol/messages/unregister_broker.h"
#include "core/protocol/messages/update_features.h"

namespace sluice::broker {

// Carries to the rules of core/metadata what brokers and operators ask of the active controller,
// and what it sees by itself: that a broker is gone, that leaders are not where they belong. Knows
// when each broker was heard, for as long as this node is active: whoever is active next begins
// anew. Lives on the first shard; everything that returns a Result waits until its records are
// committed, and says Error::stopped where this node is not active, or not any more.
class ActiveController {
public:
    ActiveController(env::Env& env, const BrokerConfig& config, const NodeFacts& facts,
                     MetadataDriver& metadata);

    // Brokers are watched from now on. A node that is alone has nobody to watch.
    Result<void> start();
    void stop();
    // The node became active, or is not any more. Never waits.
    void moved() { wake_.set(); }

    Result<protocol::BrokerRegistrationResponse> decide(
        const protocol::BrokerRegistrationRequest& request, Version version);
    Result<protocol::BrokerHeartbeatResponse> decide(
        const protocol::BrokerHeartbeatRequest& request, Version version);
    Result<protocol::UnregisterBrokerResponse> decide(
        const protocol::UnregisterBrokerRequest& request, Version version);
    Result<protocol::ControllerRegistrationResponse> decide(
        const protocol::ControllerRegistrationRequest& request, Version version);
    Result<protocol::AlterPartitionResponse> decide(const protocol::AlterPartitionRequest& request,
                                                    Version version);
    Result<protocol::ElectLeadersResponse> decide(const protocol::ElectLeadersRequest& request,
                                                  Version version);
    Result<protocol::AlterPartitionReassignmentsResponse> decide(
        const protocol::AlterPartitionReassignmentsRequest& request, Version version);
    Result<protocol::ListPartitionReassignmentsResponse> decide(
        const protocol::ListPartitionReassignmentsRequest& request, Version version);
    Result<protocol::AssignReplicasToDirsResponse> decide(
        const protocol::AssignReplicasToDirsRequest& request, Version version);
    Result<protocol::UpdateFeaturesResponse> decide(const protocol::UpdateFeaturesRequest& request,
                                                    Version version);
    Result<protocol::AllocateProducerIdsResponse> decide(
        const protocol::AllocateProducerIdsRequest& request, Version version);
    Result<protocol::CreateTopicsResponse> decide(const protocol::CreateTopicsRequest& request,
                                                  Version version);

    // The connection over which this life of the broker was heard is closed. Never waits.
    void connection_closed(BrokerId broker, protocol::BrokerEpoch epoch);

private:
    using Records = std::vector<protocol::MetadataRecord>;
    using Registration = metadata::BrokerController::Registration;
    using Heartbeat = metadata::BrokerController::Heartbeat;
    // What is tried with a broker whose connection closed.
    struct Probe {
        Time next;
        Duration backoff;
        bool under_way = false;
    };

    metadata::BrokerSessions& sessions();
    metadata::BrokerController brokers(const metadata::MetadataImage& image);
    std::string why_lost(BrokerId broker) const;

    void watch();
    Time look();
    void note_ended_processes();
    Result<void> fence_lost();
    Time probe_suspects();
    void probe(BrokerId broker, protocol::BrokerEpoch epoch, const env::Address& address);
    Result<void> move_leaders();

    env::Env& env_;
    const BrokerConfig& config_;
    MetadataDriver& metadata_;
    const metadata::BrokerController::Settings settings_;
    std::optional<metadata::BrokerSessions> sessions_;  // Of the epoch in which this node leads.
    LeaderEpoch sessions_epoch_{-1};
    std::map<BrokerId, Probe> probes_;
    Time balance_at_ = {};
    Time elect_unclean_at_ = {};
    env::Event wake_;
    env::FiberGroup fibers_;
    bool watching_ = false;
    bool stopping_ = false;
};

}  // namespace sluice::broker
