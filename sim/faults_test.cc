#include "sim/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/env/event.h"
#include "sim/testing.h"

namespace sluice::sim {
namespace {

TEST(Plan, IsTheSameForTheSameSeedAndDiffersBetweenSeeds) {
    const PlanOptions options{.servers = 3, .nodes = 5};
    EXPECT_EQ(draw_plan(options, Random(1)), draw_plan(options, Random(1)));
    EXPECT_FALSE(draw_plan(options, Random(1)) == draw_plan(options, Random(2)));
}

TEST(Plan, SwitchesEveryKindOnInSomeSeedsAndOffInOthers) {
    const PlanOptions options{.servers = 3, .nodes = 5, .flip_bits = true};
    PerFault<int> seeds_with;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        PerFault<int> here;
        for (const Fault& fault : draw_plan(options, Random(seed)).faults) {
            here[fault.kind] = 1;
            EXPECT_LT(fault.at, options.horizon);
            EXPECT_LT(fault.node, 3u);
            EXPECT_LT(fault.other, 5u);
            EXPECT_NE(fault.node, fault.other);
        }
        for (std::size_t i = 0; i < fault_kind_count; ++i)
            seeds_with[static_cast<FaultKind>(i)] += here[static_cast<FaultKind>(i)];
    }
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        EXPECT_GT(seeds_with[kind], 75) << name_of(kind);
        EXPECT_LT(seeds_with[kind], 225) << name_of(kind);
    }
}

TEST(Plan, DamagesOneServerAtMostAndNeverTheOnlyCopy) {
    const auto damages = [](FaultKind kind) {
        return kind == FaultKind::bit_rot || kind == FaultKind::latent_read_error ||
               kind == FaultKind::phantom_write || kind == FaultKind::misdirected_write ||
               kind == FaultKind::disk_wiped;
    };
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        std::set<std::uint32_t> hit;
        for (const Fault& fault : draw_plan({.servers = 3, .nodes = 4}, Random(seed)).faults)
            if (damages(fault.kind)) hit.insert(fault.node);
        EXPECT_LE(hit.size(), 1u);
        for (const Fault& fault : draw_plan({.servers = 1, .nodes = 2}, Random(seed)).faults)
            EXPECT_FALSE(damages(fault.kind));
    }
}

TEST(Plan, NeverNeedsAMachineThatIsNotThere) {
    for (std::uint64_t seed = 0; seed < 100; ++seed)
        for (const Fault& fault : draw_plan({.servers = 1, .nodes = 1}, Random(seed)).faults)
            EXPECT_EQ(fault.other, 0u) << text_of(fault);
}

// Writes, reads and asks the other servers, until the process dies.
void be_busy(env::Env& env, const std::vector<std::string>& servers) {
    auto listener = env.network.listen({"", 9092});
    env::FiberGroup group(env.scheduler);
    EXPECT_TRUE(group.spawn("serve", [&] {
        while (listener) {
            auto accepted = (*listener)->accept();
            if (!accepted) return;
            auto connection = env.network.adopt(std::move(*accepted));
            const Slice piece = as_slice("hello");
            static_cast<void>(connection->write({&piece, 1}).failed());
        }
    }));
    for (int i = 0; env::sleep_for(env.scheduler, milliseconds(20)); ++i) {
        auto file = env.disk.open("f" + std::to_string(i % 5), env::OpenMode::create);
        if (!file) continue;
        std::uint8_t bytes[100];
        const Slice piece = as_slice("something");
        static_cast<void>(
            (*file)->write(static_cast<std::uint64_t>(i % 1000), {&piece, 1}).failed());
        static_cast<void>((*file)->sync().failed());
        static_cast<void>((*file)->read(0, bytes).failed());
        auto connection =
            env.network.connect({servers[static_cast<std::size_t>(i) % servers.size()], 9092},
                                env.scheduler.now() + milliseconds(200));
        if (connection) static_cast<void>((*connection)->read(bytes).failed());
    }
    if (listener) (*listener)->close();
    group.join();
}

struct Outcome {
    std::uint64_t hash = 0;
    std::uint64_t restarts = 0;
    FaultLog faults;
};

Outcome run(std::uint64_t seed) {
    Outcome outcome;
    World world({.seed = seed});
    const std::vector<std::string> names{"a", "b", "c"};
    Cluster cluster(world);
    for (const std::string& name : names)
        cluster.add({.name = name}, [&](const ProcessFacts&) {
            return std::make_unique<Body>([&](env::Env& env) { be_busy(env, names); });
        });
    const PlanOptions options{.servers = 3, .nodes = 3, .horizon = seconds(10), .flip_bits = true};
    FaultDriver driver(cluster, draw_plan(options, world.stream("faults")), {.servers = 3});
    for (std::size_t i = 0; i < 3; ++i) cluster.node(i).start();
    driver.begin();
    EXPECT_TRUE(world.run_until(Time{seconds(10)})) << seed << " " << world.failure()->text;
    driver.heal();
    EXPECT_TRUE(world.run_until(Time{seconds(20)})) << seed << " " << world.failure()->text;
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_TRUE(cluster.node(i).running() || !driver.is_core(static_cast<std::uint32_t>(i)));
    outcome = {world.hash(), driver.restarts(), cluster.faults()};
    return outcome;
}

TEST(FaultDriver, LetsEveryKindOfFaultBiteOverSomeSeeds) {
    PerFault<int> bitten;
    std::uint64_t restarts = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const Outcome outcome = run(seed);
        restarts += outcome.restarts;
        for (std::size_t i = 0; i < fault_kind_count; ++i) {
            const auto kind = static_cast<FaultKind>(i);
            bitten[kind] += outcome.faults.of(kind).bitten > 0 ? 1 : 0;
        }
    }
    for (std::size_t i = 0; i < fault_kind_count; ++i)
        EXPECT_GT(bitten[static_cast<FaultKind>(i)], 0) << name_of(static_cast<FaultKind>(i));
    EXPECT_GT(restarts, 100u);
}

TEST(FaultDriver, DoesTheSameForTheSameSeed) {
    for (std::uint64_t seed = 100; seed < 105; ++seed) EXPECT_EQ(run(seed).hash, run(seed).hash);
}

}  // namespace
}  // namespace sluice::sim
