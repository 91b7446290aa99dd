#pragma once

// How the partitions of a group's topics are shared out among its members: pure functions, run by
// the member the coordinator chose as leader. They keep to what Kafka's Java clients and librdkafka
// do on the wire, so that members of different clients stand in one group.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/client/topic_partition.h"

namespace sluice::client {

// partition.assignment.strategy
enum class Strategy { range, round_robin, sticky, cooperative_sticky };

// As clients say it to the coordinator.
std::string_view name_of(Strategy strategy);
std::optional<Strategy> strategy_named(std::string_view name);

// What the leader knows of a member.
struct GroupMemberWish {
    std::string member_id;
    std::optional<std::string> instance_id = {};
    std::vector<std::string> topics = {};
    // What it had before, and in which generation: what sticky strategies leave with it.
    std::vector<TopicPartition> owned = {};
    GenerationId generation{-1};
};

// How many partitions each topic has; one that is missing here does not exist.
using PartitionCounts = std::map<std::string, std::int32_t>;
// What each member gets, by member id, partitions in order. Every member has an entry.
using Shares = std::map<std::string, std::vector<TopicPartition>>;

Shares assign(Strategy strategy, const std::vector<GroupMemberWish>& members,
              const PartitionCounts& counts);

// Topic by topic, neighbouring partitions to each subscriber; the first ones get one more when it
// does not come out even.
Shares assign_range(const std::vector<GroupMemberWish>& members, const PartitionCounts& counts);

// All partitions dealt out in turn to the members that subscribe to their topics.
Shares assign_round_robin(const std::vector<GroupMemberWish>& members,
                          const PartitionCounts& counts);

// Everybody keeps what he has as long as the shares stay balanced: nobody has two partitions more
// than somebody who could take one of his.
Shares assign_sticky(const std::vector<GroupMemberWish>& members, const PartitionCounts& counts);

// The same, but a partition that another member still has is not given to anybody yet: its owner
// gives it up first and the group shares out again.
Shares assign_cooperatively(const std::vector<GroupMemberWish>& members,
                            const PartitionCounts& counts);

// In the order every client agrees on: static members by their instance id, then the others.
std::vector<const GroupMemberWish*> in_order(const std::vector<GroupMemberWish>& members);

}  // namespace sluice::client
