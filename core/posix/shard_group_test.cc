#include "core/posix/shard_group.h"

#include <gtest/gtest.h>

#include "core/env/event.h"
#include "core/posix/ring_engine.h"
#include "net/posix/network.h"
#include "storage/posix/disk.h"

namespace sluice::posix {
namespace {

class ShardGroupTest : public testing::TestWithParam<EngineChoice> {
protected:
    void run(std::uint32_t count, const std::function<void(ShardGroup::Shard&)>& body) {
        const auto ended =
            ShardGroup::run({.count = count, .reactor = {.engine = GetParam()}}, body);
        if (ended.failed()) GTEST_SKIP() << "the kernel forbids io_uring";
    }
};

TEST_P(ShardGroupTest, CallsAnotherShardInOrderAndWaitsForTheAnswer) {
    std::vector<int> order;
    std::uint32_t finished_on = 99;
    run(3, [&](ShardGroup::Shard& shard) {
        if (shard.shards.self() != ShardId(0)) return;
        env::RemoteCall first(shard.shards);
        env::RemoteCall second(shard.shards);
        first.start(
            ShardId(2), [&] { order.push_back(1); }, Task());
        second.start(
            ShardId(2), [&] { order.push_back(2); },
            [&] {
                auto& scheduler = shard.shards.scheduler_of(ShardId(2));
                EXPECT_TRUE(env::sleep_for(scheduler, milliseconds(1)));
                finished_on = 2;
            });
        EXPECT_TRUE(first.wait());
        EXPECT_TRUE(second.wait());
    });
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_EQ(finished_on, 2u);
}

TEST_P(ShardGroupTest, AnswersManyCallsBothWays) {
    std::atomic<int> answered{0};
    run(2, [&](ShardGroup::Shard& shard) {
        const ShardId other(1 - shard.shards.self().value);
        int here = 0;
        for (int i = 0; i < 5000; ++i) EXPECT_TRUE(env::call(shard.shards, other, [&] { ++here; }));
        answered += here;
    });
    EXPECT_EQ(answered.load(), 10'000);
}

TEST_P(ShardGroupTest, CarriesBytesOverALoopbackSocket) {
    run(1, [&](ShardGroup::Shard& shard) {
        PosixNetwork network(shard.reactor);
        auto listener = network.listen({"127.0.0.1", 0});
        ASSERT_TRUE(listener);
        env::FiberGroup group(shard.reactor.scheduler());
        ASSERT_TRUE(group.spawn("echo", [&] {
            auto accepted = (*listener)->accept();
            ASSERT_TRUE(accepted);
            auto peer = network.adopt(std::move(*accepted));
            std::uint8_t bytes[64];
            for (;;) {
                const auto count = peer->read(bytes);
                ASSERT_TRUE(count);
                if (*count == 0) break;
                const Slice piece(bytes, *count);
                ASSERT_TRUE(peer->write({&piece, 1}));
            }
        }));
        const Time deadline = shard.reactor.clock().now() + seconds(5);
        auto client = network.connect((*listener)->address(), deadline);
        ASSERT_TRUE(client);
        const Slice hello = as_slice("hello");
        ASSERT_TRUE((*client)->write({&hello, 1}));
        std::uint8_t bytes[5];
        std::size_t seen = 0;
        while (seen < 5) {
            const auto count = (*client)->read(MutableSlice(bytes).subspan(seen));
            ASSERT_TRUE(count);
            seen += *count;
        }
        EXPECT_EQ(as_text(bytes), "hello");
        client->reset();
        group.join();
        EXPECT_EQ(network.connect({"127.0.0.1", 1}, deadline).error(), Error::refused);
    });
}

TEST_P(ShardGroupTest, WritesFilesAndReadsThemBack) {
    const std::string root = testing::TempDir() + "posix_disk_" +
                             (GetParam() == EngineChoice::epoll ? "epoll" : "io_uring");
    run(1, [&](ShardGroup::Shard& shard) {
        PosixDisk disk(shard.reactor, root);
        ASSERT_TRUE(disk.make_directory("a/b"));
        auto file = disk.open("a/b/file", env::OpenMode::create);
        ASSERT_TRUE(file);
        const Slice pieces[] = {as_slice("one"), as_slice("two")};
        EXPECT_EQ((*file)->write(0, pieces).value(), 6u);
        EXPECT_TRUE((*file)->sync());
        EXPECT_TRUE(disk.sync_directory("a/b"));
        std::uint8_t bytes[10];
        EXPECT_EQ((*file)->read(2, bytes).value(), 4u);
        EXPECT_EQ(as_text(Slice(bytes, 4)), "etwo");
        auto lock = disk.lock(".lock");
        ASSERT_TRUE(lock);
        EXPECT_EQ(disk.lock(".lock").error(), Error::exists);
        EXPECT_TRUE(disk.rename("a/b/file", "a/b/other"));
        EXPECT_EQ(disk.list("a/b").value().size(), 1u);
        EXPECT_TRUE(disk.remove("a/b/other"));
        EXPECT_EQ(disk.open("a/b/other", env::OpenMode::read).error(), Error::not_found);
    });
}

INSTANTIATE_TEST_SUITE_P(Engines, ShardGroupTest,
                         testing::Values(EngineChoice::io_uring, EngineChoice::epoll),
                         [](const auto& engine) {
                             return engine.param == EngineChoice::epoll ? "epoll" : "io_uring";
                         });

}  // namespace
}  // namespace sluice::posix
