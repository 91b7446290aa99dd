#include "sim/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/env/event.h"
#include "sim/testing.h"

namespace sluice::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::uint64_t note(std::vector<int>& seen, int what) {
    seen.push_back(what);
    return 0;
}

TEST(World, LetsEventsHappenByTimeAndThenInOrder) {
    World world({.seed = 1});
    std::vector<int> seen;
    for (const int n : {30, 10, 20, 10})
        world.at(Time{Duration(n)}, ShardRef{}, EventKind::note,
                 [&seen, n] { return note(seen, n); });
    const EventHandle gone =
        world.at(Time{Duration(5)}, ShardRef{}, EventKind::note, [&] { return note(seen, 5); });
    world.cancel(gone);
    EXPECT_TRUE(world.run_until(Time{Duration(25)}));
    EXPECT_THAT(seen, ElementsAre(10, 10, 20));
    EXPECT_EQ(world.now(), Time{Duration(25)});
    EXPECT_EQ(world.events(), 3u);
}

TEST(World, NoticesThatTimeNoLongerAdvances) {
    World world({.seed = 1, .events_per_moment_max = 1000});
    std::function<void()> again = [&] {
        world.at(world.now(), ShardRef{}, EventKind::note, [&] {
            again();
            return std::uint64_t{0};
        });
    };
    again();
    EXPECT_FALSE(world.run_until(Time{seconds(1)}));
    EXPECT_EQ(world.failure()->kind, FailureKind::liveness);
}

TEST(World, NoticesAFiberThatSpins) {
    TestBench bench(1);
    EXPECT_FALSE(bench.run([](env::Env& env) {
        while (env::yield(env.scheduler)) {
        }
    }));
    ASSERT_TRUE(bench.world().failure());
    EXPECT_EQ(bench.world().failure()->signature, "a shard is spinning");
}

TEST(World, NamesFibersThatOutliveTheirProcess) {
    TestBench bench(1);
    bench.start([](env::Env& env) {
        // Waits for something that never comes, and may not be interrupted.
        static std::optional<env::Completion> nothing;
        nothing.emplace(env.scheduler);
        nothing->wait();
    });
    bench.world().run_until(Time{seconds(1)});
    bench.node().crash();
    ASSERT_TRUE(bench.world().failure());
    EXPECT_THAT(bench.world().failure()->text, HasSubstr("main#1"));
}

// Fibers, letters and files, as much of everything as fits.
void be_busy(env::Env& env) {
    for (int i = 0; i < 200; ++i) {
        auto file = env.disk.open("f" + std::to_string(i % 7), env::OpenMode::create);
        if (!file) return;
        const Slice piece = as_slice("some bytes to be written");
        if (!(*file)->write(env.random.below(10'000), {&piece, 1})) return;
        if (i % 5 == 0 && !(*file)->sync()) return;
        const ShardId home(static_cast<std::uint32_t>(env.random.below(env.shards.count())));
        if (!env::call(env.shards, home, [] {})) return;
        if (!env::sleep_for(env.scheduler, Duration(env.random.between(1, 500)))) return;
    }
}

std::vector<std::uint64_t> hashes_of(std::uint64_t seed, PickMode pick) {
    TestBench bench({.world = {.seed = seed, .pick = pick}, .shards = 3});
    std::vector<std::uint64_t> hashes;
    for (int i = 0; i < 3; ++i) {
        bench.start([](env::Env& env) {
            env::FiberGroup group(env.scheduler);
            for (int n = 0; n < 5; ++n) EXPECT_TRUE(group.spawn("busy", [&] { be_busy(env); }));
            group.join();
        });
        bench.world().run_until(bench.world().now() + milliseconds(20));
        bench.node().cut_power(50);
        bench.world().run_until(bench.world().now() + milliseconds(1));
        hashes.push_back(bench.world().hash());
    }
    EXPECT_FALSE(bench.world().failure());
    EXPECT_GT(bench.world().events(), 1000u);
    return hashes;
}

TEST(World, IsTheSameForTheSameSeedAndNotForAnother) {
    for (const PickMode pick : {PickMode::fifo, PickMode::random, PickMode::priority}) {
        EXPECT_EQ(hashes_of(7, pick), hashes_of(7, pick));
        EXPECT_NE(hashes_of(7, pick), hashes_of(8, pick));
    }
    EXPECT_NE(hashes_of(7, PickMode::fifo), hashes_of(7, PickMode::random));
}

TEST(World, WritesAnAlignedLineAndOneOfJsonForEachEvent) {
    std::vector<std::string> lines;
    const auto take = [](void* context, std::string_view line) {
        static_cast<std::vector<std::string>*>(context)->emplace_back(line);
    };
    std::uint64_t hash_with_trace = 0;
    for (const auto form : {TraceWriter::Form::text, TraceWriter::Form::json}) {
        lines.clear();
        TraceWriter writer(form, take, &lines);
        TestBench bench({.world = {.seed = 3, .trace = &writer}});
        EXPECT_TRUE(bench.run([](env::Env& env) {
            env.logger.warn("test.says", {{"what", "a \"word\""}});
            EXPECT_TRUE(env.disk.make_directory("d"));
        }));
        EXPECT_GE(lines.size(), bench.world().events());
        hash_with_trace = bench.world().hash();
    }
    EXPECT_THAT(lines, testing::Contains(HasSubstr("\"detail\":\"mkdir d 0+0\"")));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("test.says what=\\\"a")));
    TestBench bench({.world = {.seed = 3}});
    EXPECT_TRUE(bench.run([](env::Env& env) { EXPECT_TRUE(env.disk.make_directory("d")); }));
    EXPECT_EQ(bench.world().hash(), hash_with_trace);
}

TEST(NodeClock, DriftsAndStepsWithoutGoingBack) {
    World world({.seed = 1});
    NodeClock clock(world, {.monotonic = seconds(5), .drift_parts_per_million = 1000});
    const auto wall = clock.wall();
    world.run_until(Time{seconds(1000)});
    EXPECT_EQ(clock.now(), Time{seconds(1006)});
    EXPECT_EQ(clock.wall().minus(wall), 1'001'000);
    EXPECT_EQ(clock.world_time_of(Time{seconds(1006)}), world.now());
    clock.step_wall(-seconds(100));
    EXPECT_EQ(clock.wall().minus(wall), 901'000);
    clock.set_drift(-500);
    EXPECT_EQ(clock.now(), Time{seconds(1006)});
    world.run_until(Time{seconds(2000)});
    EXPECT_LT(clock.now(), Time{seconds(2006)});
    clock.reboot(seconds(1));
    EXPECT_EQ(clock.now(), Time{seconds(1)});
}

}  // namespace
}  // namespace sluice::sim
