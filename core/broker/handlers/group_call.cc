#include "core/broker/handlers/group_call.h"

#include "core/broker/handlers/topic_creation.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {

using namespace protocol;

CreateTopicsRequest::Topic offsets_topic(const BrokerConfig& config) {
    CreateTopicsRequest::Topic topic;
    topic.name = metadata::consumer_offsets_topic;
    topic.num_partitions = config.groups.offsets_partitions;
    topic.replication_factor = -1;
    topic.configs = {
        {"cleanup.policy", "compact"},
        {"compression.type", "producer"},
        {"segment.bytes", std::to_string(config.groups.offsets_segment_bytes)},
    };
    return topic;
}

ErrorCode create_offsets_topic(Broker& broker) {
    if (broker.image().topic(metadata::consumer_offsets_topic)) return ErrorCode::none;
    CreateTopicsRequest request;
    request.topics = {offsets_topic(broker.config())};
    const CreateTopicsResponse response = create_topics(broker, request);
    const ErrorCode code = response.topics.front().error_code;
    if (code == ErrorCode::none || code == ErrorCode::topic_already_exists) return ErrorCode::none;
    broker.env().logger.warn(
        "group.offsets-topic-refused",
        {{"why", std::string(name_of(code))},
         {"detail", response.topics.front().error_message.value_or("")},
         {"remedy", "raise partitions.max, or lower offsets.topic.num.partitions"}});
    return ErrorCode::coordinator_not_available;
}

ErrorCode with_coordinator(Broker& broker, PartitionIndex partition,
                           const std::function<void(GroupCoordinator&)>& body) {
    const metadata::TopicState* topic = broker.image().topic(metadata::consumer_offsets_topic);
    if (topic == nullptr || topic->partition(partition) == nullptr)
        return ErrorCode::coordinator_not_available;
    const ShardId home = broker.home_of({topic->id, partition});
    Broker& there = broker.on(home);
    ErrorCode error = ErrorCode::none;
    const auto called = env::call(broker.env().shards, home, [&] {
        if (GroupCoordinator* coordinator = there.groups().find(partition))
            body(*coordinator);
        else
            error = ErrorCode::not_coordinator;
    });
    return called.failed() ? ErrorCode::coordinator_not_available : error;
}

ErrorCode with_coordinator(Broker& broker, std::string_view group_id,
                           const std::function<void(GroupCoordinator&)>& body) {
    const metadata::TopicState* topic = broker.image().topic(metadata::consumer_offsets_topic);
    if (topic == nullptr || topic->partitions.empty()) return ErrorCode::coordinator_not_available;
    const auto count = static_cast<std::int32_t>(topic->partitions.size());
    return with_coordinator(broker, group::partition_of_group(group_id, count), body);
}

}  // namespace sluice::broker
