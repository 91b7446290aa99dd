#include "sim/cluster.h"
#include "tests/doors/doors_under_test.h"

namespace sluice::doors {
namespace {

// The simulator's doors, with everything that may legally happen and no fault.
template <std::uint64_t seed>
class SimulatedDoors final : public DoorsUnderTest {
public:
    SimulatedDoors() : world_({.seed = seed}), cluster_(world_) {}

    void run(std::uint32_t shards, const Body& body) override {
        if (cluster_.size() == 0 || shards != shards_) add_machine(shards);
        body_ = &body;
        sim::Node& node = cluster_.node(cluster_.size() - 1);
        node.start();
        EXPECT_TRUE(world_.run_until_done(world_.now() + seconds(3600), [&] {
            return !node.running();
        })) << (world_.failure() ? world_.failure()->text : "the process does not end");
    }
    std::string host() const override { return "localhost"; }

private:
    // Shard 0 waits for the doors of the others.
    class Process final : public sim::Program {
    public:
        Process(std::uint32_t shards, const Body& body) : envs_(shards), body_(body) {}
        void run(env::Env& env) override {
            bool complete = false;
            const ShardId self = env.shards.self();
            EXPECT_TRUE(env::call(env.shards, ShardId(0), [&] {
                envs_[self.value] = &env;
                complete = ++known_ == envs_.size();
            }));
            if (!complete) return;
            EXPECT_TRUE(env::call(env.shards, ShardId(0), [&] { body_(envs_); }));
        }
        void stop() override {}

    private:
        std::vector<env::Env*> envs_;
        std::size_t known_ = 0;
        const Body& body_;
    };

    void add_machine(std::uint32_t shards) {
        shards_ = shards;
        sim::Node::Options node{.name = "machine-" + std::to_string(cluster_.size())};
        node.process.shards = shards;
        cluster_.add(node, [this](const sim::ProcessFacts& facts) {
            return std::make_unique<Process>(facts.shards, *body_);
        });
    }

    sim::World world_;
    sim::Cluster cluster_;
    std::uint32_t shards_ = 0;
    const Body* body_ = nullptr;
};

template <std::uint64_t seed>
std::unique_ptr<DoorsUnderTest> make_simulated() {
    return std::make_unique<SimulatedDoors<seed>>();
}

INSTANTIATE_DOORS(Simulated1, make_simulated<1>);
INSTANTIATE_DOORS(Simulated2, make_simulated<2>);
INSTANTIATE_DOORS(Simulated3, make_simulated<3>);

}  // namespace
}  // namespace sluice::doors
