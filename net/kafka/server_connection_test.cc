#include "net/kafka/server_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace sluice::net {
namespace {

constexpr ConnectionLimits limits{.write_time_max = seconds(2)};

class SetClock final : public env::Clock {
public:
    Time now() const override { return time; }
    Timestamp wall() const override { return Timestamp(0); }

    Time time{};
};

struct SilentLogger final : env::Logger {
    using Logger::Logger;
    void write_line(std::string_view) override {}
};

// A client who has sent some requests at once; what is written to it is taken when the test says
// so.
class Client final : public env::Connection {
public:
    struct Facts {
        int requests = 1;
        int writes = 0;
        bool closed = false;
    };
    Client(env::Scheduler& scheduler, Facts& facts, env::Event& taken)
        : facts_(facts), taken_(taken), closed_(scheduler) {}

    Result<std::size_t> read(MutableSlice into) override {
        if (sent_) return closed_.wait() ? Error::closed : Error::stopped;
        sent_ = true;
        constexpr std::uint8_t frame[] = {0, 0, 0, 1, 7};
        auto at = into.begin();
        for (int i = 0; i < facts_.requests; ++i) at = std::ranges::copy(frame, at).out;
        return static_cast<std::size_t>(at - into.begin());
    }
    void expect(std::size_t) override {}
    Result<std::size_t> write(std::span<const Slice> pieces) override {
        ++facts_.writes;
        CHECK_OK(taken_.wait());
        if (facts_.closed) return Error::closed;
        return pieces.front().size();
    }
    void close() override {
        facts_.closed = true;
        closed_.set();
        taken_.set();
    }
    const env::Address& peer() const override { return peer_; }

private:
    const env::Address peer_{"client", 1};
    Facts& facts_;
    env::Event& taken_;
    env::Event closed_;
    bool sent_ = false;
};

struct Answer final : broker::PendingReply {
    Result<std::vector<Bytes>> finish() override { return std::vector{Bytes::copy_of("answer")}; }
    std::size_t bytes() const override { return 6; }
};
struct AnsweringService final : broker::Service {
    Result<std::unique_ptr<broker::PendingReply>> begin(broker::Session&, Bytes) override {
        ++begun;
        return std::unique_ptr<broker::PendingReply>(std::make_unique<Answer>());
    }
    bool lacks_reply_memory() const override { return lacks_memory; }

    bool lacks_memory = false;
    int begun = 0;
};

// Doors that a connection does not use.
struct NoNetwork final : env::Network {
    MOCK_METHOD(Result<std::unique_ptr<env::Listener>>, listen, (const env::Address&), (override));
    MOCK_METHOD(std::unique_ptr<env::Connection>, adopt, (std::unique_ptr<env::Accepted>),
                (override));
    MOCK_METHOD(Result<std::unique_ptr<env::Connection>>, connect, (const env::Address&, Time),
                (override));
};
struct NoDisk final : env::Disk {
    MOCK_METHOD(Result<std::unique_ptr<env::File>>, open, (const std::string&, env::OpenMode),
                (override));
    MOCK_METHOD(Result<void>, make_directory, (const std::string&), (override));
    MOCK_METHOD(Result<void>, remove, (const std::string&), (override));
    MOCK_METHOD(Result<void>, rename, (const std::string&, const std::string&), (override));
    MOCK_METHOD(Result<std::vector<env::DirectoryEntry>>, list, (const std::string&), (override));
    MOCK_METHOD(Result<void>, sync_directory, (const std::string&), (override));
    MOCK_METHOD(Result<env::DiskSpace>, space, (const std::string&), (override));
    MOCK_METHOD(Result<std::unique_ptr<env::DiskLock>>, lock, (const std::string&), (override));
};
struct NoShards final : env::Shards {
    MOCK_METHOD(ShardId, self, (), (const, override));
    MOCK_METHOD(std::uint32_t, count, (), (const, override));
    MOCK_METHOD(env::Scheduler&, scheduler_of, (ShardId), (override));
    MOCK_METHOD(void, post, (ShardId, env::Letter&), (override));
};

class ServerConnectionTest : public ::testing::Test {
protected:
    explicit ServerConnectionTest(int requests = 1, bool lacks_memory = false) {
        client.requests = requests;
        service.lacks_memory = lacks_memory;
        EXPECT_TRUE(scheduler.spawn("serve", [this] { connection.serve(); }));
        run();
    }
    ~ServerConnectionTest() override {
        connection.close();
        scheduler.stop();
        run();
    }
    // As the real doors do: timers before what the kernel has finished meanwhile.
    void pass(Duration time) {
        clock.time = clock.time + time;
        scheduler.fire_timers(clock.now());
        run();
    }
    void run() {
        while (scheduler.ready_count() > 0) scheduler.resume(0);
    }

    SetClock clock;
    env::Scheduler scheduler{clock, {.fibers_max = 100}};
    SilentLogger logger{clock, {}};
    NoNetwork network;
    NoDisk disk;
    NoShards shards;
    PageHeap pages;
    Random random{1};
    env::Env env{scheduler, clock, network, disk, pages, random, logger, shards};
    MemoryBudget budget{scheduler, 1 << 20};
    AnsweringService service;
    env::Event taken{scheduler};
    Client::Facts client;
    ServerConnection connection{env, service, budget, limits,
                                std::make_unique<Client>(scheduler, client, taken)};
};

TEST_F(ServerConnectionTest, WhoDoesNotReadItsAnswersIsSentAway) {
    EXPECT_EQ(client.writes, 1);
    for (int i = 0; i < 4; ++i) pass(milliseconds(500));
    EXPECT_FALSE(client.closed);
    pass(milliseconds(500));
    EXPECT_TRUE(client.closed);
}

TEST_F(ServerConnectionTest, WhoDoesNotReadIsSentAwaySoonerWhenMemoryIsShort) {
    service.lacks_memory = true;
    pass(milliseconds(500));
    EXPECT_FALSE(client.closed);
    pass(milliseconds(500));
    EXPECT_TRUE(client.closed);
}

TEST_F(ServerConnectionTest, AShardThatWasBusyLooksAtItsClientsFirst) {
    pass(seconds(10));
    EXPECT_FALSE(client.closed) << "nobody has looked whether it took its answer";
    taken.set();
    run();
    for (int i = 0; i < 10; ++i) pass(milliseconds(500));
    EXPECT_FALSE(client.closed);
}

TEST_F(ServerConnectionTest, WhoStillDoesNotReadThenIsSentAway) {
    pass(seconds(10));
    pass(milliseconds(500));
    EXPECT_TRUE(client.closed);
}

struct WithTwoRequests : ServerConnectionTest {
    WithTwoRequests() : ServerConnectionTest(2) {}
};
TEST_F(WithTwoRequests, BothAreBegunAtOnce) {
    EXPECT_EQ(service.begun, 2);
}

struct WithTwoRequestsAndLittleMemory : ServerConnectionTest {
    WithTwoRequestsAndLittleMemory() : ServerConnectionTest(2, true) {}
};
TEST_F(WithTwoRequestsAndLittleMemory, OneIsBegunWhenTheAnswerToTheOtherIsTaken) {
    EXPECT_EQ(service.begun, 1);
    pass(milliseconds(100));
    EXPECT_EQ(service.begun, 1);
    taken.set();
    run();
    EXPECT_EQ(service.begun, 2);
}

}  // namespace
}  // namespace sluice::net
