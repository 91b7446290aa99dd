#include "core/metadata/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/probe.h"
#include "core/metadata/config_schema.h"
#include "core/metadata/partition_change.h"
#include "core/metadata/topic_name.h"

namespace sluice::metadata {

using protocol::ErrorCode;
using protocol::MetadataRecord;

namespace {

std::set<std::string> names_twice(const auto& items) {
    std::set<std::string> seen;
    std::set<std::string> twice;
    for (const auto& item : items)
        if (!seen.insert(item.name).second) twice.insert(item.name);
    return twice;
}

protocol::CreateTopicsResponse::Topic refusal(const std::string& name, const ItemError& error) {
    protocol::CreateTopicsResponse::Topic topic;
    topic.name = name;
    topic.error_code = error.code;
    topic.error_message = error.message;
    return topic;
}

}  // namespace

// A fenced broker may come back and hold what it gets; one on its way out may not.
std::vector<Candidate> Controller::candidates() const {
    std::vector<Candidate> candidates;
    for (const auto& [id, broker] : image_.brokers)
        if (!broker.in_controlled_shutdown) candidates.push_back({id, broker.rack, !broker.fenced});
    return candidates;
}

std::int16_t Controller::default_replication() const {
    const std::int16_t wanted = settings_.replication_factor_wanted;
    const bool has_enough = wanted > 0 && image_.brokers.size() >= static_cast<std::size_t>(wanted);
    return has_enough ? std::max(wanted, settings_.replication_factor_default)
                      : settings_.replication_factor_default;
}

bool Controller::is_usable(BrokerId broker) const {
    const auto found = image_.brokers.find(broker);
    return found != image_.brokers.end() && !found->second.fenced &&
           !found->second.in_controlled_shutdown;
}

std::optional<ItemError> Controller::check_name(std::string_view name) const {
    if (auto complaint = complaint_about_topic_name(name))
        return ItemError{ErrorCode::invalid_topic_exception, *complaint};
    if (is_reserved_topic(name))
        return ItemError{ErrorCode::topic_authorization_failed,
                         fmt::format("The name '{}' is the broker's own.", name)};
    if (image_.topic(name) != nullptr)
        return ItemError{ErrorCode::topic_already_exists,
                         fmt::format("Topic '{}' already exists.", name)};
    const std::string form = collision_form(name);
    // Only a name with a dot or an underscore can collide, and those are few enough to look
    // through.
    if (form.find('_') == std::string::npos) return std::nullopt;
    for (const auto& [other, topic] : image_.topics_by_name)
        if (collision_form(other) == form)
            return ItemError{
                ErrorCode::invalid_topic_exception,
                fmt::format("Topic '{}' collides with existing topic: {}", name, other)};
    return std::nullopt;
}

Result<void, ItemError> Controller::check_replicas(PartitionIndex partition,
                                                   const std::vector<BrokerId>& replicas) const {
    if (replicas.empty())
        return ItemError{ErrorCode::invalid_replica_assignment,
                         "The manual partition assignment includes an empty replica list."};
    if (std::set(replicas.begin(), replicas.end()).size() != replicas.size())
        return ItemError{
            ErrorCode::invalid_replica_assignment,
            "The manual partition assignment includes the same broker more than once."};
    for (const BrokerId id : replicas)
        if (!image_.brokers.contains(id))
            return ItemError{
                ErrorCode::invalid_replica_assignment,
                fmt::format(
                    "The manual partition assignment includes broker {}, but no such broker is "
                    "registered.",
                    id.value)};
    if (std::ranges::none_of(replicas, [this](BrokerId id) { return is_usable(id); }))
        return ItemError{
            ErrorCode::invalid_replica_assignment,
            fmt::format("All brokers specified in the manual partition assignment for partition {} "
                        "are fenced or in controlled shutdown.",
                        partition.value)};
    return {};
}

Result<Controller::Placement, ItemError> Controller::place_manually(
    const protocol::CreateTopicsRequest::Topic& topic) const {
    if (topic.replication_factor != -1)
        return ItemError{ErrorCode::invalid_request,
                         "A manual partition assignment was specified, but replication factor was "
                         "not set to -1."};
    if (topic.num_partitions != -1)
        return ItemError{ErrorCode::invalid_request,
                         "A manual partition assignment was specified, but numPartitions was not "
                         "set to -1."};
    std::map<PartitionIndex, std::vector<BrokerId>> given;
    for (const auto& assignment : topic.assignments) {
        CHECK_OK(check_replicas(assignment.partition_index, assignment.broker_ids));
        if (!given.emplace(assignment.partition_index, assignment.broker_ids).second)
            return ItemError{
                ErrorCode::invalid_replica_assignment,
                fmt::format("Found multiple manual partition assignments for partition {}",
                            assignment.partition_index.value)};
    }
    Placement placement;
    for (const auto& [index, replicas] : given) {
        if (index.value != static_cast<std::int32_t>(placement.replicas.size()))
            return ItemError{ErrorCode::invalid_replica_assignment,
                             "partitions should be a consecutive 0-based integer sequence"};
        placement.replicas.push_back(replicas);
    }
    return placement;
}

Result<Controller::Placement, ItemError> Controller::place(
    const protocol::CreateTopicsRequest::Topic& topic) const {
    if (!topic.assignments.empty()) return place_manually(topic);
    if (topic.replication_factor == 0 || topic.replication_factor < -1)
        return ItemError{
            ErrorCode::invalid_replication_factor,
            "Replication factor must be larger than 0, or -1 to use the default value."};
    if (topic.num_partitions == 0 || topic.num_partitions < -1)
        return ItemError{ErrorCode::invalid_partitions,
                         "Number of partitions was set to an invalid non-positive value."};
    const std::int32_t partitions =
        topic.num_partitions == -1 ? settings_.partitions_default : topic.num_partitions;
    const std::int16_t replication =
        topic.replication_factor == -1 ? default_replication() : topic.replication_factor;
    if (partitions > settings_.partitions_per_topic_max)
        return ItemError{ErrorCode::invalid_partitions,
                         fmt::format("{} partitions are more than the {} a topic may have.",
                                     partitions, settings_.partitions_per_topic_max)};
    return spread(static_cast<std::size_t>(replication), image_.topics_by_id.size(),
                  static_cast<std::size_t>(partitions));
}

Result<Controller::Placement, ItemError> Controller::spread(std::size_t replication,
                                                            std::size_t first,
                                                            std::size_t count) const {
    const std::vector<Candidate> brokers = candidates();
    if (replication > brokers.size())
        return ItemError{
            ErrorCode::invalid_replication_factor,
            fmt::format(
                "Unable to replicate the partition {} time(s): The target replication factor of "
                "{} cannot be reached because only {} broker(s) are registered.",
                replication, replication, brokers.size())};
    if (std::ranges::none_of(brokers, &Candidate::active))
        return ItemError{ErrorCode::invalid_replication_factor,
                         fmt::format("Unable to replicate the partition {} time(s): All brokers "
                                     "are currently fenced.",
                                     replication)};
    return Placement{place_replicas(brokers, first, count, replication)};
}

protocol::PartitionRecord Controller::partition_record(
    const TopicId& id, PartitionIndex index, const std::vector<BrokerId>& replicas) const {
    protocol::PartitionRecord record;
    record.partition_id = index;
    record.topic_id = id;
    record.replicas = replicas;
    for (const BrokerId replica : replicas)
        record.directories.push_back(directory_for_new(image_, replica));
    std::ranges::copy_if(replicas, std::back_inserter(record.isr),
                         [this](BrokerId replica) { return is_usable(replica); });
    ASSERT(!record.isr.empty());
    record.leader = record.isr.front();
    record.leader_epoch = LeaderEpoch(0);
    record.partition_epoch = protocol::PartitionEpoch(0);
    return record;
}

std::vector<MetadataRecord> Controller::records_of(
    const protocol::CreateTopicsRequest::Topic& topic, const TopicId& id,
    const Placement& placement) const {
    std::vector<MetadataRecord> records{protocol::TopicRecord{topic.name, id}};
    for (const auto& config : topic.configs)
        records.push_back(protocol::ConfigRecord{static_cast<std::int8_t>(ResourceType::topic),
                                                 topic.name, config.name, config.value});
    for (std::size_t p = 0; p < placement.replicas.size(); ++p)
        records.push_back(partition_record(id, PartitionIndex(static_cast<std::int32_t>(p)),
                                           placement.replicas[p]));
    return records;
}

Result<Controller::Placement, ItemError> Controller::admit(
    const protocol::CreateTopicsRequest::Topic& topic, std::size_t partitions,
    const std::set<std::string>& forms) const {
    if (auto error = check_name(topic.name)) return *error;
    if (forms.contains(collision_form(topic.name)))
        return ItemError{ErrorCode::invalid_topic_exception,
                         "Two topics of this request collide in '.' and '_'."};
    // An internal topic may be compacted: its coordinators keep it short.
    auto configs = topic.configs;
    if (is_internal_topic(topic.name))
        std::erase_if(configs, [](const auto& each) { return each.name == "cleanup.policy"; });
    if (auto error = complaint_about_topic_configs(configs)) return *error;
    auto placement = place(topic);
    if (placement && partitions + placement->replicas.size() > settings_.partitions_max)
        return too_many_partitions();
    return placement;
}

ItemError Controller::too_many_partitions() const {
    return {ErrorCode::policy_violation,
            fmt::format("This would be more than the {} partitions a broker holds at most "
                        "(partitions.max).",
                        settings_.partitions_max)};
}

Decision<protocol::CreateTopicsResponse> Controller::create_topics(
    const protocol::CreateTopicsRequest& request, const std::vector<TopicId>& fresh_ids) const {
    ASSERT(fresh_ids.size() == request.topics.size());
    Decision<protocol::CreateTopicsResponse> decision;
    std::set<std::string> twice = names_twice(request.topics);
    std::size_t partitions = image_.partition_count;
    std::set<std::string> forms;
    std::set<std::string> answered;
    for (std::size_t i = 0; i < request.topics.size(); ++i) {
        const auto& topic = request.topics[i];
        if (!answered.insert(topic.name).second) continue;
        if (twice.contains(topic.name)) {
            decision.reply.topics.push_back(
                refusal(topic.name, {ErrorCode::invalid_request, "Duplicate topic name."}));
            continue;
        }
        const auto placement = admit(topic, partitions, forms);
        if (placement.failed()) {
            decision.reply.topics.push_back(refusal(topic.name, placement.error()));
            continue;
        }
        partitions += placement->replicas.size();
        forms.insert(collision_form(topic.name));

        protocol::CreateTopicsResponse::Topic made;
        made.name = topic.name;
        made.error_message.reset();
        made.num_partitions = static_cast<std::int32_t>(placement->replicas.size());
        made.replication_factor = static_cast<std::int16_t>(placement->replicas.front().size());
        if (!request.validate_only || PLANT("metadata.validation_makes_topics")) {
            made.topic_id = fresh_ids[i];
            std::ranges::move(records_of(topic, fresh_ids[i], *placement),
                              std::back_inserter(decision.records));
        }
        decision.reply.topics.push_back(std::move(made));
    }
    return decision;
}

Decision<protocol::DeleteTopicsResponse> Controller::delete_topics(
    const protocol::DeleteTopicsRequest& request, Version version) const {
    Decision<protocol::DeleteTopicsResponse> decision;
    std::vector<protocol::DeleteTopicsRequest::Topic> wanted = request.topics;
    if (version < Version(6)) {
        wanted.clear();
        for (const std::string& name : request.topic_names) wanted.push_back({name, TopicId{}});
    }
    std::set<TopicId> deleted;
    for (const auto& item : wanted) {
        protocol::DeleteTopicsResponse::Topic answer;
        answer.name = item.name;
        answer.topic_id = item.topic_id;
        const TopicState* topic =
            item.name ? image_.topic(*item.name) : image_.topic(item.topic_id);
        if (item.name && !item.topic_id.is_zero()) {
            answer.error_code = ErrorCode::invalid_request;
            answer.error_message = "Topic name and topic id can not both be specified.";
        } else if (!settings_.deletion_enabled) {
            answer.error_code = version < Version(3) ? ErrorCode::invalid_request
                                                     : ErrorCode::topic_deletion_disabled;
            answer.error_message = "Topic deletion is disabled (delete.topic.enable=false).";
        } else if (topic == nullptr) {
            answer.error_code =
                item.name ? ErrorCode::unknown_topic_or_partition : ErrorCode::unknown_topic_id;
            answer.error_message =
                std::string(item.name ? "This server does not host this topic-partition."
                                      : "This server does not host this topic ID.");
        } else if (!deleted.insert(topic->id).second) {
            answer.error_code = ErrorCode::invalid_request;
            answer.error_message = "Duplicate topic name or id.";
        } else {
            answer.name = topic->name;
            answer.topic_id = topic->id;
            decision.records.push_back(protocol::RemoveTopicRecord{topic->id});
        }
        decision.reply.responses.push_back(std::move(answer));
    }
    return decision;
}

Decision<protocol::CreatePartitionsResponse> Controller::create_partitions(
    const protocol::CreatePartitionsRequest& request) const {
    Decision<protocol::CreatePartitionsResponse> decision;
    const auto twice = names_twice(request.topics);
    std::size_t partitions = image_.partition_count;
    for (const auto& item : request.topics) {
        protocol::CreatePartitionsResponse::Topic answer;
        answer.name = item.name;
        auto placement = twice.contains(item.name)
                             ? Result<Placement, ItemError>(
                                   ItemError{ErrorCode::invalid_request, "Duplicate topic name."})
                             : place_more(item, settings_.partitions_max -
                                                    std::min(partitions, settings_.partitions_max));
        if (placement.failed()) {
            answer.error_code = placement.error().code;
            answer.error_message = placement.error().message;
        } else if (!request.validate_only) {
            const TopicState& topic = *image_.topic(item.name);
            const std::size_t before = topic.partitions.size();
            partitions += placement->replicas.size();
            for (std::size_t p = 0; p < placement->replicas.size(); ++p)
                decision.records.push_back(partition_record(
                    topic.id, PartitionIndex(static_cast<std::int32_t>(before + p)),
                    placement->replicas[p]));
        }
        decision.reply.results.push_back(std::move(answer));
    }
    return decision;
}

Result<Controller::Placement, ItemError> Controller::place_more(
    const protocol::CreatePartitionsRequest::Topic& item, std::size_t room) const {
    const TopicState* topic = image_.topic(item.name);
    if (topic == nullptr)
        return ItemError{ErrorCode::unknown_topic_or_partition,
                         "This server does not host this topic-partition."};
    if (is_internal_topic(item.name))
        return ItemError{ErrorCode::invalid_partitions,
                         fmt::format("Groups are spread over the partitions of {} by their names: "
                                     "with more of them they would not find their offsets.",
                                     item.name)};
    const auto now = static_cast<std::int32_t>(topic->partitions.size());
    if (item.count == now)
        return ItemError{ErrorCode::invalid_partitions,
                         fmt::format("Topic already has {} partition(s).", now)};
    if (item.count < now)
        return ItemError{
            ErrorCode::invalid_partitions,
            fmt::format("The topic {} currently has {} partition(s); {} would not be an "
                        "increase.",
                        item.name, now, item.count)};
    if (item.count > settings_.partitions_per_topic_max)
        return ItemError{ErrorCode::invalid_partitions,
                         fmt::format("{} partitions are more than the {} a topic may have.",
                                     item.count, settings_.partitions_per_topic_max)};
    const auto more = static_cast<std::size_t>(item.count - now);
    if (more > room) return too_many_partitions();
    if (item.assignments) {
        if (item.assignments->size() != more)
            return ItemError{ErrorCode::invalid_replica_assignment,
                             fmt::format("Attempted to add {} additional partition(s), but only {} "
                                         "assignment(s) were specified.",
                                         more, item.assignments->size())};
        Placement placement;
        for (const auto& assignment : *item.assignments) {
            const auto index = static_cast<std::size_t>(now) + placement.replicas.size();
            CHECK_OK(check_replicas(PartitionIndex(static_cast<std::int32_t>(index)),
                                    assignment.broker_ids));
            placement.replicas.push_back(assignment.broker_ids);
        }
        return placement;
    }
    return spread(topic->partitions.begin()->second.replicas.size(), static_cast<std::size_t>(now),
                  more);
}

Decision<Controller::ProducerIdBlock> Controller::allocate_producer_ids(BrokerId broker) const {
    Decision<ProducerIdBlock> decision;
    decision.reply = {image_.next_producer_id, producer_id_block};
    protocol::ProducerIdsRecord record;
    record.broker_id = broker;
    if (const auto found = image_.brokers.find(broker); found != image_.brokers.end())
        record.broker_epoch = found->second.epoch;
    record.next_producer_id = image_.next_producer_id.plus(producer_id_block);
    if (!PLANT("metadata.producer_ids_not_logged")) decision.records.push_back(record);
    return decision;
}

}  // namespace sluice::metadata
