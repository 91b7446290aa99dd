#include "core/client/assign/assignor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/client/assign/subscription.h"

namespace sluice::client {
namespace {

std::string text_of(const std::vector<TopicPartition>& partitions) {
    std::string text;
    for (const auto& each : partitions)
        text += (text.empty() ? "" : " ") + each.topic + std::to_string(each.partition.value);
    return text;
}

GroupMemberWish member(const std::string& id, std::vector<std::string> topics = {"a", "b"}) {
    return {.member_id = id, .topics = std::move(topics)};
}

// The examples of Kafka's documentation of its assignors.
TEST(RangeAssignor, GivesNeighboursAndTheFirstOnesOneMore) {
    const Shares shares = assign_range({member("c1"), member("c0")}, {{"a", 3}, {"b", 3}});
    EXPECT_EQ(text_of(shares.at("c0")), "a0 a1 b0 b1");
    EXPECT_EQ(text_of(shares.at("c1")), "a2 b2");
}

TEST(RangeAssignor, PutsStaticMembersFirst) {
    GroupMemberWish fixed = member("z");
    fixed.instance_id = "i";
    const Shares shares = assign_range({member("c0"), fixed}, {{"a", 1}});
    EXPECT_EQ(text_of(shares.at("z")), "a0");
    EXPECT_EQ(text_of(shares.at("c0")), "");
}

TEST(RoundRobinAssignor, DealsOutInTurn) {
    const Shares shares = assign_round_robin({member("c0"), member("c1")}, {{"a", 3}, {"b", 3}});
    EXPECT_EQ(text_of(shares.at("c0")), "a0 a2 b1");
    EXPECT_EQ(text_of(shares.at("c1")), "a1 b0 b2");
}

TEST(RoundRobinAssignor, PassesOverThoseWhoDoNotSubscribe) {
    const Shares shares = assign_round_robin(
        {member("c0", {"a"}), member("c1", {"a", "b"}), member("c2", {"b"})}, {{"a", 2}, {"b", 2}});
    EXPECT_EQ(text_of(shares.at("c0")), "a0");
    EXPECT_EQ(text_of(shares.at("c1")), "a1 b1");
    EXPECT_EQ(text_of(shares.at("c2")), "b0");
}

TEST(StickyAssignor, LeavesTheOthersAloneWhenOneGoes) {
    GroupMemberWish first = member("c0", {"a"});
    first.owned = {{"a", PartitionIndex(0)}, {"a", PartitionIndex(3)}};
    GroupMemberWish second = member("c1", {"a"});
    second.owned = {{"a", PartitionIndex(1)}, {"a", PartitionIndex(4)}};
    const Shares shares = assign_sticky({first, second}, {{"a", 6}});
    EXPECT_EQ(text_of(shares.at("c0")), "a0 a2 a3");
    EXPECT_EQ(text_of(shares.at("c1")), "a1 a4 a5");
}

TEST(CooperativeAssignor, WaitsUntilTheOwnerHasGivenItUp) {
    GroupMemberWish old = member("c0", {"a"});
    old.owned = {{"a", PartitionIndex(0)}, {"a", PartitionIndex(1)}};
    const Shares now = assign_cooperatively({old, member("c1", {"a"})}, {{"a", 2}});
    EXPECT_EQ(text_of(now.at("c0")), "a0");
    EXPECT_EQ(text_of(now.at("c1")), "");
    old.owned = now.at("c0");
    const Shares then = assign_cooperatively({old, member("c1", {"a"})}, {{"a", 2}});
    EXPECT_EQ(text_of(then.at("c1")), "a1");
}

std::string hex(const Bytes& bytes) {
    std::string text;
    constexpr char digits[] = "0123456789abcdef";
    for (const std::uint8_t byte : bytes.view()) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

// Version, topics, user data, what it owns, generation, rack: as the Java clients lay it out.
TEST(Subscription, HasTheFormOfTheJavaClients) {
    GroupMemberWish wish = member("c0", {"a"});
    wish.owned = {{"a", PartitionIndex(2)}};
    wish.generation = GenerationId(5);
    EXPECT_EQ(hex(*encode_wish(Strategy::range, wish)),
              "0003"
              "00000001"
              "000161"
              "ffffffff"
              "00000000"
              "00000005"
              "ffff");
    EXPECT_EQ(hex(*encode_wish(Strategy::cooperative_sticky, wish)),
              "0003"
              "00000001"
              "000161"
              "00000004"
              "00000005"
              "00000001"
              "000161"
              "00000001"
              "00000002"
              "00000005"
              "ffff");
    EXPECT_EQ(hex(*encode_wish(Strategy::sticky, wish)),
              "0003"
              "00000001"
              "000161"
              "00000013"
              "00000001"
              "000161"
              "00000001"
              "00000002"
              "00000005"
              "00000000"
              "00000005"
              "ffff");
    EXPECT_EQ(hex(*encode_share(wish.owned)),
              "0003"
              "00000001"
              "000161"
              "00000001"
              "00000002"
              "ffffffff");
}

}  // namespace
}  // namespace sluice::client
