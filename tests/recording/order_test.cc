// The real broker on the real doors of each engine, with a recorder in between: whatever it answers
// was on disk before.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <latch>

#include "cmd/sluice/real_doors.h"
#include "core/broker/node.h"
#include "core/client/admin.h"
#include "core/client/producer.h"
#include "core/protocol/messages/delete_records.h"
#include "core/protocol/messages/find_coordinator.h"
#include "core/protocol/messages/offset_commit.h"
#include "net/kafka/kafka_frontend.h"
#include "storage/log/data_root.h"
#include "storage/log/store.h"
#include "tests/recording/recorder.h"

namespace sluice::recording {
namespace {

using namespace protocol;

constexpr std::uint32_t shard_count = 2;

// The real doors of one shard with a recorder before those whose order matters.
struct ShardDoors {
    ShardDoors(posix::ShardGroup::Shard& shard, const std::string& data, Recorder& recorder)
        : real(shard, data),
          network(real.network, recorder),
          disk(real.disk, recorder),
          env{.scheduler = real.env.scheduler,
              .clock = real.env.clock,
              .network = network,
              .disk = disk,
              .pages = real.pages,
              .random = real.random,
              .logger = real.logger,
              .shards = real.env.shards} {}

    cmd::RealDoors real;
    RecordingNetwork network;
    RecordingDisk disk;
    env::Env env;
};

class Order : public ::testing::TestWithParam<posix::EngineChoice> {
protected:
    Order() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / ("order-" + std::string(6, 'X'))).string();
        EXPECT_NE(mkdtemp(pattern.data()), nullptr);
        data = pattern;
        config.listen = {"127.0.0.1", 0};
        config.given["log.segment.bytes"] = "8192";
    }
    ~Order() override { std::filesystem::remove_all(data); }

    // Runs `body` beside a broker on two shards.
    void with_broker(const std::function<void(client::Cluster&)>& body) {
        std::vector<std::unique_ptr<ShardDoors>> doors(shard_count);
        std::latch made(shard_count);
        const auto ended = posix::ShardGroup::run(
            {.count = shard_count, .reactor = {.engine = GetParam()}},
            [&](posix::ShardGroup::Shard& shard) {
                const std::uint32_t self = shard.shards.self().value;
                doors[self] = std::make_unique<ShardDoors>(shard, data, recorder);
                made.arrive_and_wait();
                if (self != 0) return;
                std::vector<env::Env*> envs;
                for (const auto& each : doors) envs.push_back(&each->env);
                run_node(envs, body);
            });
        if (ended.failed()) GTEST_SKIP() << "this kernel does not allow the engine";
    }

    void run_node(const std::vector<env::Env*>& envs,
                  const std::function<void(client::Cluster&)>& body) {
        broker::Node node(
            envs, config,
            {.directory = [](env::Env& env) { return std::make_unique<storage::DataRoot>(env); },
             .logs =
                 [&](env::Env& env) {
                     return std::make_unique<storage::Store>(storage::LogDoors::of(env), "", logs);
                 },
             .frontend =
                 [&](std::vector<env::Env*> shards, std::vector<broker::Service*> services) {
                     return std::make_unique<net::KafkaFrontend>(std::move(shards),
                                                                 std::move(services), network);
                 }});
        const auto started = node.start();
        EXPECT_TRUE(started) << started.error().message;
        if (started) {
            env::Env& env = *envs.front();
            client::Cluster cluster({env.scheduler, env.clock, env.network, env.random}, {},
                                    {node.listening()});
            body(cluster);
            cluster.close();
        }
        EXPECT_TRUE(node.stop());
    }

    static void create(client::Cluster& cluster, const std::string& topic,
                       std::vector<std::pair<std::string, std::string>> configs = {}) {
        const auto created = client::Admin(cluster).create_topic(
            {.name = topic, .partitions = 2, .replication = 1, .configs = std::move(configs)});
        ASSERT_TRUE(created) << created.error().text();
    }

    // One record a request, one after the other, so that the next answer is about this one.
    void produce(client::Cluster& cluster, const std::string& topic, int count) {
        client::Producer producer(cluster, {.linger = Duration(0)});
        for (int partition = 0; partition < 2; ++partition)
            send(producer, topic, partition, "to begin with");
        for (int i = 0; i < count; ++i) {
            const std::string mark = fmt::format("<{} {}>", topic, i);
            recorder.expect_answer(mark);
            send(producer, topic, i % 2,
                 mark + std::string(1000 + static_cast<std::size_t>(i) % 7 * 300, 'x'));
            marks.push_back(mark);
        }
        producer.close();
    }
    static void send(client::Producer& producer, const std::string& topic, int partition,
                     const std::string& value) {
        const auto sent = producer.send_and_wait(
            {.topic = topic, .partition = PartitionIndex(partition), .value = value});
        EXPECT_EQ(sent.code, ErrorCode::none);
    }

    // Tries again while there is no coordinator yet.
    bool commit(client::Cluster& cluster, int offset, const std::string& mark) {
        const auto topic = cluster.topic("words", false);
        OffsetCommitRequest request;
        request.group_id = "group";
        request.topics.resize(1);
        request.topics[0].name = "words";
        request.topics[0].topic_id = topic->id;
        request.topics[0].partitions.resize(1);
        request.topics[0].partitions[0].partition_index = PartitionIndex(0);
        request.topics[0].partitions[0].committed_offset = Offset(offset);
        request.topics[0].partitions[0].committed_metadata = mark;
        FindCoordinatorRequest search;
        search.coordinator_keys = {"group"};
        for (int attempt = 0; attempt < 50; ++attempt) {
            const auto found = cluster.ask_any(search, seconds(10));
            if (found && found->coordinators.at(0).error_code == ErrorCode::none) {
                recorder.expect_answer(mark);
                const auto answer = cluster.ask_any(request, seconds(10));
                if (answer && answer->topics.at(0).partitions.at(0).error_code == ErrorCode::none)
                    return true;
            }
            if (env::sleep_for(cluster.env().scheduler, milliseconds(100)).failed()) break;
        }
        return false;
    }

    std::string data;
    broker::BrokerConfig config;
    storage::LogOptions logs;
    net::ServerLimits network;
    Recorder recorder;
    std::vector<std::string> marks;
};

TEST_P(Order, ARecordIsOnDiskBeforeItIsAcknowledged) {
    with_broker([&](client::Cluster& cluster) {
        create(cluster, "words");
        produce(cluster, "words", 200);
    });
    // Over several segments, or files of a journal.
    for (const std::string& mark : marks) EXPECT_EQ(recorder.complaint_about(mark), "") << mark;
    EXPECT_GT(recorder.files_with_marks(), 1u);
}

TEST_P(Order, ATopicIsOnDiskBeforeItExists) {
    with_broker([&](client::Cluster& cluster) {
        create(cluster, "to-begin-with");
        for (int i = 0; i < 20; ++i) {
            const std::string name = fmt::format("topic-{:03}-of-many", i);
            recorder.expect_answer(name);
            create(cluster, name);
            marks.push_back(name);
        }
    });
    for (const std::string& mark : marks) EXPECT_EQ(recorder.complaint_about(mark), "") << mark;
}

TEST_P(Order, ACommittedOffsetIsOnDiskBeforeItCounts) {
    with_broker([&](client::Cluster& cluster) {
        create(cluster, "words");
        for (int i = 0; i < 30; ++i) {
            marks.push_back(fmt::format("commit {:03} of many", i));
            ASSERT_TRUE(commit(cluster, i, marks.back())) << i;
        }
    });
    for (const std::string& mark : marks) EXPECT_EQ(recorder.complaint_about(mark), "") << mark;
}

TEST_P(Order, AStartThatMovedIsOnDiskBeforeItIsTold) {
    with_broker([&](client::Cluster& cluster) {
        create(cluster, "words");
        produce(cluster, "words", 20);
        auto leader = cluster.leader({"words", PartitionIndex(1)});
        ASSERT_TRUE(leader);
        DeleteRecordsRequest request;
        request.timeout_ms = 5000;
        request.topics = {{.name = "words", .partitions = {{PartitionIndex(1), Offset(3)}}}};
        recorder.expect_answer("deleted");
        const auto answer = (*leader)->ask(request, seconds(10));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->topics.at(0).partitions.at(0).error_code, ErrorCode::none);
    });
    EXPECT_EQ(recorder.complaint_about_rename("deleted", "words-1/log-start-offset"), "");
}

// The recorder does notice: who opts out of it does not wait for the disk.
TEST_P(Order, ATopicThatOptsOutIsAcknowledgedBefore) {
    with_broker([&](client::Cluster& cluster) {
        create(cluster, "lazy", {{"flush.messages", "1000000"}});
        produce(cluster, "lazy", 50);
    });
    std::size_t complaints = 0;
    for (const std::string& mark : marks) complaints += !recorder.complaint_about(mark).empty();
    EXPECT_GT(complaints, 25u);
}

INSTANTIATE_TEST_SUITE_P(Engines, Order,
                         ::testing::Values(posix::EngineChoice::io_uring,
                                           posix::EngineChoice::epoll),
                         [](const auto& engine) {
                             return engine.param == posix::EngineChoice::epoll ? "Epoll" : "Ring";
                         });

}  // namespace
}  // namespace sluice::recording
