#include "cmd/sluice/cluster_nodes.h"

#include <gmock/gmock.h>

namespace sluice::cmd {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

FoundNode found_node(std::int32_t number, bool has_run = true) {
    return {BrokerId(number), "one", BrokerId(number), has_run};
}

TEST(ClusterNodes, AreCommandsThatCanBeTyped) {
    const auto nodes = nodes_of({.nodes = 3, .base_port = 20000, .data = "/tmp/it's"});
    ASSERT_EQ(nodes.size(), 3U);
    EXPECT_EQ(shell_text(nodes[1].command),
              "sluice server --role broker,controller --id 2 --quorum "
              "1@127.0.0.1:20003,2@127.0.0.1:20004,3@127.0.0.1:20005 --listen 127.0.0.1:20001 "
              "--data '/tmp/it'\\''s/node-2'");
}

TEST(ClusterNodes, AreToldWhatAllAreTold) {
    const auto nodes =
        nodes_of({.nodes = 2, .shards = "2", .settings = {"num.partitions=6", "rack=a b"}});
    EXPECT_THAT(shell_text(nodes[0].command),
                HasSubstr(" --shards 2 --set num.partitions=6 --set 'rack=a b'"));
}

TEST(ClusterNodes, ALoneOneHasNoQuorum) {
    const auto nodes = nodes_of({.nodes = 1});
    EXPECT_THAT(nodes[0].command, Not(Contains("--quorum")));
}

TEST(FoundNodes, GoOnAsTheyAre) {
    EXPECT_EQ(complaint_about_nodes("d", 3, {}), std::nullopt);
    EXPECT_EQ(complaint_about_nodes("d", 2, {found_node(1), found_node(2)}), std::nullopt);
}

TEST(FoundNodes, AreCompletedWhileNoneHasRun) {
    EXPECT_EQ(complaint_about_nodes("d", 3, {found_node(2, false)}), std::nullopt);
}

TEST(FoundNodes, AreOfOneCluster) {
    FoundNode foreign = found_node(2);
    foreign.cluster_id = "other";
    EXPECT_THAT(complaint_about_nodes("d", 2, {found_node(1), foreign}),
                Optional(HasSubstr("d/node-2 is of cluster other, and node-1 of cluster one")));
    FoundNode moved = found_node(2);
    moved.node_id = BrokerId(1);
    EXPECT_THAT(complaint_about_nodes("d", 2, {found_node(1), moved}),
                Optional(HasSubstr("d/node-2 is the directory of node 1")));
}

TEST(FoundNodes, StayAsManyAsTheyAre) {
    const std::vector<FoundNode> three = {found_node(1), found_node(2), found_node(3)};
    EXPECT_THAT(complaint_about_nodes("d", 5, three),
                Optional(HasSubstr("d has a cluster of 3 nodes, and its number of nodes cannot "
                                   "change: 'sluice cluster up 3 --data d' goes on with it")));
    EXPECT_THAT(complaint_about_nodes("d", 1, three), Optional(HasSubstr("of 3 nodes")));
    EXPECT_THAT(complaint_about_nodes("d", 3, {found_node(1), found_node(3)}),
                Optional(HasSubstr("d/node-2 is missing, and the cluster has run with it")));
}

}  // namespace
}  // namespace sluice::cmd
