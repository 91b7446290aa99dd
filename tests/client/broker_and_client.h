#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/client/admin.h"
#include "core/client/cluster.h"
#include "core/client/producer.h"
#include "sim/broker_program.h"
#include "sim/testing.h"

namespace sluice::client {

// One broker, and beside it a machine on which a test runs clients, all simulated.
class BrokerAndClient : public testing::Test {
protected:
    explicit BrokerAndClient(sim::BrokerOptions options = {}, sim::Shard::Options shard = {})
        : world({.seed = 11}), machines(world) {
        options.broker.listen = {"broker", 9092};
        options.broker.groups.initial_rebalance_delay = milliseconds(500);
        options.broker.groups.offsets_partitions = 3;
        options.logs.free_bytes_min = 0;
        broker = &machines.add({.name = "broker", .process = {.shards = 2, .shard = shard}},
                               [options](const sim::ProcessFacts& facts) {
                                   return std::make_unique<sim::BrokerProgram>(facts, options);
                               });
        machine = &machines.add({.name = "client"}, [this](const sim::ProcessFacts&) {
            return std::make_unique<sim::Body>([this](env::Env& env) { body(env); });
        });
        broker->start();
    }

    // Runs `work` on the client's machine until it is done.
    void on_client(const std::function<void(env::Env&)>& work, Duration limit = seconds(600)) {
        body = work;
        machine->start();
        ASSERT_TRUE(world.run_until_done(world.now() + limit, [&] { return !machine->running(); }))
            << (world.failure() ? world.failure()->text : "the client did not end");
    }

    sim::World world;
    sim::Cluster machines;
    sim::Node* broker = nullptr;
    sim::Node* machine = nullptr;
    std::function<void(env::Env&)> body;
};

// A client of that broker, as long as it lives.
struct Client {
    explicit Client(env::Env& e, ClientOptions options = {})
        : env(e),
          cluster({e.scheduler, e.clock, e.network, e.random}, std::move(options),
                  {{"broker", 9092}}) {}
    ~Client() { cluster.close(); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void create(const std::string& topic, std::int32_t partitions) {
        const auto created = Admin(cluster).create_topic({.name = topic, .partitions = partitions});
        ASSERT_TRUE(created) << created.error().text();
    }
    // `values` in turn to the partitions of a topic.
    void fill(const std::string& topic, std::int32_t partitions, int first, int last) {
        Producer producer(cluster, {});
        for (int i = first; i < last; ++i) {
            const auto sent =
                producer.send({.topic = topic,
                               .partition = PartitionIndex(i % partitions),
                               .key = {},
                               .value = std::to_string(i),
                               .headers = {}},
                              [](const Delivery& delivery) { EXPECT_TRUE(delivery.delivered()); });
            EXPECT_TRUE(sent);
        }
        EXPECT_TRUE(producer.flush());
        producer.close();
    }

    env::Env& env;
    Cluster cluster;
};

}  // namespace sluice::client
