#include "sim/broker_program.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/protocol/api.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/record.h"
#include "sim/testing.h"

namespace sluice::sim {
namespace {

using namespace protocol;

// Speaks to a broker one request at a time, as plainly as can be.
class PlainClient {
public:
    explicit PlainClient(std::unique_ptr<env::Connection> connection)
        : connection_(std::move(connection)) {}

    static std::unique_ptr<PlainClient> connect(env::Env& env) {
        for (;;) {
            auto made = env.network.connect({"broker", 9092}, env.clock.now() + seconds(1));
            if (made) return std::make_unique<PlainClient>(std::move(*made));
            if (env::sleep_for(env.scheduler, milliseconds(50)).failed()) return nullptr;
        }
    }

    template <class Api, class Response>
    Result<Response> ask(const Api& request, ApiKey key, Version version) {
        RequestHeader header;
        header.request_api_key = key;
        header.request_api_version = version;
        header.correlation_id = CorrelationId(++correlation_);
        header.client_id = "plain";
        TRY(const auto frame,
            encode_frame(header, request_header_version(key, version), request, version));
        for (const Bytes& piece : frame) CHECK_OK(send(piece.view()));
        std::uint8_t length[4];
        CHECK_OK(receive(length));
        Buffer body = Buffer::allocate(static_cast<std::size_t>(load_big<std::int32_t>(length)));
        CHECK_OK(receive(body.all()));
        Bytes reply{body};
        CHECK_OK(decode_prefix<ResponseHeader>(reply, response_header_version(key, version)));
        return decode<Response>(reply, version);
    }

    // Sends a frame as it is and says how long the answer is.
    Result<std::int32_t> ask_raw(Slice frame) {
        CHECK_OK(send(frame));
        std::uint8_t length[4];
        CHECK_OK(receive(length));
        return load_big<std::int32_t>(length);
    }

private:
    Result<void> send(Slice bytes) {
        while (!bytes.empty()) {
            TRY(const std::size_t count, connection_->write({&bytes, 1}));
            bytes = bytes.subspan(count);
        }
        return {};
    }
    Result<void> receive(MutableSlice into) {
        while (!into.empty()) {
            TRY(const std::size_t count, connection_->read(into));
            if (count == 0) return Error::closed;
            into = into.subspan(count);
        }
        return {};
    }

    std::unique_ptr<env::Connection> connection_;
    std::int32_t correlation_ = 0;
};

// One broker and, beside it, a machine that runs whatever a test asks of a client.
class BrokerProgramTest : public testing::Test {
protected:
    BrokerProgramTest() : world({.seed = 7}), cluster(world) {
        BrokerOptions options;
        options.broker.listen = {"broker", 9092};
        options.logs.free_bytes_min = 0;
        broker = &cluster.add({.name = "broker", .process = {.shards = 2}},
                              [options](const ProcessFacts& facts) {
                                  return std::make_unique<BrokerProgram>(facts, options);
                              });
        client = &cluster.add({.name = "client"}, [this](const ProcessFacts&) {
            return std::make_unique<Body>([this](env::Env& env) { body(env); });
        });
    }
    // Runs `work` with a client until it is done.
    void with_client(const std::function<void(PlainClient&)>& work) {
        body = [&](env::Env& env) {
            auto plain = PlainClient::connect(env);
            ASSERT_TRUE(plain);
            work(*plain);
        };
        client->start();
        ASSERT_TRUE(world.run_until_done(world.now() + seconds(60), [&] {
            return !client->running();
        })) << (world.failure() ? world.failure()->text : "the client did not end");
    }
    ErrorCode create(PlainClient& plain, const std::string& name, std::int32_t partitions) {
        CreateTopicsRequest request;
        request.topics.push_back({name, partitions, 1, {}, {}});
        auto reply = plain.ask<CreateTopicsRequest, CreateTopicsResponse>(
            request, ApiKey::create_topics, Version(7));
        EXPECT_TRUE(reply);
        return reply ? reply->topics.at(0).error_code : ErrorCode::unknown_server_error;
    }
    ProduceResponse::Partition produce(PlainClient& plain, const std::string& topic,
                                       std::int32_t partition, const std::string& value) {
        RecordBatchBuilder batch;
        batch.append({.timestamp = Timestamp(0), .value = as_slice(value)});
        ProduceRequest request;
        request.acks = -1;
        request.topic_data.push_back({topic, {}, {{PartitionIndex(partition), batch.build()}}});
        auto reply =
            plain.ask<ProduceRequest, ProduceResponse>(request, ApiKey::produce, Version(12));
        EXPECT_TRUE(reply);
        return reply ? reply->responses.at(0).partition_responses.at(0)
                     : ProduceResponse::Partition{};
    }
    std::vector<std::string> fetch(PlainClient& plain, const std::string& topic,
                                   std::int32_t partition) {
        FetchRequest request;
        request.topics.push_back(
            {topic,
             {},
             {{.partition = PartitionIndex(partition), .partition_max_bytes = 1 << 20}}});
        auto reply = plain.ask<FetchRequest, FetchResponse>(request, ApiKey::fetch, Version(12));
        EXPECT_TRUE(reply);
        std::vector<std::string> values;
        if (!reply) return values;
        const auto& answer = reply->responses.at(0).partitions.at(0);
        EXPECT_EQ(answer.error_code, ErrorCode::none);
        BatchSplitter batches(answer.records.value_or(Bytes()).view());
        while (const auto batch = batches.next()) {
            RecordReader records(*batch, batch->records());
            while (const auto record = records.next()) values.emplace_back(as_text(record->value));
        }
        return values;
    }

    World world;
    Cluster cluster;
    sim::Node* broker = nullptr;
    sim::Node* client = nullptr;
    std::function<void(env::Env&)> body;
};

TEST_F(BrokerProgramTest, KeepsWhatItAcknowledgedAcrossAPowerCut) {
    broker->start();
    with_client([&](PlainClient& plain) {
        EXPECT_EQ(create(plain, "words", 3), ErrorCode::none);
        EXPECT_EQ(create(plain, "words", 3), ErrorCode::topic_already_exists);
        for (int p = 0; p < 3; ++p)
            for (int i = 0; i < 5; ++i) {
                const auto answer = produce(plain, "words", p, std::to_string(i));
                EXPECT_EQ(answer.error_code, ErrorCode::none);
                EXPECT_EQ(answer.base_offset, Offset(i));
            }
    });
    for (const std::uint32_t percent : {0u, 50u, 100u}) {
        broker->cut_power(percent);
        broker->start();
        with_client([&](PlainClient& plain) {
            for (int p = 0; p < 3; ++p)
                EXPECT_EQ(fetch(plain, "words", p),
                          (std::vector<std::string>{"0", "1", "2", "3", "4"}));
        });
    }
}

TEST_F(BrokerProgramTest, AnswersARequestThatEndsWithBytesToSpare) {
    // As librdkafka 2.15 asks for all topics: null, both flags, no tags, and three bytes too many.
    constexpr std::uint8_t frame[] = {0,   0,   0,   25,  0,   3,   0, 13, 0, 0, 0, 7, 0, 7, 'r',
                                      'd', 'k', 'a', 'f', 'k', 'a', 0, 0,  0, 0, 0, 1, 0, 0};
    broker->start();
    with_client([&](PlainClient& plain) {
        const auto answered = plain.ask_raw(frame);
        ASSERT_TRUE(answered);
        EXPECT_GT(*answered, 40);
    });
}

TEST_F(BrokerProgramTest, StopsCleanlyAndStartsAgain) {
    broker->start();
    with_client([&](PlainClient& plain) {
        EXPECT_EQ(create(plain, "words", 1), ErrorCode::none);
        EXPECT_EQ(produce(plain, "words", 0, "kept").error_code, ErrorCode::none);
    });
    broker->stop();
    ASSERT_TRUE(
        world.run_until_done(world.now() + seconds(20), [&] { return !broker->running(); }));
    broker->start();
    with_client([&](PlainClient& plain) {
        EXPECT_EQ(fetch(plain, "words", 0), std::vector<std::string>{"kept"});
    });
}

TEST_F(BrokerProgramTest, EndsEveryFiberWhereverItCrashes) {
    broker->start();
    with_client([&](PlainClient& plain) { EXPECT_EQ(create(plain, "words", 2), ErrorCode::none); });
    for (std::uint64_t call = 1; call < 60; call += 3) {
        broker->crash_in_call({.calls_from_now = call, .power_lost = call % 2 == 0});
        world.run_until(world.now() + seconds(10));
        ASSERT_FALSE(world.failure()) << world.failure()->text;
        if (broker->running()) broker->crash();
        broker->start();
    }
    with_client([&](PlainClient& plain) {
        EXPECT_EQ(produce(plain, "words", 1, "still here").error_code, ErrorCode::none);
    });
}

}  // namespace
}  // namespace sluice::sim
