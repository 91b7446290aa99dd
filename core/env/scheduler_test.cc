#include <gtest/gtest.h>

#include <string>

#include "core/env/event.h"
#include "core/env/logger.h"

namespace sluice::env {
namespace {

struct HandClock final : Clock {
    Time now() const override { return time; }
    Timestamp wall() const override { return Timestamp(1'700'000'000'000); }
    Time time{};
};

// Drives one scheduler as a simulator would: first come first served, time jumps to the next timer.
class SchedulerTest : public testing::Test {
protected:
    void spawn(Task body) { ASSERT_TRUE(scheduler.spawn("test", std::move(body))); }
    void run() {
        for (;;) {
            while (scheduler.ready_count() > 0) scheduler.resume(0);
            if (scheduler.next_timer() == never) return;
            clock.time = std::max(clock.time, scheduler.next_timer());
            scheduler.fire_timers(clock.time);
        }
    }

    HandClock clock;
    Scheduler scheduler{clock, {.fibers_max = 100}};
    std::string seen;
};

TEST_F(SchedulerTest, LetsFibersTakeTurnsAtTheirWaits) {
    Event ping(scheduler);
    Event pong(scheduler);
    spawn([&] {
        seen += 'a';
        ping.set();
        EXPECT_TRUE(pong.wait());
        seen += 'c';
    });
    spawn([&] {
        EXPECT_TRUE(ping.wait());
        seen += 'b';
        pong.set();
    });
    run();
    EXPECT_EQ(seen, "abc");
    EXPECT_EQ(scheduler.alive(), 0u);
}

TEST_F(SchedulerTest, WakesSleepersInTheOrderOfTheirTimes) {
    for (const int n : {3, 1, 2})
        spawn([&, n] {
            EXPECT_TRUE(sleep_for(scheduler, milliseconds(n)));
            seen += std::to_string(n);
        });
    run();
    EXPECT_EQ(seen, "123");
    EXPECT_EQ(clock.time, Time{milliseconds(3)});
}

TEST_F(SchedulerTest, EndsAWaitAtItsDeadlineOrItsSignalWhicheverIsFirst) {
    Event never_set(scheduler);
    Event set_in_time(scheduler);
    spawn(
        [&] { EXPECT_EQ(never_set.wait_until(Time{milliseconds(5)}).error(), Error::timed_out); });
    spawn([&] { EXPECT_TRUE(set_in_time.wait_until(Time{milliseconds(5)})); });
    spawn([&] {
        EXPECT_TRUE(sleep_for(scheduler, milliseconds(4)));
        set_in_time.set();
    });
    run();
}

TEST_F(SchedulerTest, EndsEveryWaitOfAStoppedNode) {
    Event event(scheduler);
    Signal signal(scheduler);
    spawn([&] { EXPECT_EQ(event.wait().error(), Error::stopped); });
    spawn([&] {
        EXPECT_EQ(signal.wait().error(), Error::stopped);
        EXPECT_EQ(sleep_for(scheduler, seconds(1)).error(), Error::stopped);
    });
    run();
    EXPECT_EQ(scheduler.alive(), 2u);
    scheduler.stop();
    run();
    EXPECT_EQ(scheduler.alive(), 0u);
}

TEST_F(SchedulerTest, GivesAMutexToOneFiberAtATimeInOrder) {
    Mutex mutex(scheduler);
    for (const char name : {'a', 'b', 'c'})
        spawn([&, name] {
            auto guard = mutex.lock();
            ASSERT_TRUE(guard);
            seen += name;
            EXPECT_TRUE(sleep_for(scheduler, milliseconds(1)));
            seen += name;
        });
    run();
    EXPECT_EQ(seen, "aabbcc");
}

TEST_F(SchedulerTest, JoinsAGroupEvenWhileStopping) {
    FiberGroup group(scheduler);
    Event event(scheduler);
    spawn([&] {
        EXPECT_TRUE(group.spawn("child", [&] {
            EXPECT_EQ(event.wait().error(), Error::stopped);
            seen += 'c';
        }));
        group.join();
        seen += 'p';
    });
    run();
    scheduler.stop();
    run();
    EXPECT_EQ(seen, "cp");
}

TEST_F(SchedulerTest, RefusesMoreFibersThanItsLimit) {
    for (int i = 0; i < 100; ++i) spawn([] {});
    EXPECT_EQ(scheduler.spawn("one-more", [] {}).error(), Error::limit);
    run();
    EXPECT_TRUE(scheduler.spawn("fits-again", [] {}));
    run();
}

struct LinesLogger final : Logger {
    using Logger::Logger;
    void write_line(std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

TEST(Logger, WritesOneLineAnEventAndLetsNobodyFakeOrFlood) {
    HandClock clock;
    LinesLogger logger(clock, {.burst = 2, .per_minute = 60});
    logger.info("client.refused", {{"client", "evil\n2023 error"}, {"size", "5"}});
    ASSERT_EQ(logger.lines.size(), 1u);
    EXPECT_EQ(logger.lines[0],
              "2023-11-14T22:13:20.000Z info client.refused client=\"evil\\x0a2023 error\" size=5");
    for (int i = 0; i < 100; ++i) logger.info("client.refused", {});
    EXPECT_EQ(logger.lines.size(), 2u);
    clock.time = Time{seconds(1)};
    logger.info("client.refused", {});
    ASSERT_EQ(logger.lines.size(), 3u);
    EXPECT_TRUE(logger.lines[2].ends_with("lines_left_out=99"));
}

}  // namespace
}  // namespace sluice::env
