// OffsetCommit, OffsetFetch and OffsetDelete: topics by name or id on the wire, by name in the log.

#include <map>
#include <set>

#include "core/base/probe.h"
#include "core/broker/handlers/group_call.h"
#include "core/broker/handlers/once.h"
#include "core/broker/handlers/topic_creation.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr Version topic_ids_since{10};

// Splits what is asked for into topics and partitions that exist, which go on to the coordinator,
// and answers for all others.
struct SortedCommit {
    OffsetCommitRequest wanted;
    OffsetCommitResponse refused;
};

SortedCommit sort_out(const metadata::MetadataImage& image, OffsetCommitRequest request,
                      Version version) {
    SortedCommit sorted;
    std::vector<OffsetCommitRequest::Topic> topics = std::move(request.topics);
    request.topics.clear();
    sorted.wanted = std::move(request);
    for (auto& asked : topics) {
        const bool by_id = version >= topic_ids_since;
        const metadata::TopicState* topic =
            by_id ? image.topic(asked.topic_id) : image.topic(asked.name);
        OffsetCommitRequest::Topic wanted{
            topic ? topic->name : asked.name, topic ? topic->id : asked.topic_id, {}};
        OffsetCommitResponse::Topic refused{asked.name, asked.topic_id, {}};
        for (auto& partition : asked.partitions) {
            if (topic && (topic->partition(partition.partition_index) ||
                          PLANT("offsets.committed_for_no_partition"))) {
                wanted.partitions.push_back(std::move(partition));
                continue;
            }
            const ErrorCode code = by_id && topic == nullptr
                                       ? ErrorCode::unknown_topic_id
                                       : ErrorCode::unknown_topic_or_partition;
            refused.partitions.push_back({partition.partition_index, code});
        }
        if (!wanted.partitions.empty()) sorted.wanted.topics.push_back(std::move(wanted));
        if (!refused.partitions.empty()) sorted.refused.topics.push_back(std::move(refused));
    }
    return sorted;
}

OffsetCommitResponse refusal(const OffsetCommitRequest& request, ErrorCode code) {
    OffsetCommitResponse response;
    for (const auto& topic : request.topics) {
        OffsetCommitResponse::Topic answers{topic.name, topic.topic_id, {}};
        for (const auto& partition : topic.partitions)
            answers.partitions.push_back({partition.partition_index, code});
        response.topics.push_back(std::move(answers));
    }
    return response;
}

// Adds the answers of `more`, each topic once.
void merge(OffsetCommitResponse& into, OffsetCommitResponse more) {
    for (auto& topic : more.topics) {
        const auto same = std::ranges::find_if(into.topics, [&](const auto& each) {
            return each.name == topic.name && each.topic_id == topic.topic_id;
        });
        if (same == into.topics.end())
            into.topics.push_back(std::move(topic));
        else
            std::ranges::move(topic.partitions, std::back_inserter(same->partitions));
    }
}

OffsetFetchResponse::Group fetch(Broker& broker, const OffsetFetchRequest::Group& request) {
    using Group = OffsetFetchResponse::Group;
    auto fetched =
        ask_coordinator<Group>(broker, request.group_id, [&](GroupCoordinator& coordinator) {
            return coordinator.look<Group>(
                [&](const group::Coordinator& rules) { return rules.offsets(request); });
        });
    if (fetched) return std::move(*fetched);
    Group failed;
    failed.group_id = request.group_id;
    failed.error_code = fetched.error();
    return failed;
}

// About what an answer takes in memory.
std::size_t size_of(const OffsetFetchResponse::Group& group) {
    std::size_t size = sizeof(group) + group.group_id.size();
    for (const auto& topic : group.topics) {
        size += sizeof(topic) + topic.name.size();
        for (const auto& partition : topic.partitions)
            size += sizeof(partition) + partition.metadata.value_or("").size();
    }
    return size;
}

OffsetFetchResponse::GroupTopic unknown_topic(const OffsetFetchRequest::GroupTopic& asked) {
    OffsetFetchResponse::GroupTopic answer;
    answer.topic_id = asked.topic_id;
    for (const PartitionIndex index : asked.partition_indexes) {
        OffsetFetchResponse::GroupPartition partition;
        partition.partition_index = index;
        partition.committed_offset = Offset(-1);
        partition.error_code = ErrorCode::unknown_topic_id;
        answer.partitions.push_back(std::move(partition));
    }
    return answer;
}

// Of each partition is told once: what was committed of it may be much longer than its number.
void keep_first_partitions(OffsetFetchRequest::Group& group) {
    if (!group.topics) return;
    std::map<std::pair<std::string, TopicId>, std::set<PartitionIndex>> seen;
    for (auto& topic : *group.topics) {
        auto& known = seen[{topic.name, topic.topic_id}];
        std::erase_if(topic.partition_indexes,
                      [&](PartitionIndex index) { return !known.insert(index).second; });
    }
}

// A group whose topics are asked for, and answered, by id.
OffsetFetchResponse::Group fetch_by_id(Broker& broker, OffsetFetchRequest::Group request) {
    const Shared<const metadata::MetadataImage> image = broker.shared_image();
    std::vector<OffsetFetchResponse::GroupTopic> unknown;
    if (request.topics) {
        for (auto& topic : *request.topics) {
            const metadata::TopicState* known = image->topic(topic.topic_id);
            if (known)
                topic.name = known->name;
            else
                unknown.push_back(unknown_topic(topic));
        }
        std::erase_if(*request.topics,
                      [&](const auto& topic) { return !image->topic(topic.topic_id); });
    }
    OffsetFetchResponse::Group group = fetch(broker, request);
    if (group.error_code != ErrorCode::none) return group;
    for (auto& topic : group.topics) {
        const metadata::TopicState* known = image->topic(topic.name);
        topic.topic_id = known ? known->id : TopicId{};
    }
    std::erase_if(group.topics, [](const auto& topic) { return topic.topic_id.is_zero(); });
    std::ranges::move(unknown, std::back_inserter(group.topics));
    return group;
}

// Until version 7 there is one group, in another place.
OffsetFetchRequest::Group only_group(OffsetFetchRequest& request) {
    OffsetFetchRequest::Group group;
    group.group_id = std::move(request.group_id);
    group.topics.reset();
    if (!request.topics) return group;
    group.topics.emplace();
    for (auto& topic : *request.topics)
        group.topics->push_back({std::move(topic.name), {}, std::move(topic.partition_indexes)});
    return group;
}

OffsetFetchResponse as_only_group(OffsetFetchResponse::Group group,
                                  const OffsetFetchRequest::Group& request, Version version) {
    OffsetFetchResponse response;
    response.error_code = group.error_code;
    // Version 1 has no room for an error but at each partition.
    const bool spread = version < Version(2) && group.error_code != ErrorCode::none;
    if (spread && request.topics) {
        for (const auto& topic : *request.topics) {
            auto& answers = response.topics.emplace_back();
            answers.name = topic.name;
            for (const PartitionIndex index : topic.partition_indexes)
                answers.partitions.push_back(
                    {index, Offset(-1), no_leader_epoch, "", group.error_code});
        }
        return response;
    }
    for (auto& topic : group.topics) {
        auto& answers = response.topics.emplace_back();
        answers.name = std::move(topic.name);
        for (auto& each : topic.partitions)
            answers.partitions.push_back({each.partition_index, each.committed_offset,
                                          each.committed_leader_epoch, std::move(each.metadata),
                                          each.error_code});
    }
    return response;
}

}  // namespace

OffsetCommitResponse handle(const RequestContext& context, OffsetCommitRequest request) {
    Broker& broker = context.broker;
    SortedCommit sorted = sort_out(broker.image(), std::move(request), context.version);
    if (sorted.wanted.topics.empty()) return std::move(sorted.refused);
    OffsetCommitResponse response;
    const ErrorCode code = create_offsets_topic(broker);
    if (code == ErrorCode::none) {
        auto committed = ask_coordinator<OffsetCommitResponse>(
            broker, sorted.wanted.group_id, [&](GroupCoordinator& coordinator) {
                return coordinator.step<OffsetCommitResponse>(
                    [&](group::Coordinator& rules, group::Now now) {
                        return rules.committed(sorted.wanted, context.version, now);
                    });
            });
        response = committed ? std::move(*committed) : refusal(sorted.wanted, committed.error());
    } else {
        response = refusal(sorted.wanted, code);
    }
    for (auto& topic : response.topics)
        if (context.version < topic_ids_since) topic.topic_id = {};
    for (auto& topic : sorted.refused.topics)
        if (context.version < topic_ids_since) topic.topic_id = {};
    merge(response, std::move(sorted.refused));
    return response;
}

OffsetFetchResponse handle(const RequestContext& context, OffsetFetchRequest request) {
    Broker& broker = context.broker;
    if (context.version < Version(8)) {
        OffsetFetchRequest::Group group = only_group(request);
        keep_first_partitions(group);
        return as_only_group(fetch(broker, group), group, context.version);
    }
    OffsetFetchResponse response;
    keep_first(request.groups, [](const auto& group) { return group.group_id; });
    for (auto& group : request.groups) {
        keep_first_partitions(group);
        response.groups.push_back(context.version >= topic_ids_since
                                      ? fetch_by_id(broker, std::move(group))
                                      : fetch(broker, group));
        if (!context.answer.grow(size_of(response.groups.back()))) break;
    }
    return response;
}

OffsetDeleteResponse handle(const RequestContext& context, OffsetDeleteRequest request) {
    Broker& broker = context.broker;
    OffsetDeleteResponse response;
    std::vector<OffsetDeleteResponse::Topic> unknown;
    const Shared<const metadata::MetadataImage> image = broker.shared_image();
    for (auto& topic : request.topics) {
        const metadata::TopicState* known = image->topic(topic.name);
        OffsetDeleteResponse::Topic refused{topic.name, {}};
        std::erase_if(topic.partitions, [&](const auto& partition) {
            if (known && known->partition(partition.partition_index)) return false;
            refused.partitions.push_back(
                {partition.partition_index, ErrorCode::unknown_topic_or_partition});
            return true;
        });
        if (!refused.partitions.empty()) unknown.push_back(std::move(refused));
    }
    auto deleted = ask_coordinator<OffsetDeleteResponse>(
        broker, request.group_id, [&](GroupCoordinator& coordinator) {
            return coordinator.step<OffsetDeleteResponse>(
                [&](group::Coordinator& rules, group::Now) {
                    return rules.offsets_deleted(request);
                });
        });
    if (deleted)
        response = std::move(*deleted);
    else
        response.error_code = deleted.error();
    if (response.error_code == ErrorCode::none)
        std::ranges::move(unknown, std::back_inserter(response.topics));
    return response;
}

}  // namespace sluice::broker
