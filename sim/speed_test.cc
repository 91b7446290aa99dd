#include <gtest/gtest.h>

#include <ctime>
#include <iostream>

#include "core/env/event.h"
#include "sim/testing.h"

// How fast simulated worlds go. Prints what it measures; only `sluice sim` is held to a number.

namespace sluice::sim {
namespace {

double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void report(const char* what, TestBench& bench, double seconds) {
    std::cout << what << ": "
              << static_cast<std::uint64_t>(static_cast<double>(bench.world().events()) / seconds)
              << " events/s, " << bench.world().events() << " events, "
              << to_milliseconds(bench.world().now().since_start) << " virtual ms\n";
}

TEST(Speed, OfTheBareLoop) {
    TestBench bench(1);
    const double begin = processor_seconds();
    EXPECT_TRUE(bench.run([](env::Env& env) {
        env::FiberGroup group(env.scheduler);
        for (int i = 0; i < 20; ++i)
            EXPECT_TRUE(group.spawn("sleeper", [&env] {
                for (int n = 0; n < 10'000; ++n)
                    if (!env::sleep_for(env.scheduler, Duration(20))) return;
            }));
        group.join();
    }));
    report("bare loop", bench, processor_seconds() - begin);
}

TEST(Speed, OfFibersThatPassAnEventOn) {
    TestBench bench(1);
    const double begin = processor_seconds();
    EXPECT_TRUE(bench.run([](env::Env& env) {
        env::FiberGroup group(env.scheduler);
        env::Event ping(env.scheduler);
        env::Event pong(env.scheduler);
        constexpr int rounds = 100'000;
        EXPECT_TRUE(group.spawn("ping", [&] {
            for (int n = 0; n < rounds; ++n) {
                ping.set();
                if (!pong.wait()) return;
                if (n % 20 == 0 && !env::sleep_for(env.scheduler, Duration(20))) return;
            }
        }));
        EXPECT_TRUE(group.spawn("pong", [&] {
            for (int n = 0; n < rounds; ++n) {
                if (!ping.wait()) return;
                pong.set();
            }
        }));
        group.join();
    }));
    report("events between fibers", bench, processor_seconds() - begin);
}

TEST(Speed, OfDiskCalls) {
    TestBench bench(1);
    const double begin = processor_seconds();
    EXPECT_TRUE(bench.run([](env::Env& env) {
        env::FiberGroup group(env.scheduler);
        for (int i = 0; i < 10; ++i)
            EXPECT_TRUE(group.spawn("writer", [&env, i] {
                auto file = env.disk.open(std::to_string(i), env::OpenMode::create);
                const std::string text(300, 'x');
                const Slice piece = as_slice(text);
                for (std::uint64_t n = 0; n < 2'000; ++n) {
                    EXPECT_TRUE((*file)->write(n * 300, {&piece, 1}));
                    if (n % 10 == 0 && !(*file)->sync()) return;
                }
            }));
        group.join();
    }));
    report("disk calls", bench, processor_seconds() - begin);
}

TEST(Speed, OfTripsOverTheNetwork) {
    TestBench bench(1);
    const double begin = processor_seconds();
    EXPECT_TRUE(bench.run([](env::Env& env) {
        auto listener = env.network.listen({"", 9092});
        env::FiberGroup group(env.scheduler);
        for (int i = 0; i < 10; ++i) {
            EXPECT_TRUE(group.spawn("client", [&] {
                auto connection = env.network.connect({"a", 9092}, never);
                const std::string text(300, 'x');
                const Slice piece = as_slice(text);
                std::uint8_t bytes[300];
                for (int n = 0; n < 2'000; ++n) {
                    if (!(*connection)->write({&piece, 1})) return;
                    if (!(*connection)->read(bytes)) return;
                }
            }));
        }
        for (int i = 0; i < 10; ++i) {
            auto accepted = (*listener)->accept();
            auto owned = env.network.adopt(std::move(*accepted));
            EXPECT_TRUE(group.spawn("server", [connection = std::move(owned)] {
                std::uint8_t bytes[300];
                for (;;) {
                    const auto count = connection->read(bytes);
                    if (!count || *count == 0) return;
                    const Slice piece(bytes, *count);
                    if (!connection->write({&piece, 1})) return;
                }
            }));
        }
        group.join();
    }));
    report("network", bench, processor_seconds() - begin);
}

}  // namespace
}  // namespace sluice::sim
