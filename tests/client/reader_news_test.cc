#include "core/protocol/batch_builder.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/produce.h"
#include "sim/raw_connection.h"
#include "tests/client/broker_and_client.h"

namespace sluice::client {
namespace {

using namespace protocol;

constexpr Version news_fetch_version{12};
constexpr Version news_produce_version{12};

// Who waits for records is woken when they are durable, whatever their producer does.
class ReaderNewsTest : public BrokerAndClient {
protected:
    static FetchRequest fetch(const std::string& topic, std::int32_t partition, Duration wait) {
        FetchRequest request;
        request.max_wait_ms = static_cast<std::int32_t>(to_milliseconds(wait));
        request.min_bytes = 1;
        request.max_bytes = 1 << 20;
        request.topics.push_back(
            {topic,
             {},
             {{.partition = PartitionIndex(partition), .partition_max_bytes = 1 << 20}}});
        return request;
    }
    static ProduceRequest one_record(const std::string& topic, std::int32_t partition) {
        RecordBatchBuilder batch;
        batch.append({.timestamp = Timestamp(0), .value = as_slice("news")});
        ProduceRequest request;
        request.acks = -1;
        request.topic_data.push_back({topic, {}, {{PartitionIndex(partition), batch.build()}}});
        return request;
    }
    std::unique_ptr<sim::RawConnection> connect(env::Env& env, const std::string& name) {
        auto connection = std::make_unique<sim::RawConnection>(env, world, name, seconds(60));
        EXPECT_TRUE(connection->open({"broker", 9092}));
        return connection;
    }
    // More than the network takes from the broker for somebody who does not read.
    static void fill_large(Client& client, const std::string& topic) {
        client.create(topic, 1);
        Producer producer(client.cluster, {});
        for (int i = 0; i < 8; ++i)
            EXPECT_TRUE(producer
                            .send_and_wait({.topic = topic,
                                            .partition = PartitionIndex(0),
                                            .value = std::string(80'000, 'x')})
                            .delivered());
        producer.close();
    }
};

TEST_F(ReaderNewsTest, AProducerThatDoesNotReadItsAnswersHoldsNoReaderBack) {
    on_client([&](env::Env& env) {
        Client client(env);
        fill_large(client, "large");
        client.create("t", 2);
        for (std::int32_t partition = 0; partition < 2; ++partition) {
            const auto reader = connect(env, "reader");
            ASSERT_TRUE(reader->send(fetch("t", partition, seconds(25)), news_fetch_version));
            const auto producer = connect(env, "producer");
            ASSERT_TRUE(producer->send(fetch("large", 0, seconds(0)), news_fetch_version));
            ASSERT_TRUE(env::sleep_for(env.scheduler, seconds(1)));
            const Time sent = env.clock.now();
            ASSERT_TRUE(producer->send(one_record("t", partition), news_produce_version));
            const auto read = reader->receive<FetchRequest>(news_fetch_version);
            ASSERT_TRUE(read);
            EXPECT_FALSE(read->responses.at(0).partitions.at(0).records.value_or(Bytes()).empty());
            EXPECT_LT(env.clock.now() - sent, seconds(1));
        }
    });
}

}  // namespace
}  // namespace sluice::client
