#include <gmock/gmock.h>

#include <algorithm>

#include "core/client/consumer.h"
#include "tests/client/broker_and_client.h"

namespace sluice::client {
namespace {

using protocol::CompressionType;
using protocol::ErrorCode;

class ProducerTest : public BrokerAndClient {
protected:
    // Everything that stands in a topic, partition by partition.
    static std::vector<std::string> read_all(Client& client, const std::string& topic) {
        Consumer consumer(client.cluster, {});
        EXPECT_TRUE(consumer.assign_topic(topic, Consumer::earliest));
        std::map<TopicPartition, std::vector<std::string>> by_partition;
        const auto at_the_end = [&] {
            return std::ranges::all_of(consumer.assignment(), [&](const auto& each) {
                const auto end = consumer.high_watermark(each);
                return end && consumer.position(each) >= end;
            });
        };
        while (!at_the_end()) {
            const auto records = consumer.poll(milliseconds(100));
            EXPECT_TRUE(records);
            for (const auto& record : *records)
                by_partition[record.partition].emplace_back(record.value->text());
        }
        std::vector<std::string> all;
        for (const auto& [partition, values] : by_partition)
            all.insert(all.end(), values.begin(), values.end());
        return all;
    }
    static std::vector<std::string> numbers(int first, int last) {
        std::vector<std::string> all;
        for (int i = first; i < last; ++i) all.push_back(std::to_string(i));
        return all;
    }
    // Sends numbers to partition 0 of "t" and gives what became of each.
    static std::vector<Delivery> send_numbers(Producer& producer, int count) {
        std::vector<Delivery> fates(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            const auto sent = producer.send(
                {.topic = "t", .partition = PartitionIndex(0), .value = std::to_string(i)},
                [&fates, i](const Delivery& delivery) {
                    fates[static_cast<std::size_t>(i)] = delivery;
                });
            EXPECT_TRUE(sent);
        }
        EXPECT_TRUE(producer.flush());
        return fates;
    }
};

TEST_F(ProducerTest, KeepsOrderAndSendsOnceWhileTheBrokerCrashes) {
    on_client([this](env::Env& env) {
        Client client(env, {.request_time_max = seconds(3), .connect_time_max = seconds(1)});
        client.create("t", 1);
        Producer producer(client.cluster, {.linger = Duration{0}, .batch_bytes = 200});
        int delivered = 0;
        for (int i = 0; i < 3000; ++i) {
            ASSERT_TRUE(producer.send(
                {.topic = "t", .partition = PartitionIndex(0), .value = std::to_string(i)},
                [&delivered](const Delivery& delivery) {
                    EXPECT_TRUE(delivery.delivered()) << name_of(delivery.code);
                    ++delivered;
                }));
            if (i % 600 == 300) {
                broker->crash();
                broker->start();
            }
            if (i % 10 != 0) continue;
            ASSERT_TRUE(env::sleep_for(env.scheduler, milliseconds(1)));
        }
        ASSERT_TRUE(producer.flush());
        EXPECT_EQ(delivered, 3000);
        EXPECT_EQ(read_all(client, "t"), numbers(0, 3000));
        producer.close();
    });
}

TEST_F(ProducerTest, TellsEachRecordItsOffset) {
    on_client([](env::Env& env) {
        Client client(env);
        client.create("t", 1);
        Producer producer(client.cluster, {.batch_bytes = 100});
        const auto fates = send_numbers(producer, 100);
        for (std::size_t i = 0; i < fates.size(); ++i)
            EXPECT_EQ(fates[i].offset, Offset(static_cast<std::int64_t>(i)));
        producer.close();
    });
}

TEST_F(ProducerTest, SplitsBatchesThatTheBrokerFindsTooLarge) {
    on_client([](env::Env& env) {
        Client client(env);
        ASSERT_TRUE(
            Admin(client.cluster)
                .create_topic(
                    {.name = "t", .partitions = 1, .configs = {{"max.message.bytes", "300"}}}));
        Producer producer(client.cluster, {.linger = milliseconds(20)});
        for (const Delivery& each : send_numbers(producer, 500)) EXPECT_TRUE(each.delivered());
        EXPECT_EQ(read_all(client, "t"), numbers(0, 500));
        // One that does not fit by itself is refused, and those behind it are not held up.
        const auto large = producer.send_and_wait(
            {.topic = "t", .partition = PartitionIndex(0), .value = std::string(1000, 'x')});
        EXPECT_EQ(large.code, ErrorCode::message_too_large);
        EXPECT_TRUE(
            producer
                .send_and_wait({.topic = "t", .partition = PartitionIndex(0), .value = "after it"})
                .delivered());
        producer.close();
    });
}

TEST_F(ProducerTest, GoesOnBehindARecordThatIsRefused) {
    on_client([](env::Env& env) {
        Client client(env);
        ASSERT_TRUE(
            Admin(client.cluster)
                .create_topic(
                    {.name = "t", .partitions = 1, .configs = {{"max.message.bytes", "300"}}}));
        Producer producer(client.cluster, {.linger = Duration{0}, .batch_bytes = 1});
        std::vector<std::string> refused;
        for (int i = 0; i < 60; ++i) {
            const std::string value = i % 7 == 3 ? std::string(1000, 'x') : std::to_string(i);
            ASSERT_TRUE(
                producer.send({.topic = "t", .partition = PartitionIndex(0), .value = value},
                              [&refused, i](const Delivery& delivery) {
                                  if (!delivery.delivered()) refused.push_back(std::to_string(i));
                              }));
        }
        ASSERT_TRUE(producer.flush());
        std::vector<std::string> expected = numbers(0, 60);
        std::erase_if(expected, [&](const std::string& each) { return std::stoi(each) % 7 == 3; });
        EXPECT_EQ(read_all(client, "t"), expected);
        EXPECT_EQ(refused.size(), 9U);
        producer.close();
    });
}

TEST_F(ProducerTest, RefusesARecordLargerThanItMaySend) {
    on_client([](env::Env& env) {
        Client client(env);
        client.create("t", 1);
        Producer producer(client.cluster, {.record_bytes_max = 100});
        const auto fate = producer.send_and_wait({.topic = "t", .value = std::string(101, 'x')});
        EXPECT_EQ(fate.code, ErrorCode::message_too_large);
        producer.close();
    });
}

TEST_F(ProducerTest, GivesUpAfterItsTime) {
    on_client([this](env::Env& env) {
        Client client(env, {.request_time_max = seconds(2), .connect_time_max = seconds(1)});
        client.create("t", 1);
        Producer producer(client.cluster, {.delivery_time_max = seconds(5)});
        ASSERT_TRUE(producer.send_and_wait({.topic = "t", .value = "before"}).delivered());
        broker->crash();
        const Time began = env.clock.now();
        const auto fate = producer.send_and_wait({.topic = "t", .value = "never"});
        EXPECT_EQ(fate.error, Error::timed_out);
        EXPECT_LT(env.clock.now() - began, seconds(10));
        broker->start();
        ASSERT_TRUE(env::sleep_for(env.scheduler, seconds(5)));
        const auto again = producer.send_and_wait({.topic = "t", .value = "again"});
        EXPECT_TRUE(again.delivered()) << name_of(again.code);
        producer.close();
    });
}

TEST_F(ProducerTest, SaysWhatItTriesAgainAndThatItWasStopped) {
    on_client([this](env::Env& env) {
        bool enough = false;
        ClientOptions options{.request_time_max = seconds(2), .connect_time_max = seconds(1)};
        options.gives_up = [&enough] { return enough; };
        Client client(env, options);
        client.create("t", 1);
        int retries = 0;
        ProducerOptions producing;
        producing.on_retry = [&](const Refusal& why) {
            EXPECT_EQ(why.code, ErrorCode::none);
            enough = ++retries == 3;
        };
        Producer producer(client.cluster, producing);
        ASSERT_TRUE(producer.send_and_wait({.topic = "t", .value = "before"}).delivered());
        broker->crash();
        EXPECT_EQ(producer.send_and_wait({.topic = "t", .value = "never"}).error, Error::stopped);
        EXPECT_EQ(retries, 3);
        producer.close();
    });
}

TEST_F(ProducerTest, PutsEqualKeysTogetherAndSpreadsTheOthers) {
    on_client([](env::Env& env) {
        Client client(env);
        client.create("t", 4);
        Producer producer(client.cluster, {.linger = Duration{0}, .batch_bytes = 1});
        std::map<std::int32_t, int> keyed;
        std::map<std::int32_t, int> spread;
        for (int i = 0; i < 100; ++i) {
            // "kafka" is on partition 1 of 4 whatever client sends it.
            const auto one = producer.send_and_wait({.topic = "t", .key = "kafka", .value = "x"});
            ++keyed[one.partition.value];
            const auto other = producer.send_and_wait({.topic = "t", .value = "x"});
            ++spread[other.partition.value];
        }
        EXPECT_EQ(keyed.size(), 1U);
        EXPECT_EQ(keyed.begin()->first, partition_of_key(as_slice("kafka"), 4).value);
        EXPECT_GT(spread.size(), 1U);
        producer.close();
    });
}

TEST_F(ProducerTest, SendsWithEveryCodec) {
    on_client([](env::Env& env) {
        Client client(env);
        for (const auto codec :
             {CompressionType::none, CompressionType::gzip, CompressionType::snappy,
              CompressionType::lz4, CompressionType::zstd}) {
            const std::string topic(protocol::name_of(codec));
            client.create(topic, 1);
            Producer producer(client.cluster, {.compression = codec});
            for (int i = 0; i < 200; ++i)
                ASSERT_TRUE(producer.send(
                    {.topic = topic, .value = std::to_string(i)},
                    [](const Delivery& delivery) { EXPECT_TRUE(delivery.delivered()); }));
            ASSERT_TRUE(producer.flush());
            EXPECT_EQ(read_all(client, topic), numbers(0, 200));
            producer.close();
        }
    });
}

}  // namespace
}  // namespace sluice::client
