#include "core/broker/broker.h"

#include <gtest/gtest.h>

#include "core/broker/cluster/active_controller.h"
#include "core/broker/controller_channel.h"
#include "core/broker/metadata_driver.h"
#include "core/broker/testing.h"
#include "core/metadata/image.h"

namespace sluice::broker {
namespace {

using namespace protocol;

constexpr TopicId the_topic{{7}};

// One broker of a cluster whose controllers nobody has heard of.
class BrokerTest : public ::testing::Test {
protected:
    BrokerTest() {
        config.quorum.bootstrap_servers = {{"there", 9093}};
        config.cluster.controller_wait_max = seconds(1);
        facts.incarnation = Uuid{{9}};
        broker.connect({&broker}, driver, channel);
    }
    ~BrokerTest() override {
        EXPECT_TRUE(world.run([&] {
            channel.stop();
            broker.replicas().stop();
            broker.close();
        }));
    }
    // It is registered, and holds partitions of one topic with another broker.
    Shared<const metadata::MetadataImage> image(std::int32_t partitions) {
        metadata::ImageBuilder builder;
        RegisterBrokerRecord registration;
        registration.broker_id = config.node_id;
        registration.incarnation_id = facts.incarnation;
        registration.fenced = false;
        builder.apply(registration);
        builder.apply(TopicRecord{"words", the_topic});
        for (std::int32_t index = 0; index < partitions; ++index) {
            PartitionRecord partition;
            partition.partition_id = PartitionIndex(index);
            partition.topic_id = the_topic;
            partition.replicas = partition.isr = {config.node_id, BrokerId(2)};
            partition.leader = config.node_id;
            partition.leader_epoch = LeaderEpoch(0);
            partition.partition_epoch = PartitionEpoch(0);
            partition.directories.resize(2);
            builder.apply(partition);
        }
        return Shared<const metadata::MetadataImage>::make(builder.image());
    }

    testing::StillEnv world;
    BrokerConfig config;
    NodeFacts facts;
    testing::ToldDirectory directory;
    testing::ToldStore store{world.doors.scheduler};
    MetadataDriver driver{world.doors, config, directory, store, nullptr};
    ActiveController active{world.doors, config, facts, driver};
    ControllerChannel channel{world.doors, config, driver, active, nullptr};
    Broker broker{world.doors, config, facts, store};
};

// Else the checkpoint says that all that is on disk is committed.
TEST_F(BrokerTest, ACheckpointKnowsTheHighWatermarkOfALogThatIsBeingOpened) {
    std::vector<LogStore::Checkpoint> seen(1);
    seen[0].name = "words-0";
    store.while_opening = [&] { broker.note_high_watermarks(seen); };
    LogHints hints;
    hints.high_watermark = Offset(5);
    EXPECT_TRUE(world.run([&] { broker.apply(image(1), {{"words-0", hints}}); }));
    EXPECT_EQ(seen[0].high_watermark, Offset(5));
}

TEST_F(BrokerTest, ALogThatIsBeingCutKeepsNoOtherFromBeingMaintained) {
    EXPECT_TRUE(world.run([&] { broker.apply(image(2), {}); }));
    store.logs.at("words-0")->maintain_refused = Error::stopped;
    EXPECT_TRUE(world.run([&] { broker.maintain(); }));
    EXPECT_EQ(store.logs.at("words-1")->maintained, 1);
}

TEST_F(BrokerTest, WhoWaitedForProducerIdsSharesTheFailure) {
    int answered = 0;
    const auto ask = [&] {
        EXPECT_TRUE(broker.next_producer_id().failed());
        ++answered;
    };
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(world.run(ask));
    world.pass_to(Time{seconds(1)});
    EXPECT_EQ(answered, 3);
}

}  // namespace
}  // namespace sluice::broker
