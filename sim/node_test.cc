#include "sim/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/env/event.h"
#include "sim/testing.h"

namespace sluice::sim {
namespace {

using env::OpenMode;

Result<void> write_all(env::File& file, std::uint64_t offset, std::string_view text) {
    for (Slice rest = as_slice(text); !rest.empty();) {
        TRY(const std::size_t written, file.write(offset, {&rest, 1}));
        offset += written;
        rest = rest.subspan(written);
    }
    return {};
}

std::string read_file(env::Env& env, const std::string& path) {
    auto file = env.disk.open(path, OpenMode::read);
    if (!file) return "(none)";
    std::string text;
    for (;;) {
        std::uint8_t bytes[1000];
        const auto count = (*file)->read(text.size(), bytes);
        if (!count) return "(error)";
        if (*count == 0) return text;
        text += as_text({bytes, *count});
    }
}

// Writes 'a', syncs it and its name, writes 'b', and waits for ever.
void write_synced_and_unsynced(env::Env& env) {
    auto file = env.disk.open("f", OpenMode::create);
    ASSERT_TRUE(file);
    ASSERT_TRUE(write_all(**file, 0, "a"));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(env.disk.sync_directory(""));
    ASSERT_TRUE(write_all(**file, 1, "b"));
    EXPECT_EQ(env::sleep_for(env.scheduler, seconds(1000)).error(), Error::stopped);
    EXPECT_EQ((*file)->sync().error(), Error::stopped);
    EXPECT_EQ(env.disk.open("g", OpenMode::create).error(), Error::stopped);
}

TEST(Node, KeepsEveryCompletedWriteWhenItsProcessCrashes) {
    TestBench bench(1);
    bench.start(write_synced_and_unsynced);
    bench.world().run_until(Time{seconds(1)});
    bench.node().crash();
    EXPECT_TRUE(bench.run([](env::Env& env) {
        EXPECT_EQ(read_file(env, "f"), "ab");
        EXPECT_EQ(read_file(env, "g"), "(none)");
    }));
}

TEST(Node, KeepsOnlyWhatWasSyncedWhenItsPowerIsCut) {
    TestBench bench(1);
    bench.start(write_synced_and_unsynced);
    bench.world().run_until(Time{seconds(1)});
    bench.node().cut_power(0);
    EXPECT_TRUE(bench.run([](env::Env& env) { EXPECT_EQ(read_file(env, "f"), "a"); }));
}

TEST(Node, LosesUnsyncedBytesToAPowerCutThatFollowsAProcessCrash) {
    TestBench bench(1);
    bench.start(write_synced_and_unsynced);
    bench.world().run_until(Time{seconds(1)});
    bench.node().crash();
    EXPECT_TRUE(bench.run([](env::Env& env) { EXPECT_EQ(read_file(env, "f"), "ab"); }));
    bench.node().cut_power(0);
    EXPECT_TRUE(bench.run([](env::Env& env) { EXPECT_EQ(read_file(env, "f"), "a"); }));
}

TEST(Node, CrashesInsideEveryCallAndLeavesItDoneOrNotDone) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        TestBench bench(seed);
        bench.start([](env::Env& env) {
            auto file = env.disk.open("f", OpenMode::create);
            if (!file || !write_all(**file, 0, "one") || !write_all(**file, 0, "two")) return;
            if (!env.disk.rename("f", "g")) return;
        });
        bench.node().crash_in_call({.calls_from_now = 1 + seed % 4});
        ASSERT_TRUE(bench.world().run_until_done(Time{seconds(9)},
                                                 [&] { return !bench.node().running(); }));
        ASSERT_TRUE(bench.run(
            [&](env::Env& env) { seen.insert(read_file(env, "f") + "/" + read_file(env, "g")); }));
        ASSERT_FALSE(bench.world().failure());
    }
    for (const char* state : {"(none)/(none)", "/(none)", "one/(none)", "two/(none)", "(none)/two"})
        EXPECT_TRUE(seen.contains(state)) << state;
}

TEST(Node, HoldsADiskLockUntilItsProcessEnds) {
    TestBench bench(1);
    EXPECT_TRUE(bench.run([](env::Env& env) {
        auto first = env.disk.lock("lock");
        EXPECT_TRUE(first);
        EXPECT_EQ(env.disk.lock("lock").error(), Error::exists);
    }));
    bench.start([](env::Env& env) {
        auto lock = env.disk.lock("lock");
        EXPECT_TRUE(lock);
        EXPECT_FALSE(env::sleep_for(env.scheduler, seconds(1000)));
    });
    bench.world().run_until(bench.world().now() + seconds(1));
    bench.node().crash();
    EXPECT_TRUE(bench.run([](env::Env& env) { EXPECT_TRUE(env.disk.lock("lock")); }));
}

TEST(Node, DeliversLettersAndEndsCallsWhileItDies) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        TestBench bench({.world = {.seed = seed}, .shards = 2});
        int begun = 0;
        int ended = 0;
        bench.start([&](env::Env& env) {
            while (!env.scheduler.stopped()) {
                ++begun;
                if (env::call(env.shards, ShardId(1), [&] { ++ended; }).failed()) return;
            }
        });
        bench.world().run_until(Time{milliseconds(5)});
        bench.node().crash();
        EXPECT_GT(ended, 10);
        EXPECT_EQ(begun, ended);
        EXPECT_FALSE(bench.world().failure());
    }
}

TEST(Node, StandsStillWhileFrozenThoughTimeGoesOn) {
    TestBench bench(1);
    Time before{};
    Time after{};
    bench.start([&](env::Env& env) {
        before = env.clock.now();
        EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(1)));
        after = env.clock.now();
    });
    bench.world().run_until(Time{milliseconds(500)});
    bench.node().set_frozen(true);
    bench.world().run_until(Time{seconds(10)});
    EXPECT_TRUE(bench.node().running());
    bench.node().set_frozen(false);
    bench.world().run_until(Time{seconds(11)});
    EXPECT_FALSE(bench.node().running());
    EXPECT_GE(after - before, seconds(10));
}

TEST(Node, FailsARunWhoseProgramDoesNotStopWhenAsked) {
    TestBench bench(1);
    bench.start([](env::Env& env) {
        while (env::sleep_for(env.scheduler, seconds(1))) {
        }
    });
    bench.world().run_until(Time{seconds(1)});
    bench.node().stop();
    EXPECT_FALSE(bench.world().run_until(Time{seconds(200)}));
    EXPECT_EQ(bench.world().failure()->signature, "a clean stop does not end");
}

class DiskFaults : public testing::Test {
protected:
    // How often some calls failed or fell short with one kind of fault on.
    int failures(FaultKind kind) {
        TestBench bench(1);
        DiskDevice& device = bench.node().disk();
        device.set_chance(kind, 0.3);
        int failed = 0;
        EXPECT_TRUE(bench.run([&](env::Env& env) {
            const std::string text(20'000, 'x');
            for (int i = 0; i < 30; ++i) {
                auto file = env.disk.open("f", OpenMode::create);
                if (!file) {
                    ++failed;
                    continue;
                }
                const Slice piece = as_slice(text);
                const auto written = (*file)->write(0, {&piece, 1});
                std::vector<std::uint8_t> bytes(20'000);
                const auto count = (*file)->read(0, bytes);
                failed += written && *written == text.size() ? 0 : 1;
                failed += count && *count == text.size() ? 0 : 1;
                failed += (*file)->sync() ? 0 : 1;
            }
        }));
        EXPECT_EQ(bench.cluster().faults().of(kind).bitten > 0, true) << name_of(kind);
        damages = device.damages();
        return failed;
    }
    std::vector<Damage> damages;
};

TEST_F(DiskFaults, AreSeenByTheCaller) {
    for (const FaultKind kind :
         {FaultKind::read_error, FaultKind::write_error, FaultKind::directory_error,
          FaultKind::sync_drops_pages, FaultKind::sync_forgets_pages, FaultKind::short_read,
          FaultKind::short_write})
        EXPECT_GT(failures(kind), 2) << name_of(kind);
}

TEST_F(DiskFaults, OrAreNotAndAreRemembered) {
    for (const FaultKind kind : {FaultKind::phantom_write, FaultKind::misdirected_write}) {
        EXPECT_EQ(failures(kind), 0) << name_of(kind);
        EXPECT_FALSE(damages.empty());
    }
}

TEST_F(DiskFaults, DamageWhatIsAtRest) {
    TestBench bench(1);
    ASSERT_TRUE(bench.run([](env::Env& env) {
        auto file = env.disk.open("f", OpenMode::create);
        ASSERT_TRUE(file);
        ASSERT_TRUE(write_all(**file, 0, std::string(100, 'x')));
        ASSERT_TRUE((*file)->sync());
    }));
    ASSERT_TRUE(bench.node().disk().damage(FaultKind::bit_rot));
    ASSERT_EQ(bench.node().disk().damages().size(), 1u);
    EXPECT_TRUE(bench.run([](env::Env& env) {
        const std::string text = read_file(env, "f");
        EXPECT_EQ(text.size(), 100u);
        EXPECT_EQ(std::count(text.begin(), text.end(), 'x'), 99);
    }));
    ASSERT_TRUE(bench.node().disk().damage(FaultKind::latent_read_error));
    EXPECT_TRUE(bench.run([](env::Env& env) {
        EXPECT_EQ(read_file(env, "f"), "(error)");
        auto file = env.disk.open("f", OpenMode::write);
        ASSERT_TRUE(file);
        ASSERT_TRUE(write_all(**file, 0, std::string(100, 'y')));
        EXPECT_EQ(read_file(env, "f"), std::string(100, 'y'));
    }));
}

TEST_F(DiskFaults, StallAndSlowCalls) {
    for (const FaultKind kind : {FaultKind::disk_stall, FaultKind::slow_disk}) {
        TestBench bench(1);
        if (kind == FaultKind::disk_stall) bench.node().disk().stall_until(Time{seconds(3)});
        if (kind == FaultKind::slow_disk) bench.node().disk().set_slowness(1000);
        EXPECT_TRUE(bench.run([](env::Env& env) {
            for (int i = 0; i < 30; ++i) EXPECT_TRUE(env.disk.make_directory("d"));
        }));
        EXPECT_GT(bench.world().now(), Time{milliseconds(500)});
        EXPECT_GT(bench.cluster().faults().of(kind).bitten, 0u);
    }
}

}  // namespace
}  // namespace sluice::sim
