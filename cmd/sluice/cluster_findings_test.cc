#include "cmd/sluice/cluster_findings.h"

#include <gmock/gmock.h>

namespace sluice::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Finding::Kind;

constexpr BrokerId one{1}, two{2}, third{3};

ClusterFacts::Replica heard(BrokerId id) {
    return {.id = id, .end = Offset(100), .silent = milliseconds(100), .caught_up = seconds(0)};
}

// Three nodes that are brokers and controllers, and a partition on all.
ClusterFacts well() {
    ClusterFacts facts{.cluster_id = "c"};
    for (const BrokerId id : {one, two, third})
        facts.nodes.push_back({.id = id, .address = "h:9", .leads = 0, .holds = 1});
    facts.quorum = ClusterFacts::Quorum{.leader = one, .epoch = LeaderEpoch(1)};
    facts.quorum->voters = {heard(one), heard(two), heard(third)};
    facts.partitions.push_back({.topic = "words",
                                .index = PartitionIndex(0),
                                .leader = one,
                                .replicas = {one, two, third},
                                .in_sync = {one, two, third},
                                .in_sync_min = 2});
    return facts;
}

std::vector<Kind> kinds(const std::vector<Finding>& findings) {
    std::vector<Kind> all;
    for (const Finding& each : findings) all.push_back(each.kind);
    return all;
}

TEST(ClusterFindings, AreNoneWhereAllIsWell) {
    EXPECT_THAT(findings_of(well()), IsEmpty());
    EXPECT_EQ(count_partitions(well()).out_of_sync, 0);
}

TEST(ClusterFindings, NameADeadNodeAndWhatItLacks) {
    ClusterFacts facts = well();
    facts.nodes[1].is_fenced = true;
    facts.partitions[0].in_sync = {one, third};
    const auto findings = findings_of(facts);
    ASSERT_THAT(kinds(findings), ElementsAre(Kind::node_fenced, Kind::out_of_sync));
    EXPECT_EQ(findings[0].what,
              "node 2 (h:9) is out of service: its process is dead, or cannot reach the "
              "controllers; of 3 controllers 2 are left, and 2 are needed");
    EXPECT_THAT(findings[0].remedy, HasSubstr("move its 1 replica elsewhere"));
    EXPECT_EQ(findings[1].what, "1 partition is not in sync on node 2 (words-0)");
    EXPECT_EQ(findings[1].remedy, "Start node 2: what is missing is fetched by itself.");
    EXPECT_EQ(count_partitions(facts).out_of_sync, 1);
}

TEST(ClusterFindings, SayThatNothingIsTakenBelowTheLeastInSync) {
    ClusterFacts facts = well();
    facts.nodes[1].is_fenced = facts.nodes[2].is_fenced = true;
    facts.partitions[0].in_sync = {one};
    const auto findings = findings_of(facts);
    ASSERT_THAT(kinds(findings),
                ElementsAre(Kind::below_min_isr, Kind::node_fenced, Kind::node_fenced));
    EXPECT_THAT(findings[0].what, HasSubstr("acks=all is refused (words-0)"));
    EXPECT_EQ(findings[0].remedy, "Start nodes 2,3: what is missing is fetched by itself.");
}

TEST(ClusterFindings, SayWhoCanLead) {
    ClusterFacts facts = well();
    facts.partitions[0].leader = BrokerId(-1);
    facts.partitions[0].in_sync = {};
    facts.partitions[0].eligible = {third};
    auto findings = findings_of(facts);
    ASSERT_THAT(kinds(findings), ElementsAre(Kind::without_leader));
    EXPECT_EQ(findings[0].remedy, "Start node 3, which has all that was acknowledged.");
    EXPECT_EQ(count_partitions(facts).without_leader, 1);

    facts.partitions[0].eligible = {};
    facts.partitions[0].last_known = {two};
    findings = findings_of(facts);
    EXPECT_THAT(findings[0].what, HasSubstr("no replica is known to have all"));
    EXPECT_THAT(findings[0].remedy, HasSubstr("Start node 2: "));
    EXPECT_THAT(findings[0].remedy, HasSubstr("LOST"));
}

TEST(ClusterFindings, DoNotCallAMoveATrouble) {
    ClusterFacts facts = well();
    facts.partitions[0].replicas = {one, two, third, BrokerId(4)};
    facts.partitions[0].adding = {BrokerId(4)};
    EXPECT_THAT(findings_of(facts), IsEmpty());
}

TEST(ClusterFindings, SayThatSomebodyInServiceShouldCatchUp) {
    ClusterFacts facts = well();
    facts.partitions[0].in_sync = {one, two};
    const auto findings = findings_of(facts);
    ASSERT_THAT(kinds(findings), ElementsAre(Kind::out_of_sync));
    EXPECT_THAT(findings[0].remedy, HasSubstr("Node 3 is in service, and should catch up"));
}

TEST(ClusterFindings, NameControllersThatAreSilentOrBehind) {
    ClusterFacts facts = well();
    facts.nodes.pop_back();  // A controller alone.
    facts.partitions.clear();
    facts.quorum->voters[2].silent = seconds(7);
    auto findings = findings_of(facts);
    ASSERT_THAT(kinds(findings), ElementsAre(Kind::voter_silent));
    EXPECT_EQ(findings[0].what,
              "controller 3 has not fetched the metadata log for 7 s; of 3 controllers 2 are "
              "left, and 2 are needed");
    facts.quorum->voters[2] = heard(third);
    facts.quorum->voters[2].lag = 9;
    EXPECT_THAT(findings_of(facts), IsEmpty());
    facts.quorum->voters[2].caught_up = seconds(11);
    findings = findings_of(facts);
    ASSERT_THAT(kinds(findings), ElementsAre(Kind::voter_behind));
    EXPECT_EQ(findings[0].what, "controller 3 is 9 records behind in the metadata log");
}

TEST(ClusterFindings, BeginWithControllersThatNobodyLeads) {
    ClusterFacts facts = well();
    facts.quorum.reset();
    facts.why_no_quorum = "NOT_CONTROLLER";
    facts.nodes[1].is_fenced = true;
    EXPECT_THAT(kinds(findings_of(facts)), ElementsAre(Kind::no_controller, Kind::node_fenced));
}

TEST(ClusterFindings, NameOnlySomePartitions) {
    ClusterFacts facts = well();
    facts.partitions[0].in_sync = {one, two};
    for (int i = 1; i < 6; ++i) {
        facts.partitions.push_back(facts.partitions[0]);
        facts.partitions.back().index = PartitionIndex(i);
    }
    const auto findings = findings_of(facts);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_THAT(findings[0].what, HasSubstr("(words-0, words-1, words-2, words-3, ...)"));
    EXPECT_EQ(findings[0].partitions.size(), 6U);
}

}  // namespace
}  // namespace sluice::cmd
