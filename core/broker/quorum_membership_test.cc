#include "core/broker/quorum_membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using ::testing::HasSubstr;

const std::vector<BrokerId> three{BrokerId(1), BrokerId(2), BrokerId(3)};

BrokerConfig node(std::vector<std::int32_t> voters) {
    BrokerConfig config;
    config.node_id = BrokerId(1);
    for (const std::int32_t id : voters)
        config.quorum.voters.push_back({BrokerId(id), {"there", 9093}});
    return config;
}

TEST(QuorumMembership, TheSameVotersInWhateverOrder) {
    EXPECT_FALSE(complaint_about_voters({three}, node({3, 1, 2})));
    EXPECT_FALSE(complaint_about_voters({{BrokerId(1)}}, node({})));
    EXPECT_FALSE(complaint_about_voters({}, node({1, 2, 3})));
    EXPECT_FALSE(complaint_about_voters({}, node({})));
}

// It would elect itself, and decide what the others never hear of.
TEST(QuorumMembership, OneOfThreeMayNotBeAlone) {
    const auto complaint = complaint_about_voters({three}, node({}));
    ASSERT_TRUE(complaint);
    EXPECT_THAT(*complaint, HasSubstr("belongs to a quorum of 1,2,3"));
    EXPECT_THAT(*complaint, HasSubstr("no other controllers are given"));
    EXPECT_THAT(*complaint, HasSubstr("Give --quorum"));
}

TEST(QuorumMembership, OneOfThreeMayNotVoteAmongOthers) {
    const auto complaint = complaint_about_voters({three}, node({1, 2, 4}));
    ASSERT_TRUE(complaint);
    EXPECT_THAT(*complaint, HasSubstr("1,2,3"));
    EXPECT_THAT(*complaint, HasSubstr("1,2,4"));
}

TEST(QuorumMembership, ALoneNodesDirectoryIsNoVotersOfThree) {
    const auto complaint = complaint_about_voters({{BrokerId(1)}}, node({1, 2, 3}));
    ASSERT_TRUE(complaint);
    EXPECT_THAT(*complaint, HasSubstr("belongs to node 1 alone"));
    EXPECT_THAT(*complaint, HasSubstr("without --quorum"));
}

TEST(QuorumMembership, WhoOnlyWatchesMayHearOfOtherControllers) {
    BrokerConfig broker = node({2, 3, 5});
    broker.is_controller = false;
    EXPECT_FALSE(complaint_about_voters({{BrokerId(2), BrokerId(3), BrokerId(4)}}, broker));
}

// Kafka's own lone node names no voters in its file either, but it led itself.
TEST(QuorumMembership, ABrokerThatWatchedOthersMayNotBeAlone) {
    const auto complaint = complaint_about_voters({.voters = {}, .leader = BrokerId(2)}, node({}));
    ASSERT_TRUE(complaint);
    EXPECT_THAT(*complaint, HasSubstr("node 2 led"));
    EXPECT_FALSE(complaint_about_voters({.voters = {}, .leader = BrokerId(1)}, node({})));
}

}  // namespace
}  // namespace sluice::broker
