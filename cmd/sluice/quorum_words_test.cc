#include "cmd/sluice/quorum_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/sluice/server_config.h"

namespace sluice::cmd {
namespace {

using testing::HasSubstr;

ServerConfig node(std::int32_t id, QuorumWords told) {
    ServerConfig config;
    config.broker.node_id = BrokerId(id);
    config.quorum = std::move(told);
    return config;
}

std::string complaint_about(ServerConfig config) {
    return apply_quorum(config).value_or("");
}

constexpr auto three = "1@a:9093,2@b:9093,3@c:9093";

TEST(QuorumWords, ANodeThatIsToldOfNobodyIsAlone) {
    for (const auto* voters : {"", "1@a:9093"}) {
        ServerConfig config = node(1, {.voters = voters});
        EXPECT_FALSE(apply_quorum(config));
        EXPECT_FALSE(config.broker.is_clustered());
        EXPECT_TRUE(config.broker.controller_listen.host.empty());
    }
}

TEST(QuorumWords, ANodeMayBeBoth) {
    ServerConfig config = node(2, {.voters = three});
    EXPECT_FALSE(apply_quorum(config));
    EXPECT_TRUE(config.broker.is_broker);
    EXPECT_TRUE(config.broker.is_controller);
    EXPECT_EQ(config.broker.quorum.voters.size(), 3);
    EXPECT_EQ(config.broker.controller_listen.text(), "b:9093");
}

TEST(QuorumWords, ABrokerKnowsTheControllersOrWhereTheyAre) {
    ServerConfig named = node(4, {.roles = "broker", .voters = three});
    EXPECT_FALSE(apply_quorum(named));
    EXPECT_EQ(named.broker.quorum.voters.size(), 3);
    EXPECT_FALSE(named.broker.is_controller);
    EXPECT_TRUE(named.broker.controller_listen.host.empty());

    ServerConfig found = node(4, {.roles = "broker", .bootstrap = "a:9093, b:9093"});
    EXPECT_FALSE(apply_quorum(found));
    EXPECT_TRUE(found.broker.quorum.voters.empty());
    EXPECT_EQ(found.broker.quorum.bootstrap_servers.at(1).text(), "b:9093");
    EXPECT_TRUE(found.broker.is_clustered());
}

TEST(QuorumWords, SaysWhatIsMissingOrCannotBe) {
    EXPECT_THAT(complaint_about(node(4, {.roles = "broker"})),
                HasSubstr("say where the controllers are"));
    EXPECT_THAT(complaint_about(node(2, {.roles = "broker", .voters = three})),
                HasSubstr("node 2 is one of the controllers"));
    EXPECT_THAT(complaint_about(node(4, {.roles = "broker", .bootstrap = "a"})),
                HasSubstr("not of the form HOST:PORT"));
    EXPECT_THAT(complaint_about(node(4, {.voters = three})), HasSubstr("not among them"));
    EXPECT_THAT(complaint_about(node(4, {.roles = "judge"})), HasSubstr("none of"));
}

}  // namespace
}  // namespace sluice::cmd
