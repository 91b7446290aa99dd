#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/metadata/controller.h"
#include "core/metadata/partition_change.h"
#include "core/protocol/messages/alter_partition.h"
#include "core/protocol/messages/alter_partition_reassignments.h"
#include "core/protocol/messages/assign_replicas_to_dirs.h"
#include "core/protocol/messages/elect_leaders.h"
#include "core/protocol/messages/list_partition_reassignments.h"

namespace sluice::metadata {

// Decides who is in sync, who leads, and where replicas are: what leaders and operators ask of
// partitions (KIP-497, KIP-460, KIP-455, KIP-858). A const look at the image, and records out; each
// partition of a request stands or falls by itself.
class ReplicaController {
public:
    explicit ReplicaController(const MetadataImage& image) : image_(image) {}

    // A leader proposes an in-sync set. STALE_BROKER_EPOCH for the whole request; and for a
    // partition, in the order they are looked for:
    //   UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION
    //   NOT_CONTROLLER        it knows of a later epoch than this controller, which has lost office
    //   FENCED_LEADER_EPOCH   it does not lead any more
    //   INVALID_REQUEST       it is not the leader, or leaves itself out, or names who holds
    //   nothing INVALID_UPDATE_VERSION  the partition has changed since INELIGIBLE_REPLICA somebody
    //   is fenced, on its way out, or proved it in an earlier life NEW_LEADER_ELECTED    it is
    //   done, and another one leads now
    Decision<protocol::AlterPartitionResponse> alter_partitions(
        const protocol::AlterPartitionRequest& request, Version version) const;

    // ELECTION_NOT_NEEDED, PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE. Asked
    // for all partitions, those that need nothing are left out of the answer.
    Decision<protocol::ElectLeadersResponse> elect_leaders(
        const protocol::ElectLeadersRequest& request) const;
    // Moves leadership back to first replicas where they are in sync; at most `most` partitions.
    std::vector<protocol::MetadataRecord> balance_leaders(std::size_t most) const;
    // Elects where nobody leads and the topic allows to lose what was acknowledged
    // (unclean.leader.election.enable).
    std::vector<protocol::MetadataRecord> elect_unclean() const;

    // Replicas are added first, and others removed once those are in sync. Null replicas cancel.
    Decision<protocol::AlterPartitionReassignmentsResponse> reassign(
        const protocol::AlterPartitionReassignmentsRequest& request) const;
    protocol::ListPartitionReassignmentsResponse reassignments(
        const protocol::ListPartitionReassignmentsRequest& request) const;

    // A broker says in which directory it has which replica. One that is not online takes its
    // replicas out of sync.
    Decision<protocol::AssignReplicasToDirsResponse> assign_directories(
        const protocol::AssignReplicasToDirsRequest& request) const;

private:
    using Records = std::vector<protocol::MetadataRecord>;
    using Proposal = protocol::AlterPartitionRequest::Topic::Partition;
    using Target = protocol::AlterPartitionReassignmentsRequest::Topic::Partition;

    bool is_current(BrokerId broker, protocol::BrokerEpoch epoch) const;
    protocol::ErrorCode complaint_about(const Proposal& proposal, BrokerId from,
                                        const PartitionState& partition) const;
    bool is_eligible(BrokerId member, protocol::BrokerEpoch proved) const;
    protocol::AlterPartitionResponse::Topic::Partition alter(const TopicState& topic,
                                                             const Proposal& proposal,
                                                             BrokerId from, Records& records) const;
    std::optional<ItemError> elect(const TopicState* topic, std::string_view name,
                                   PartitionIndex index, Election election, Records& records) const;
    std::optional<ItemError> reassign(const TopicState* topic, std::string_view name,
                                      const Target& target, bool may_change_replication,
                                      Records& records) const;
    std::optional<ItemError> complaint_about_replicas(const std::vector<BrokerId>& replicas) const;
    std::optional<ItemError> cancel(const TopicState& topic, const PartitionState& partition,
                                    PartitionWish& wish) const;
    bool has_another(const PartitionState& partition, const std::vector<BrokerId>& left) const;
    protocol::ErrorCode assign(const TopicState* topic, PartitionIndex index, BrokerId broker,
                               const Uuid& directory, Records& records) const;
    bool change(const TopicState& topic, PartitionIndex index, const PartitionWish& wish,
                Records& records) const;

    const MetadataImage& image_;
};

}  // namespace sluice::metadata
