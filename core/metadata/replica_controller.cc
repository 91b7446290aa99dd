// What leaders ask for: who is in sync, and where a broker keeps its replicas.

#include "core/metadata/replica_controller.h"

#include <algorithm>
#include <set>

#include "core/base/probe.h"
#include "core/metadata/broker_controller.h"

namespace sluice::metadata {

using protocol::BrokerEpoch;
using protocol::ErrorCode;

namespace {

constexpr std::int8_t recovered = 0;

}  // namespace

bool ReplicaController::change(const TopicState& topic, PartitionIndex index,
                               const PartitionWish& wish, Records& records) const {
    auto record =
        change_of(topic.id, index, *topic.partition(index), wish, electorate_of(image_, topic));
    if (!record) return false;
    records.emplace_back(*std::move(record));
    return true;
}

bool ReplicaController::is_current(BrokerId broker, BrokerEpoch epoch) const {
    const BrokerState* known = image_.broker(broker);
    return known != nullptr && known->epoch == epoch;
}

Decision<protocol::AlterPartitionResponse> ReplicaController::alter_partitions(
    const protocol::AlterPartitionRequest& request, Version version) const {
    Decision<protocol::AlterPartitionResponse> decision;
    if (!is_current(request.broker_id, request.broker_epoch)) {
        decision.reply.error_code = ErrorCode::stale_broker_epoch;
        return decision;
    }
    std::set<std::pair<TopicId, PartitionIndex>> seen;
    for (const auto& asked : request.topics) {
        auto& answers = decision.reply.topics.emplace_back();
        answers.topic_id = asked.topic_id;
        const TopicState* topic = image_.topic(asked.topic_id);
        for (Proposal proposal : asked.partitions) {
            // Before version 3 members have no epochs.
            if (version < Version(3))
                for (const BrokerId member : proposal.new_isr)
                    proposal.new_isr_with_epochs.push_back({member, BrokerEpoch(-1)});
            auto& answer = answers.partitions.emplace_back();
            answer.partition_index = proposal.partition_index;
            if (topic == nullptr)
                answer.error_code = ErrorCode::unknown_topic_id;
            else if (!seen.emplace(asked.topic_id, proposal.partition_index).second)
                answer.error_code = ErrorCode::invalid_request;
            else
                answer = alter(*topic, proposal, request.broker_id, decision.records);
        }
    }
    return decision;
}

protocol::AlterPartitionResponse::Topic::Partition ReplicaController::alter(
    const TopicState& topic, const Proposal& proposal, BrokerId from, Records& records) const {
    protocol::AlterPartitionResponse::Topic::Partition answer;
    answer.partition_index = proposal.partition_index;
    const PartitionState* partition = topic.partition(proposal.partition_index);
    answer.error_code = partition == nullptr ? ErrorCode::unknown_topic_or_partition
                                             : complaint_about(proposal, from, *partition);
    if (answer.error_code != ErrorCode::none) return answer;

    PartitionWish wish(*partition);
    wish.isr.clear();
    for (const auto& member : proposal.new_isr_with_epochs) wish.isr.push_back(member.broker_id);
    wish.leader_recovery_state = proposal.leader_recovery_state;
    if (unclean_election_enabled(image_, topic.name)) wish.election = Election::unclean;
    const auto record = change_of(topic.id, proposal.partition_index, *partition, wish,
                                  electorate_of(image_, topic));
    const PartitionState after = record ? changed(*partition, *record) : *partition;
    if (record) records.emplace_back(*record);
    if (after.leader != from) {
        answer.error_code = ErrorCode::new_leader_elected;
        return answer;
    }
    answer.leader_id = after.leader;
    answer.leader_epoch = after.leader_epoch;
    answer.isr = after.isr;
    answer.leader_recovery_state = after.leader_recovery_state;
    answer.partition_epoch = after.partition_epoch;
    return answer;
}

ErrorCode ReplicaController::complaint_about(const Proposal& proposal, BrokerId from,
                                             const PartitionState& partition) const {
    if (!PLANT("controller.accepts_epochs_to_come"))
        if (proposal.leader_epoch > partition.leader_epoch ||
            proposal.partition_epoch > partition.partition_epoch)
            return ErrorCode::not_controller;
    if (proposal.leader_epoch < partition.leader_epoch) return ErrorCode::fenced_leader_epoch;
    if (from != partition.leader) return ErrorCode::invalid_request;
    if (proposal.partition_epoch < partition.partition_epoch &&
        !PLANT("controller.accepts_any_partition_epoch"))
        return ErrorCode::invalid_update_version;
    std::set<BrokerId> members;
    for (const auto& member : proposal.new_isr_with_epochs) {
        const bool is_first = members.insert(member.broker_id).second;
        if (!is_first || !holds(partition.replicas, member.broker_id))
            return ErrorCode::invalid_request;
    }
    if (!members.contains(partition.leader)) return ErrorCode::invalid_request;
    const bool begins_recovery = partition.leader_recovery_state == recovered &&
                                 proposal.leader_recovery_state == recovering;
    const bool recovers_together =
        proposal.leader_recovery_state == recovering && members.size() > 1;
    if (begins_recovery || recovers_together) return ErrorCode::invalid_request;
    for (const auto& member : proposal.new_isr_with_epochs)
        if (!is_eligible(member.broker_id, member.broker_epoch))
            return ErrorCode::ineligible_replica;
    return ErrorCode::none;
}

bool ReplicaController::is_eligible(BrokerId member, BrokerEpoch proved) const {
    const BrokerState* broker = image_.broker(member);
    if (broker == nullptr) return false;
    if (!broker->is_active() && !PLANT("controller.fenced_joins")) return false;
    return proved.value == -1 || proved == broker->epoch || PLANT("controller.earlier_life_joins");
}

Decision<protocol::AssignReplicasToDirsResponse> ReplicaController::assign_directories(
    const protocol::AssignReplicasToDirsRequest& request) const {
    Decision<protocol::AssignReplicasToDirsResponse> decision;
    if (!is_current(request.broker_id, request.broker_epoch)) {
        decision.reply.error_code = ErrorCode::stale_broker_epoch;
        return decision;
    }
    std::set<std::pair<TopicId, PartitionIndex>> seen;
    for (const auto& directory : request.directories) {
        auto& directory_answer = decision.reply.directories.emplace_back();
        directory_answer.id = directory.id;
        for (const auto& asked : directory.topics) {
            auto& topic_answer = directory_answer.topics.emplace_back();
            topic_answer.topic_id = asked.topic_id;
            for (const auto& [index] : asked.partitions) {
                const bool is_first = seen.emplace(asked.topic_id, index).second;
                const ErrorCode error =
                    is_first ? assign(image_.topic(asked.topic_id), index, request.broker_id,
                                      directory.id, decision.records)
                             : ErrorCode::invalid_request;
                topic_answer.partitions.push_back({index, error});
            }
        }
    }
    return decision;
}

ErrorCode ReplicaController::assign(const TopicState* topic, PartitionIndex index, BrokerId broker,
                                    const Uuid& directory, Records& records) const {
    if (topic == nullptr) return ErrorCode::unknown_topic_id;
    const PartitionState* partition = topic->partition(index);
    if (partition == nullptr) return ErrorCode::unknown_topic_or_partition;
    if (!holds(partition->replicas, broker)) return ErrorCode::not_leader_or_follower;
    PartitionWish wish(*partition);
    wish.directories[broker] = directory;
    const auto& online = image_.broker(broker)->directories;
    Electorate electorate = electorate_of(image_, *topic);
    if (std::ranges::find(online, directory) == online.end()) {
        wish.isr = without(wish.isr, {broker});
        electorate.active.erase(broker);
    }
    auto record = change_of(topic->id, index, *partition, wish, electorate);
    if (record) records.emplace_back(*std::move(record));
    return ErrorCode::none;
}

}  // namespace sluice::metadata
