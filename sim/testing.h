#pragma once

#include "sim/cluster.h"

namespace sluice::sim {

// A program made of a function, which runs on shard 0.
class Body final : public Program {
public:
    using Function = std::function<void(env::Env&)>;
    explicit Body(Function function) : function_(std::move(function)) {}

    void run(env::Env& env) override {
        if (env.shards.self() == ShardId(0)) function_(env);
    }
    void stop() override {}

private:
    Function function_;
};

// A world with one machine, for tests of what runs above the doors:
//
//     TestBench bench(seed);
//     ASSERT_TRUE(bench.run([](env::Env& env) { ...writes, syncs... }));
//     bench.node().cut_power(50);
//     ASSERT_TRUE(bench.run([](env::Env& env) { ...reads back... }));
class TestBench {
public:
    struct Options {
        World::Options world = {};
        std::uint32_t shards = 1;
        DiskDevice::Options disk = {};
        SimNetwork::Options network = {};
    };

    explicit TestBench(std::uint64_t seed) : TestBench(Options{.world = {.seed = seed}}) {}
    explicit TestBench(const Options& options)
        : world_(options.world), cluster_(world_, options.network) {
        Node::Options node{.name = "a"};
        node.process.shards = options.shards;
        node.disk = options.disk;
        cluster_.add(node,
                     [this](const ProcessFacts&) { return std::make_unique<Body>(function_); });
    }

    World& world() { return world_; }
    Cluster& cluster() { return cluster_; }
    Node& node() { return cluster_.node(0); }
    SimDisk& disk() { return node().disk().image(); }

    // Starts a process that runs `function` in a fiber of shard 0.
    void start(Body::Function function) {
        function_ = std::move(function);
        node().start();
    }
    // And lets virtual time pass until it has ended; false when the run failed, or after `limit`.
    bool run(Body::Function function, Duration limit = seconds(3600)) {
        start(std::move(function));
        return world_.run_until_done(world_.now() + limit, [this] { return !node().running(); });
    }

private:
    World world_;
    Body::Function function_;
    Cluster cluster_;
};

}  // namespace sluice::sim
