#include <algorithm>
#include <memory>

#include "core/protocol/batch_builder.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/join_group.h"
#include "core/protocol/messages/produce.h"
#include "sim/raw_connection.h"
#include "tests/client/broker_and_client.h"

namespace sluice::client {
namespace {

using protocol::ErrorCode;
using protocol::FetchRequest;
using protocol::JoinGroupRequest;
using protocol::ProduceRequest;

constexpr std::size_t fibers_max = 64;
constexpr int requests = 60;  // On one connection.
constexpr Version version{5};
constexpr Version produce_version{12};
constexpr Version fetch_version{12};

// Clients that are more than the broker has fibers for.
class CrowdTest : public BrokerAndClient {
protected:
    CrowdTest() : BrokerAndClient({}, few_fibers()) {}

    static sim::Shard::Options few_fibers() {
        sim::Shard::Options shard;
        shard.scheduler.fibers_max = fibers_max;
        return shard;
    }
    protocol::ErrorCode join(sim::RawConnection& connection) {
        JoinGroupRequest request;
        request.group_id = "group";
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 10'000;
        request.protocol_type = "consumer";
        request.protocols.push_back({"range", {}});
        if (connection.send(request, version).failed())
            return protocol::ErrorCode::network_exception;
        const auto answer = connection.receive<JoinGroupRequest>(version);
        return answer ? answer->error_code : protocol::ErrorCode::network_exception;
    }
    static ProduceRequest one_record(std::int32_t partition) {
        protocol::RecordBatchBuilder batch;
        batch.append({.timestamp = Timestamp(0), .value = as_slice("v")});
        ProduceRequest request;
        request.acks = -1;
        request.topic_data.push_back({"t", {}, {{PartitionIndex(partition), batch.build()}}});
        return request;
    }
    // Of both partitions: so many bytes, or what there is after 20 seconds.
    static FetchRequest fetch(std::int32_t min_bytes) {
        FetchRequest request;
        request.max_wait_ms = 20'000;
        request.min_bytes = min_bytes;
        request.max_bytes = 1 << 20;
        request.topics.push_back({"t", {}, {}});
        for (std::int32_t i = 0; i < 2; ++i)
            request.topics.front().partitions.push_back(
                {.partition = PartitionIndex(i), .partition_max_bytes = 1 << 20});
        return request;
    }
    using Connections = std::vector<std::unique_ptr<sim::RawConnection>>;
    // Requests of one record each while the disk does nothing, to both partitions in turn: how many
    // of them no fiber could wait for.
    int produce_at_once(const Connections& connections) {
        broker->disk().stall_until(world.now() + seconds(2));
        for (const auto& each : connections)
            for (int i = 0; i < requests; ++i)
                EXPECT_TRUE(each->send(one_record(i % 2), produce_version));
        int given_up = 0;
        for (const auto& each : connections)
            for (int i = 0; i < requests; ++i) {
                const auto answer = each->receive<ProduceRequest>(produce_version);
                EXPECT_TRUE(answer);
                if (!answer) return given_up;
                const ErrorCode code = answer->responses.at(0).partition_responses.at(0).error_code;
                EXPECT_TRUE(code == ErrorCode::none || code == ErrorCode::request_timed_out);
                given_up += code == ErrorCode::request_timed_out ? 1 : 0;
            }
        return given_up;
    }
    std::unique_ptr<sim::RawConnection> connect(env::Env& env) {
        auto connection = std::make_unique<sim::RawConnection>(env, world, "crowd", seconds(10));
        static_cast<void>(connection->open({"broker", 9092}).failed());
        return connection;
    }
};

TEST_F(CrowdTest, WhoTakesEveryFiberHarmsNobody) {
    on_client([&](env::Env& env) {
        Client(env).create("up", 1);
        const auto member = connect(env);
        ASSERT_TRUE(member->is_open());
        std::vector<std::unique_ptr<sim::RawConnection>> crowd;
        for (std::size_t i = 0; i < 2 * fibers_max; ++i) crowd.push_back(connect(env));
        EXPECT_NE(join(*member), protocol::ErrorCode::none);
        crowd.clear();
        EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(5)));
        for (int i = 0; i < 20 && join(*member) != protocol::ErrorCode::member_id_required; ++i)
            EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(1)));
        EXPECT_EQ(join(*member), protocol::ErrorCode::member_id_required);
    });
    EXPECT_TRUE(broker->running());
    EXPECT_FALSE(world.failure());
}

TEST_F(CrowdTest, ProducesThatNoFiberCanWaitForAreGivenUpAndTheirRecordsAreRead) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("t", 2);
        // Each takes a fiber of the partition's shard, if that is another one.
        Connections producers;
        for (int i = 0; i < 4; ++i) producers.push_back(connect(env));
        ASSERT_GT(produce_at_once(producers), 0);
        // They were appended all the same, and whoever waits for what they brought is told.
        const Bytes one = *one_record(0).topic_data.front().partition_data.front().records;
        const auto all = static_cast<std::int32_t>(one.size()) * 2 * 4 * requests;
        const auto reader = connect(env);
        ASSERT_TRUE(reader->send(fetch(all), fetch_version));
        ASSERT_TRUE(env::sleep_for(env.scheduler, seconds(1)));
        const Time sent = env.clock.now();
        ASSERT_GT(produce_at_once(producers), 0);
        ASSERT_TRUE(reader->receive<FetchRequest>(fetch_version));
        EXPECT_LT(env.clock.now() - sent, seconds(5));
        ASSERT_TRUE(reader->send(fetch(all), fetch_version));
        const auto answer = reader->receive<FetchRequest>(fetch_version);
        ASSERT_TRUE(answer);
        std::size_t read = 0;
        for (const auto& partition : answer->responses.at(0).partitions)
            read += partition.records.value_or(Bytes()).size();
        EXPECT_EQ(read, static_cast<std::size_t>(all));
        // Nothing of it is kept: the partitions can go.
        EXPECT_TRUE(Admin(client.cluster).delete_topic("t"));
    });
    EXPECT_TRUE(broker->running());
    EXPECT_FALSE(world.failure());
}

}  // namespace
}  // namespace sluice::client
