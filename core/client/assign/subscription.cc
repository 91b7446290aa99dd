#include "core/client/assign/subscription.h"

#include <algorithm>

#include "core/base/endian.h"
#include "core/protocol/versioned.h"

namespace sluice::client {
namespace {

using protocol::ConsumerProtocolAssignment;
using protocol::ConsumerProtocolSubscription;
using protocol::StickyUserData;

constexpr Version newest{3};

template <class ByTopic>
std::vector<ByTopic> by_topic(const std::vector<TopicPartition>& partitions) {
    std::vector<TopicPartition> sorted = partitions;
    std::ranges::sort(sorted);
    std::vector<ByTopic> grouped;
    for (const TopicPartition& each : sorted) {
        if (grouped.empty() || grouped.back().topic != each.topic)
            grouped.push_back({each.topic, {}});
        grouped.back().partitions.push_back(each.partition);
    }
    return grouped;
}

template <class ByTopic>
std::vector<TopicPartition> flat(const std::vector<ByTopic>& grouped) {
    std::vector<TopicPartition> partitions;
    for (const ByTopic& topic : grouped)
        for (const PartitionIndex index : topic.partitions)
            partitions.push_back({topic.topic, index});
    return partitions;
}

Result<Bytes> user_data_of(Strategy strategy, const GroupMemberWish& wish) {
    if (strategy == Strategy::sticky) {
        StickyUserData data;
        data.previous_assignment = by_topic<ConsumerProtocolAssignment::TopicPartition>(wish.owned);
        data.generation = wish.generation;
        return protocol::encode(data, Version(1));
    }
    Buffer generation = Buffer::allocate(sizeof wish.generation.value);
    store_big(generation.data(), wish.generation.value);
    return Bytes(std::move(generation));
}

// Of a member that had to give everything up, so that only here stands what it had.
void read_previous(const Bytes& data, GroupMemberWish& wish) {
    for (const Version version : {Version(1), Version(0)}) {
        const auto read = protocol::decode<StickyUserData>(data, version);
        if (!read) continue;
        wish.owned = flat(read->previous_assignment);
        wish.generation = read->generation;
        return;
    }
}

}  // namespace

Result<Bytes> encode_wish(Strategy strategy, const GroupMemberWish& wish) {
    ConsumerProtocolSubscription subscription;
    subscription.topics = wish.topics;
    std::ranges::sort(subscription.topics);
    subscription.generation_id = wish.generation;
    // Members of the eager protocol have given up everything by now, and say so here.
    if (strategy == Strategy::cooperative_sticky)
        subscription.owned_partitions =
            by_topic<ConsumerProtocolSubscription::TopicPartition>(wish.owned);
    if (strategy == Strategy::sticky || strategy == Strategy::cooperative_sticky) {
        TRY(subscription.user_data, user_data_of(strategy, wish));
    }
    return protocol::encode_subscription(subscription, newest);
}

Result<GroupMemberWish> decode_wish(Strategy strategy, const Bytes& metadata) {
    TRY(const auto subscription, protocol::decode_subscription(metadata));
    GroupMemberWish wish;
    wish.topics = subscription.topics;
    wish.generation = subscription.generation_id;
    wish.owned = flat(subscription.owned_partitions);
    if (!subscription.user_data) return wish;
    const Bytes& data = *subscription.user_data;
    if (strategy == Strategy::sticky) read_previous(data, wish);
    // Subscriptions of version 1 have no field for it.
    const bool says_generation = data.size() == sizeof wish.generation.value;
    if (strategy == Strategy::cooperative_sticky && wish.generation == GenerationId(-1) &&
        says_generation)
        wish.generation = GenerationId(load_big<std::int32_t>(data.data()));
    return wish;
}

Result<Bytes> encode_share(const std::vector<TopicPartition>& partitions) {
    ConsumerProtocolAssignment assignment;
    assignment.assigned_partitions =
        by_topic<ConsumerProtocolAssignment::TopicPartition>(partitions);
    return protocol::encode_assignment(assignment, newest);
}

Result<std::vector<TopicPartition>> decode_share(const Bytes& assignment) {
    if (assignment.empty()) return std::vector<TopicPartition>();
    TRY(const auto read, protocol::decode_assignment(assignment));
    return flat(read.assigned_partitions);
}

}  // namespace sluice::client
