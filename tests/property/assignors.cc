// Laws of sharing out partitions, whoever the members are and whatever they had before.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "core/base/random.h"
#include "core/client/assign/assignor.h"
#include "core/client/assign/subscription.h"

namespace sluice::client {
namespace {

struct Group {
    std::vector<GroupMemberWish> members;
    PartitionCounts counts;
};

Group draw_group(Random& random, bool same_topics) {
    Group group;
    const auto topics = random.between(1, 4);
    for (std::int64_t t = 0; t < topics; ++t)
        group.counts["t" + std::to_string(t)] = static_cast<std::int32_t>(random.between(1, 12));
    const auto members = random.between(1, 7);
    for (std::int64_t m = 0; m < members; ++m) {
        GroupMemberWish member{.member_id = "m" + std::to_string(m)};
        if (random.chance(0.2))
            member.instance_id = "i" + std::to_string(random.between(0, 999) + m);
        for (const auto& [topic, count] : group.counts)
            if (same_topics || random.chance(0.6)) member.topics.push_back(topic);
        if (random.chance(0.1)) member.topics.push_back("missing");
        group.members.push_back(std::move(member));
    }
    return group;
}

bool subscribes(const GroupMemberWish& member, const std::string& topic) {
    return std::ranges::find(member.topics, topic) != member.topics.end();
}

// As if the group had lived for a while: every partition is claimed by at most one of those who
// may have it, save some quarrels.
void draw_claims(Random& random, Group& group) {
    for (const auto& [topic, count] : group.counts)
        for (std::int32_t p = 0; p < count; ++p)
            if (random.chance(0.8)) {
                auto& member = group.members[random.below(group.members.size())];
                if (subscribes(member, topic)) member.owned.push_back({topic, PartitionIndex(p)});
            }
    for (auto& member : group.members) {
        member.generation = GenerationId(static_cast<std::int32_t>(random.between(4, 5)));
        if (random.chance(0.1) && !group.members[0].owned.empty())
            member.owned.push_back(group.members[0].owned[0]);
        if (random.chance(0.1)) member.owned.push_back({"t0", PartitionIndex(99)});
    }
}

std::map<TopicPartition, std::string> owners(const Shares& shares) {
    std::map<TopicPartition, std::string> owners;
    for (const auto& [member, partitions] : shares)
        for (const auto& partition : partitions) {
            const bool is_the_only_one = owners.emplace(partition, member).second;
            RC_ASSERT(is_the_only_one);
        }
    return owners;
}

void check_sound(const Group& group, const Shares& shares, bool complete) {
    RC_ASSERT(shares.size() == group.members.size());
    const auto owned = owners(shares);
    for (const auto& [partition, id] : owned) {
        const auto member = std::ranges::find(group.members, id, &GroupMemberWish::member_id);
        RC_ASSERT(subscribes(*member, partition.topic));
        RC_ASSERT(partition.partition < PartitionIndex(group.counts.at(partition.topic)));
    }
    if (!complete) return;
    for (const auto& [topic, count] : group.counts) {
        const bool wanted = std::ranges::any_of(
            group.members, [&, &name = topic](const auto& each) { return subscribes(each, name); });
        for (std::int32_t p = 0; p < count && wanted; ++p) {
            const bool has_an_owner = owned.contains({topic, PartitionIndex(p)});
            RC_ASSERT(has_an_owner);
        }
    }
}

// Nobody has two more than somebody who could take one of his.
void check_balanced(const Group& group, const Shares& shares) {
    for (const auto& [member, partitions] : shares)
        for (const auto& partition : partitions)
            for (const auto& other : group.members)
                if (subscribes(other, partition.topic))
                    RC_ASSERT(shares.at(other.member_id).size() + 1 >= partitions.size());
}

void own(Group& group, const Shares& shares, GenerationId generation) {
    for (auto& member : group.members) {
        member.owned = shares.at(member.member_id);
        member.generation = generation;
    }
}

std::size_t kept(const Group& group, const Shares& shares) {
    std::size_t count = 0;
    for (const auto& member : group.members)
        for (const auto& partition : shares.at(member.member_id))
            count += std::ranges::count(member.owned, partition) > 0 ? 1 : 0;
    return count;
}

RC_GTEST_PROP(Assignors, GiveEveryPartitionToOneSubscriber, (std::uint64_t seed)) {
    Random random(seed);
    Group group = draw_group(random, random.chance(0.5));
    draw_claims(random, group);
    for (const Strategy strategy : {Strategy::range, Strategy::round_robin, Strategy::sticky})
        check_sound(group, assign(strategy, group.members, group.counts), true);
    check_sound(group, assign_cooperatively(group.members, group.counts), false);
}

RC_GTEST_PROP(Assignors, BalanceWhatCanBeBalanced, (std::uint64_t seed)) {
    Random random(seed);
    Group mixed = draw_group(random, false);
    draw_claims(random, mixed);
    check_balanced(mixed, assign_sticky(mixed.members, mixed.counts));
    Group equal = draw_group(random, true);
    check_balanced(equal, assign_round_robin(equal.members, equal.counts));
    const Shares ranges = assign_range(equal.members, equal.counts);
    for (const auto& [topic, count] : equal.counts) {
        std::int64_t least = INT64_MAX;
        std::int64_t most = 0;
        for (const auto& [member, partitions] : ranges) {
            const auto size = std::ranges::count(partitions, topic, &TopicPartition::topic);
            least = std::min<std::int64_t>(least, size);
            most = std::max<std::int64_t>(most, size);
        }
        RC_ASSERT(most - least <= 1);
    }
}

RC_GTEST_PROP(Assignors, StickyMovesNoMoreThanItMust, (std::uint64_t seed)) {
    Random random(seed);
    Group group = draw_group(random, true);
    std::map<std::string, std::size_t> had;
    std::size_t partitions = 0;
    for (const auto& [topic, count] : group.counts) {
        partitions += static_cast<std::size_t>(count);
        for (std::int32_t p = 0; p < count; ++p)
            if (random.chance(0.8))
                group.members[random.below(group.members.size())].owned.push_back(
                    {topic, PartitionIndex(p)});
    }
    const std::size_t floor = partitions / group.members.size();
    std::size_t one_more = partitions % group.members.size();
    std::size_t best = 0;
    for (const auto& member : group.members) {
        best += std::min(member.owned.size(), floor);
        if (member.owned.size() > floor && one_more > 0) {
            ++best;
            --one_more;
        }
    }
    RC_ASSERT(kept(group, assign_sticky(group.members, group.counts)) == best);
}

RC_GTEST_PROP(Assignors, StickyLeavesABalancedGroupAlone, (std::uint64_t seed)) {
    Random random(seed);
    Group group = draw_group(random, random.chance(0.5));
    draw_claims(random, group);
    const Shares first = assign_sticky(group.members, group.counts);
    own(group, first, GenerationId(7));
    RC_ASSERT(assign_sticky(group.members, group.counts) == first);
    RC_ASSERT(assign_cooperatively(group.members, group.counts) == first);
}

RC_GTEST_PROP(Assignors, CooperativeNeverMovesWhatIsNotGivenUp, (std::uint64_t seed)) {
    Random random(seed);
    Group group = draw_group(random, random.chance(0.5));
    draw_claims(random, group);
    const Shares wanted = assign_sticky(group.members, group.counts);
    Shares given;
    // At most three rounds: quarrels are given up, then moves, then everybody has his share.
    for (int round = 0; round < 3; ++round) {
        given = assign_cooperatively(group.members, group.counts);
        for (const auto& [id, partitions] : given)
            for (const auto& partition : partitions)
                for (const auto& other : group.members) {
                    if (other.member_id == id || std::ranges::count(other.owned, partition) == 0)
                        continue;
                    // Somebody else says he has it: then only the newer owner keeps it.
                    const auto mine =
                        std::ranges::find(group.members, id, &GroupMemberWish::member_id);
                    RC_ASSERT(std::ranges::count(mine->owned, partition) > 0);
                    RC_ASSERT(mine->generation > other.generation);
                }
        own(group, given, GenerationId(8 + round));
    }
    check_sound(group, given, true);
    check_balanced(group, given);
}

RC_GTEST_PROP(Assignors, AgreeWhateverTheOrderOfTheMembers, (std::uint64_t seed)) {
    Random random(seed);
    Group group = draw_group(random, random.chance(0.5));
    draw_claims(random, group);
    Group turned = group;
    std::ranges::reverse(turned.members);
    for (const Strategy strategy :
         {Strategy::range, Strategy::round_robin, Strategy::sticky, Strategy::cooperative_sticky})
        RC_ASSERT(assign(strategy, group.members, group.counts) ==
                  assign(strategy, turned.members, turned.counts));
}

RC_GTEST_PROP(Assignors, ReadWhatTheyWrote, (std::uint64_t seed)) {
    Random random(seed);
    Group group = draw_group(random, random.chance(0.5));
    draw_claims(random, group);
    for (auto& member : group.members) {
        std::ranges::sort(member.topics);
        std::ranges::sort(member.owned);
        member.owned.erase(std::unique(member.owned.begin(), member.owned.end()),
                           member.owned.end());
        for (const Strategy strategy : {Strategy::sticky, Strategy::cooperative_sticky}) {
            const auto written = encode_wish(strategy, member);
            RC_ASSERT(static_cast<bool>(written));
            const auto read = decode_wish(strategy, *written);
            RC_ASSERT(static_cast<bool>(read));
            RC_ASSERT(read->topics == member.topics);
            RC_ASSERT(read->owned == member.owned);
            RC_ASSERT(read->generation == member.generation);
        }
        const auto share = encode_share(member.owned);
        RC_ASSERT(static_cast<bool>(share));
        RC_ASSERT(*decode_share(*share) == member.owned);
    }
}

}  // namespace
}  // namespace sluice::client
