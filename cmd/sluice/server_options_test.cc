#include "cmd/sluice/server_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cmd {
namespace {

using testing::HasSubstr;

std::string complaint_about(std::string_view name, std::string_view value) {
    ServerConfig config;
    return set_option(config, name, value).value_or("");
}

TEST(ServerOptions, NamesTheNearestForAnUnknownName) {
    EXPECT_THAT(complaint_about("num.partition", "3"), HasSubstr("did you mean 'num.partitions'?"));
}

TEST(ServerOptions, TakesWhatTunesNothingHere) {
    ServerConfig config;
    EXPECT_FALSE(set_option(config, "num.io.threads", "8"));
    EXPECT_FALSE(set_option(config, "replica.lag.time.max.ms", "8"));
    EXPECT_THAT(config.without_effect,
                testing::ElementsAre("num.io.threads", "replica.lag.time.max.ms"));
}

TEST(ServerOptions, JudgesAlsoWhatTunesNothingHere) {
    EXPECT_EQ(
        complaint_about("replica.lag.time.max.ms", "x"),
        "Invalid value x for configuration replica.lag.time.max.ms: Not a number of type LONG");
    EXPECT_THAT(complaint_about("num.io.threads", "0"), HasSubstr("Value must be at least 1"));
    EXPECT_THAT(complaint_about("group.share.max.size", "1001"), HasSubstr("no more than 1000"));
    EXPECT_THAT(complaint_about("controlled.shutdown.enable", "yes"), HasSubstr("true or false"));
    EXPECT_THAT(complaint_about("offsets.topic.replication.factor", "40000"),
                HasSubstr("Not a number"));
    EXPECT_THAT(complaint_about("replica.lag.time", "1"), HasSubstr("unknown configuration"));
}

TEST(ServerOptions, RefusesWhatWouldNotBeKept) {
    for (const auto* name : {"authorizer.class.name", "ssl.keystore.location",
                             "sasl.enabled.mechanisms", "remote.log.storage.system.enable"}) {
        EXPECT_THAT(complaint_about(name, "x"), HasSubstr("is Apache Kafka's, and not served yet"));
        EXPECT_EQ(complaint_about(name, ""), "");
        EXPECT_EQ(complaint_about(name, "false"), "");
    }
}

TEST(ServerOptions, KnowsOtherNamesForTheSame) {
    ServerConfig config;
    EXPECT_FALSE(set_option(config, "broker.id", "7"));
    EXPECT_FALSE(set_option(config, "log.dir", "/data"));
    EXPECT_EQ(config.broker.node_id, BrokerId(7));
    EXPECT_EQ(config.data, "/data");
}

TEST(ServerOptions, ForgetsProducersWhenItIsTold) {
    ServerConfig config;
    EXPECT_FALSE(set_option(config, "producer.id.expiration.ms", "1000"));
    EXPECT_EQ(config.broker.given["producer.id.expiration.ms"], "1000");
    EXPECT_THAT(complaint_about("producer.id.expiration.ms", "soon"),
                HasSubstr("not a number of milliseconds"));
}

}  // namespace
}  // namespace sluice::cmd
