// What operators ask for: who leads, and where replicas are.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/metadata/broker_controller.h"
#include "core/metadata/replica_controller.h"

namespace sluice::metadata {

using protocol::ErrorCode;

namespace {

ItemError unknown_partition(std::string_view topic, PartitionIndex index) {
    return {ErrorCode::unknown_topic_or_partition,
            fmt::format("No such partition as {}-{}", topic, index.value)};
}

}  // namespace

Decision<protocol::ElectLeadersResponse> ReplicaController::elect_leaders(
    const protocol::ElectLeadersRequest& request) const {
    Decision<protocol::ElectLeadersResponse> decision;
    if (request.election_type != 0 && request.election_type != 1) {
        decision.reply.error_code = ErrorCode::invalid_request;
        return decision;
    }
    const Election election = request.election_type == 0 ? Election::preferred : Election::unclean;
    std::vector<protocol::ElectLeadersRequest::Topic> asked;
    if (request.topic_partitions)
        asked = *request.topic_partitions;
    else
        for (const auto& [name, topic] : image_.topics_by_name) {
            asked.push_back({name, {}});
            for (const auto& [index, partition] : topic->partitions)
                asked.back().partitions.push_back(index);
        }
    std::set<std::pair<std::string, PartitionIndex>> seen;
    for (const auto& item : asked) {
        protocol::ElectLeadersResponse::Topic answer;
        answer.topic = item.topic;
        for (const PartitionIndex index : item.partitions) {
            if (!seen.emplace(item.topic, index).second) continue;
            const auto error =
                elect(image_.topic(item.topic), item.topic, index, election, decision.records);
            const bool is_needless = error && error->code == ErrorCode::election_not_needed;
            if (is_needless && !request.topic_partitions) continue;
            auto& result = answer.partition_result.emplace_back();
            result.partition_id = index;
            result.error_message.reset();
            if (!error) continue;
            result.error_code = error->code;
            result.error_message = error->message;
        }
        if (request.topic_partitions || !answer.partition_result.empty())
            decision.reply.replica_election_results.push_back(std::move(answer));
    }
    return decision;
}

std::optional<ItemError> ReplicaController::elect(const TopicState* topic, std::string_view name,
                                                  PartitionIndex index, Election election,
                                                  Records& records) const {
    if (topic == nullptr)
        return ItemError{ErrorCode::unknown_topic_or_partition,
                         fmt::format("No such topic as {}", name)};
    const PartitionState* partition = topic->partition(index);
    if (partition == nullptr) return unknown_partition(name, index);
    const bool is_preferred = partition->leader == partition->replicas.front();
    if (election == Election::preferred ? is_preferred : partition->leader != no_leader)
        return ItemError{ErrorCode::election_not_needed,
                         "Leader election not needed for topic partition."};
    PartitionWish wish(*partition);
    wish.election = election;
    if (change(*topic, index, wish, records)) return std::nullopt;
    if (election == Election::preferred)
        return ItemError{ErrorCode::preferred_leader_not_available,
                         "The preferred leader was not available."};
    return ItemError{ErrorCode::eligible_leaders_not_available,
                     "Eligible topic partition leaders are not available."};
}

std::vector<protocol::MetadataRecord> ReplicaController::balance_leaders(std::size_t most) const {
    Records records;
    for (const auto& [name, topic] : image_.topics_by_name)
        for (const auto& [index, partition] : topic->partitions) {
            if (records.size() >= most) return records;
            const BrokerId preferred = partition.replicas.front();
            if (partition.leader == preferred || !holds(partition.isr, preferred)) continue;
            PartitionWish wish(partition);
            wish.election = Election::preferred;
            change(*topic, index, wish, records);
        }
    return records;
}

std::vector<protocol::MetadataRecord> ReplicaController::elect_unclean() const {
    Records records;
    for (const auto& [name, topic] : image_.topics_by_name) {
        if (!unclean_election_enabled(image_, name)) continue;
        for (const auto& [index, partition] : topic->partitions) {
            if (partition.leader != no_leader) continue;
            PartitionWish wish(partition);
            wish.election = Election::unclean;
            change(*topic, index, wish, records);
        }
    }
    return records;
}

Decision<protocol::AlterPartitionReassignmentsResponse> ReplicaController::reassign(
    const protocol::AlterPartitionReassignmentsRequest& request) const {
    Decision<protocol::AlterPartitionReassignmentsResponse> decision;
    decision.reply.allow_replication_factor_change = request.allow_replication_factor_change;
    decision.reply.error_message.reset();
    std::set<std::pair<std::string, PartitionIndex>> seen;
    for (const auto& item : request.topics) {
        auto& answer = decision.reply.responses.emplace_back();
        answer.name = item.name;
        for (const Target& target : item.partitions) {
            auto& result = answer.partitions.emplace_back();
            result.partition_index = target.partition_index;
            result.error_message.reset();
            auto error =
                seen.emplace(item.name, target.partition_index).second
                    ? reassign(image_.topic(item.name), item.name, target,
                               request.allow_replication_factor_change, decision.records)
                    : ItemError{ErrorCode::invalid_request, "Named twice in this request."};
            if (!error) continue;
            result.error_code = error->code;
            result.error_message = error->message;
        }
    }
    return decision;
}

std::optional<ItemError> ReplicaController::reassign(const TopicState* topic, std::string_view name,
                                                     const Target& target,
                                                     bool may_change_replication,
                                                     Records& records) const {
    if (topic == nullptr)
        return ItemError{ErrorCode::unknown_topic_or_partition,
                         fmt::format("Unable to find a topic named {}.", name)};
    const PartitionState* partition = topic->partition(target.partition_index);
    if (partition == nullptr) return unknown_partition(name, target.partition_index);
    PartitionWish wish(*partition);
    if (!target.replicas) {
        if (auto error = cancel(*topic, *partition, wish)) return error;
        change(*topic, target.partition_index, wish, records);
        return std::nullopt;
    }
    if (auto error = complaint_about_replicas(*target.replicas)) return error;
    // Of one that is under way only what was there before counts as there.
    const auto before = without(partition->replicas, partition->adding_replicas);
    if (!may_change_replication && target.replicas->size() != before.size())
        return ItemError{ErrorCode::invalid_replication_factor,
                         fmt::format("The replication factor is changed from {} to {}",
                                     before.size(), target.replicas->size())};
    wish.adding = without(*target.replicas, before);
    wish.removing = without(partition->replicas, *target.replicas);
    for (const BrokerId added : without(wish.adding, partition->replicas))
        wish.directories[added] = directory_for_new(image_, added);
    wish.replicas = *target.replicas;
    wish.replicas.insert(wish.replicas.end(), wish.removing.begin(), wish.removing.end());
    change(*topic, target.partition_index, wish, records);
    return std::nullopt;
}

std::optional<ItemError> ReplicaController::complaint_about_replicas(
    const std::vector<BrokerId>& replicas) const {
    const auto refusal = [](std::string why) {
        return ItemError{ErrorCode::invalid_replica_assignment, std::move(why)};
    };
    if (replicas.empty())
        return refusal("The manual partition assignment includes an empty replica list.");
    if (std::set(replicas.begin(), replicas.end()).size() != replicas.size())
        return refusal("The manual partition assignment includes the same broker more than once.");
    for (const BrokerId id : replicas)
        if (image_.broker(id) == nullptr)
            return refusal(
                fmt::format("The manual partition assignment includes broker {}, but no such "
                            "broker is registered.",
                            id.value));
    return std::nullopt;
}

// Whether one of `left` has everything that was committed though none of them is in sync.
bool ReplicaController::has_another(const PartitionState& partition,
                                    const std::vector<BrokerId>& left) const {
    const auto stays = [&left](BrokerId each) { return holds(left, each); };
    // It has to lead at once where somebody else does now.
    const auto can_lead = [&](BrokerId each) {
        return stays(each) && (partition.isr.empty() || image_.is_active(each));
    };
    const auto& eligible = partition.eligible_leader_replicas;
    if (!partition.isr.empty() || !eligible.empty()) return std::ranges::any_of(eligible, can_lead);
    const auto& last = partition.last_known_elr;
    return last.empty() || std::ranges::any_of(last, stays);
}

std::optional<ItemError> ReplicaController::cancel(const TopicState& topic,
                                                   const PartitionState& partition,
                                                   PartitionWish& wish) const {
    if (partition.adding_replicas.empty() && partition.removing_replicas.empty())
        return ItemError{ErrorCode::no_reassignment_in_progress,
                         "No partition reassignment is in progress."};
    wish.replicas = without(partition.replicas, partition.adding_replicas);
    wish.isr = without(partition.isr, partition.adding_replicas);
    wish.adding.clear();
    wish.removing.clear();
    if (!wish.isr.empty() || has_another(partition, wish.replicas)) return std::nullopt;
    const auto is_there = [this, &wish](BrokerId each) {
        return image_.is_active(each) && holds(wish.replicas, each);
    };
    const bool may_lose = unclean_election_enabled(image_, topic.name);
    if (!may_lose || std::ranges::none_of(wish.replicas, is_there))
        return ItemError{ErrorCode::invalid_replica_assignment,
                         fmt::format("Unable to revert partition assignment for {} because it "
                                     "would require an unclean leader election.",
                                     topic.name)};
    wish.election = Election::unclean;
    return std::nullopt;
}

protocol::ListPartitionReassignmentsResponse ReplicaController::reassignments(
    const protocol::ListPartitionReassignmentsRequest& request) const {
    protocol::ListPartitionReassignmentsResponse response;
    response.error_message.reset();
    const auto list = [&](const TopicState& topic, auto&& is_wanted) {
        protocol::ListPartitionReassignmentsResponse::Topic found;
        found.name = topic.name;
        for (const auto& [index, partition] : topic.partitions) {
            if (partition.adding_replicas.empty() && partition.removing_replicas.empty()) continue;
            if (is_wanted(index))
                found.partitions.push_back({index, partition.replicas, partition.adding_replicas,
                                            partition.removing_replicas});
        }
        if (!found.partitions.empty()) response.topics.push_back(std::move(found));
    };
    if (!request.topics) {
        for (const auto& [name, topic] : image_.topics_by_name)
            list(*topic, [](PartitionIndex) { return true; });
        return response;
    }
    for (const auto& wanted : *request.topics)
        if (const TopicState* topic = image_.topic(wanted.name))
            list(*topic, [&wanted](PartitionIndex index) {
                return std::ranges::find(wanted.partition_indexes, index) !=
                       wanted.partition_indexes.end();
            });
    return response;
}

}  // namespace sluice::metadata
