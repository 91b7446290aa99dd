#include <atomic>

#include "core/env/event.h"
#include "tests/doors/doors_under_test.h"

namespace sluice::doors {
namespace {

TEST_P(ClockDoorTest, NeverGoesBackAndSleepsLongEnough) {
    on_one_shard([](env::Env& env) {
        Time last = env.clock.now();
        for (int i = 0; i < 20; ++i) {
            EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(i % 4)));
            EXPECT_GE(env.clock.now() - last, milliseconds(i % 4));
            last = env.clock.now();
        }
        // After 2020 and before 2100.
        EXPECT_GT(env.clock.wall(), Timestamp(1'577'836'800'000));
        EXPECT_LT(env.clock.wall(), Timestamp(4'102'444'800'000));
    });
}

TEST_P(ClockDoorTest, EndsAWaitAtItsDeadline) {
    on_one_shard([](env::Env& env) {
        env::Event event(env.scheduler);
        const Time deadline = env.clock.now() + milliseconds(30);
        EXPECT_EQ(event.wait_until(deadline).error(), Error::timed_out);
        EXPECT_GE(env.clock.now(), deadline);
    });
}

TEST_P(ShardsDoorTest, KnowThemselves) {
    on_shards(3, [](const std::vector<env::Env*>& envs) {
        ASSERT_EQ(envs.size(), 3u);
        for (std::uint32_t i = 0; i < 3; ++i) {
            EXPECT_EQ(envs[i]->shards.self(), ShardId(i));
            EXPECT_EQ(envs[i]->shards.count(), 3u);
        }
    });
}

TEST_P(ShardsDoorTest, CallEachOtherAndWaitForTheEnd) {
    on_shards(2, [](const std::vector<env::Env*>& envs) {
        int steps = 0;
        EXPECT_TRUE(env::call(envs[0]->shards, ShardId(1), [&] {
            ++steps;
            EXPECT_TRUE(env::sleep_for(envs[1]->scheduler, milliseconds(5)));
            EXPECT_TRUE(env::call(envs[1]->shards, ShardId(0), [&] { ++steps; }));
            ++steps;
        }));
        EXPECT_EQ(steps, 3);
        EXPECT_TRUE(env::call(envs[0]->shards, ShardId(0), [&] { ++steps; }));
        EXPECT_EQ(steps, 4);
    });
}

TEST_P(ShardsDoorTest, BeginCallsInTheirOrderWhateverTheirLength) {
    on_shards(2, [](const std::vector<env::Env*>& envs) {
        std::vector<int> begun;
        std::vector<std::unique_ptr<env::RemoteCall>> calls;
        for (int i = 0; i < 50; ++i) {
            calls.push_back(std::make_unique<env::RemoteCall>(envs[0]->shards));
            calls.back()->start(
                ShardId(1), [&begun, i] { begun.push_back(i); },
                [&envs, i] {
                    EXPECT_TRUE(env::sleep_for(envs[1]->scheduler, milliseconds(i % 3)));
                });
        }
        for (const auto& call : calls) EXPECT_TRUE(call->wait());
        ASSERT_EQ(begun.size(), 50u);
        for (int i = 0; i < 50; ++i) EXPECT_EQ(begun[static_cast<std::size_t>(i)], i);
    });
}

TEST_P(ShardsDoorTest, CallUnderLoad) {
    on_shards(3, [](const std::vector<env::Env*>& envs) {
        std::atomic<int> done = 0;
        std::atomic<int> here[3] = {};
        const auto load = [&](std::uint32_t self) {
            env::FiberGroup group(envs[self]->scheduler);
            for (std::uint32_t fiber = 0; fiber < 20; ++fiber)
                EXPECT_TRUE(group.spawn("load", [&, fiber, self] {
                    for (std::uint32_t i = 0; i < 50; ++i) {
                        const ShardId home((self + fiber + i) % 3);
                        EXPECT_TRUE(env::call(envs[self]->shards, home, [&] {
                            EXPECT_EQ(envs[home.value]->scheduler.running() != nullptr, true);
                            ++here[home.value];
                        }));
                    }
                    ++done;
                }));
            group.join();
        };
        env::FiberGroup group(envs[0]->scheduler);
        for (std::uint32_t shard = 1; shard < 3; ++shard)
            EXPECT_TRUE(group.spawn("start", [&, shard] {
                EXPECT_TRUE(env::call(envs[0]->shards, ShardId(shard), [&] { load(shard); }));
            }));
        load(0);
        group.join();
        EXPECT_EQ(done, 60);
        EXPECT_EQ(here[0] + here[1] + here[2], 3'000);
    });
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClockDoorTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ShardsDoorTest);

}  // namespace sluice::doors
