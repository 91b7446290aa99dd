#include "core/client/consumer.h"

#include <gtest/gtest.h>

#include "tests/client/broker_and_client.h"

namespace sluice::client {
namespace {

using protocol::ErrorCode;

class ConsumerTest : public BrokerAndClient {};

TEST_F(ConsumerTest, TellsThatItsTopicWasDeletedAndReadsTheOthersOn) {
    on_client([](env::Env& env) {
        Client client(env);
        client.create("gone", 1);
        client.create("kept", 1);
        client.fill("gone", 1, 0, 3);
        const TopicPartition gone{"gone", PartitionIndex(0)};
        const TopicPartition kept{"kept", PartitionIndex(0)};
        Consumer consumer(client.cluster, {});
        consumer.assign(gone, Consumer::earliest);
        consumer.assign(kept, Consumer::earliest);
        ASSERT_EQ(consumer.poll(seconds(1))->size(), 3u);
        EXPECT_FALSE(consumer.trouble(gone));
        {
            Client other(env);
            ASSERT_TRUE(Admin(other.cluster).delete_topic("gone"));
        }
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(consumer.poll(seconds(1)));
        EXPECT_EQ(consumer.trouble(gone), ErrorCode::unknown_topic_or_partition);
        EXPECT_FALSE(consumer.trouble(kept));
        client.fill("kept", 1, 0, 2);
        EXPECT_EQ(consumer.poll(seconds(1))->size(), 2u);
    });
}

sim::BrokerOptions advertised_wrongly() {
    sim::BrokerOptions options;
    options.broker.advertise = {"broker", 9999};
    return options;
}

class UnreachableLeaderTest : public BrokerAndClient {
protected:
    UnreachableLeaderTest() : BrokerAndClient(advertised_wrongly()) {}
};

// A leader that died before the consumer found where to begin has a successor.
TEST_F(UnreachableLeaderTest, IsAskedForAgain) {
    on_client([](env::Env& env) {
        Client client(env);
        client.create("led", 1);
        const TopicPartition led{"led", PartitionIndex(0)};
        Consumer consumer(client.cluster, {});
        consumer.assign(led, Consumer::earliest);
        ASSERT_TRUE(consumer.poll(seconds(1)));
        EXPECT_FALSE(consumer.trouble(led));
        {
            Client other(env);
            ASSERT_TRUE(Admin(other.cluster).delete_topic("led"));
        }
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(consumer.poll(seconds(1)));
        EXPECT_EQ(consumer.trouble(led), ErrorCode::unknown_topic_or_partition);
    });
}

}  // namespace
}  // namespace sluice::client
