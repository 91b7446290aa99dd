#include "sim/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/env/event.h"
#include "sim/testing.h"

namespace sluice::sim {
namespace {

Result<void> write_all(env::Connection& connection, std::string_view text) {
    for (Slice rest = as_slice(text); !rest.empty();) {
        TRY(const std::size_t written, connection.write({&rest, 1}));
        rest = rest.subspan(written);
    }
    return {};
}

// Reads until the peer sends no more.
Result<std::string> read_all(env::Connection& connection) {
    std::string text;
    for (;;) {
        std::uint8_t bytes[500];
        TRY(const std::size_t count, connection.read(bytes));
        if (count == 0) return text;
        text += as_text({bytes, count});
    }
}

// Sends back what comes, one fiber a connection.
void echo(env::Env& env) {
    auto listener = env.network.listen({"", 9092});
    ASSERT_TRUE(listener);
    env::FiberGroup group(env.scheduler);
    for (;;) {
        auto accepted = (*listener)->accept();
        if (!accepted) break;
        auto owned = env.network.adopt(std::move(*accepted));
        EXPECT_TRUE(group.spawn("echo", [connection = std::move(owned)] {
            for (;;) {
                std::uint8_t bytes[100];
                const auto count = connection->read(bytes);
                if (!count || *count == 0) return;
                if (!write_all(*connection, as_text({bytes, *count}))) return;
            }
        }));
    }
    group.join();
}

// A server "b" and a client "a".
class NetworkTest : public testing::Test {
protected:
    void open(std::uint64_t seed, SimNetwork::Options network = {}) {
        world = std::make_unique<World>(World::Options{.seed = seed});
        cluster = std::make_unique<Cluster>(*world, network);
        client = &cluster->add({.name = "a"}, maker(client_body));
        server = &cluster->add({.name = "b"}, maker(server_body));
    }
    static MakeProgram maker(Body::Function& body) {
        return [&body](const ProcessFacts&) { return std::make_unique<Body>(body); };
    }
    ~NetworkTest() override {
        cluster.reset();
        if (!world) return;
        EXPECT_FALSE(world->failure()) << world->failure()->text;
    }
    bool run_client(Body::Function body, Duration limit = seconds(100)) {
        client_body = std::move(body);
        client->start();
        return world->run_until_done(world->now() + limit, [this] { return !client->running(); });
    }
    void serve(Body::Function body = echo) {
        server_body = std::move(body);
        server->start();
        world->run_until(world->now() + milliseconds(1));
    }
    std::unique_ptr<env::Connection> connect(env::Env& env) {
        auto connection = env.network.connect({"b", 9092}, env.scheduler.now() + seconds(10));
        EXPECT_TRUE(connection);
        return connection ? std::move(*connection) : nullptr;
    }
    Path& there() { return cluster->network().path(client->host(), server->host()); }
    Path& back() { return cluster->network().path(server->host(), client->host()); }
    std::uint64_t bitten(FaultKind kind) { return cluster->faults().of(kind).bitten; }

    std::unique_ptr<World> world;
    Body::Function client_body;
    Body::Function server_body;
    std::unique_ptr<Cluster> cluster;
    Node* client = nullptr;
    Node* server = nullptr;
};

TEST_F(NetworkTest, CarriesBytesInOrderWhateverTheirPieces) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        open(seed, {.socket_buffer_bytes = 700});
        serve();
        std::string text;
        for (int i = 0; i < 3'000; ++i) text += std::to_string(i);
        ASSERT_TRUE(run_client([&](env::Env& env) {
            auto connection = connect(env);
            env::FiberGroup group(env.scheduler);
            EXPECT_TRUE(group.spawn("write", [&] { EXPECT_TRUE(write_all(*connection, text)); }));
            std::string got;
            while (got.size() < text.size()) {
                std::uint8_t bytes[300];
                const auto count = connection->read(bytes);
                ASSERT_TRUE(count);
                got += as_text({bytes, *count});
            }
            EXPECT_EQ(got, text);
            group.join();
        }));
        cluster.reset();
    }
}

TEST_F(NetworkTest, RefusesHangsAndDoesNotKnow) {
    open(1);
    ASSERT_TRUE(run_client([&](env::Env& env) {
        EXPECT_EQ(env.network.connect({"x", 1}, never).error(), Error::not_found);
    }));
    serve([](env::Env& env) { EXPECT_FALSE(env::sleep_for(env.scheduler, seconds(1000))); });
    ASSERT_TRUE(run_client([&](env::Env& env) {
        EXPECT_EQ(env.network.connect({"b", 9092}, never).error(), Error::refused);
    }));
    server->cut_power(0);
    ASSERT_TRUE(run_client([&](env::Env& env) {
        const Time deadline = env.scheduler.now() + seconds(3);
        EXPECT_EQ(env.network.connect({"b", 9092}, deadline).error(), Error::timed_out);
        EXPECT_GE(env.scheduler.now(), deadline);
    }));
}

TEST_F(NetworkTest, EndsAStreamWhenThePeerClosesOrItsProcessCrashes) {
    for (const bool crash : {false, true}) {
        open(1);
        serve([](env::Env& env) {
            auto listener = env.network.listen({"b", 9092});
            auto accepted = (*listener)->accept();
            ASSERT_TRUE(accepted);
            auto connection = env.network.adopt(std::move(*accepted));
            EXPECT_EQ(connection->peer().host, "a");
            EXPECT_TRUE(write_all(*connection, "bye"));
            static_cast<void>(env::sleep_for(env.scheduler, milliseconds(50)));
        });
        if (crash)
            world->at(Time{milliseconds(30)}, ShardRef{}, EventKind::fault, [this] {
                server->crash();
                return std::uint64_t{0};
            });
        ASSERT_TRUE(run_client([&](env::Env& env) {
            auto connection = connect(env);
            const auto text = read_all(*connection);
            ASSERT_TRUE(text);
            EXPECT_EQ(*text, "bye");
            // One write may still be taken; then the reset is there.
            static_cast<void>(write_all(*connection, "x"));
            EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(1)));
            EXPECT_EQ(write_all(*connection, "x").error(), Error::closed);
        }));
        cluster.reset();
    }
}

TEST_F(NetworkTest, LearnsNothingOfAPowerCutUntilItSendsAndThePeerIsBack) {
    open(1);
    serve();
    ASSERT_TRUE(run_client([&](env::Env& env) {
        auto connection = connect(env);
        EXPECT_TRUE(write_all(*connection, "x"));
        std::uint8_t byte = 0;
        ASSERT_TRUE(connection->read({&byte, 1}));
        world->after(Duration(0), ShardRef{}, EventKind::fault, [this] {
            server->cut_power(0);
            return std::uint64_t{0};
        });
        EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(60)));
        EXPECT_TRUE(write_all(*connection, "y"));
        EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(5)));
        EXPECT_TRUE(write_all(*connection, "y"));  // Still thinks that it goes on.
        world->after(Duration(0), ShardRef{}, EventKind::fault, [this] {
            server->start();
            return std::uint64_t{0};
        });
        EXPECT_EQ(connection->read({&byte, 1}).error(), Error::closed);
    }));
}

TEST_F(NetworkTest, EndsWaitsInsideAConnectionThatIsClosed) {
    open(1);
    serve();
    ASSERT_TRUE(run_client([&](env::Env& env) {
        auto connection = connect(env);
        env::FiberGroup group(env.scheduler);
        EXPECT_TRUE(group.spawn("read", [&] {
            std::uint8_t byte = 0;
            EXPECT_EQ(connection->read({&byte, 1}).error(), Error::closed);
        }));
        EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(5)));
        connection->close();
        group.join();
        auto listener = env.network.listen({"", 0});
        ASSERT_TRUE(listener);
        EXPECT_NE((*listener)->address().port, 0);
        EXPECT_TRUE(group.spawn("accept",
                                [&] { EXPECT_EQ((*listener)->accept().error(), Error::closed); }));
        EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(5)));
        (*listener)->close();
        group.join();
    }));
}

TEST_F(NetworkTest, HoldsBackAWriterWhoseReaderIsSlow) {
    open(1, {.socket_buffer_bytes = 1'000});
    serve([](env::Env& env) {
        auto listener = env.network.listen({"", 9092});
        auto accepted = (*listener)->accept();
        auto connection = env.network.adopt(std::move(*accepted));
        EXPECT_TRUE(env::sleep_for(env.scheduler, seconds(5)));
        EXPECT_TRUE(read_all(*connection));
    });
    ASSERT_TRUE(run_client([&](env::Env& env) {
        auto connection = connect(env);
        EXPECT_TRUE(write_all(*connection, std::string(1'000, 'x')));
        EXPECT_LT(env.scheduler.now(), Time{seconds(1)});
        EXPECT_TRUE(write_all(*connection, "x"));
        EXPECT_GT(env.scheduler.now(), Time{seconds(4)});
    }));
    EXPECT_TRUE(world->run_until_done(Time{seconds(20)}, [this] { return !server->running(); }));
}

TEST_F(NetworkTest, GoesOnAfterAPartitionAndGivesUpWhenItLasts) {
    for (const bool heals : {true, false}) {
        open(1);
        serve();
        ASSERT_TRUE(run_client(
                        [&](env::Env& env) {
                            auto connection = connect(env);
                            EXPECT_TRUE(write_all(*connection, "x"));
                            std::uint8_t byte = 0;
                            ASSERT_TRUE(connection->read({&byte, 1}));
                            back().blocked = 1;  // One way only: answers are lost.
                            EXPECT_TRUE(write_all(*connection, "y"));
                            if (heals)
                                world->after(seconds(3), ShardRef{}, EventKind::fault, [this] {
                                    back().blocked = 0;
                                    return std::uint64_t{0};
                                });
                            const Time before = env.scheduler.now();
                            const auto count = connection->read({&byte, 1});
                            EXPECT_EQ(count.failed(), !heals);
                            EXPECT_GT(env.scheduler.now() - before, seconds(2));
                        },
                        heals ? seconds(100) : seconds(5)) == heals);
        cluster.reset();
    }
}

TEST_F(NetworkTest, ShowsEveryKindOfFault) {
    open(1);
    serve();
    const auto trips = [&](int count) {
        return run_client(
            [&](env::Env& env) {
                for (int i = 0; i < count; ++i) {
                    auto connection =
                        env.network.connect({"b", 9092}, env.scheduler.now() + seconds(1));
                    if (!connection) continue;
                    std::uint8_t bytes[10];
                    if (!write_all(**connection, "0123456789")) continue;
                    static_cast<void>((*connection)->read(bytes));
                }
            },
            seconds(10'000));
    };
    there().lost_segment = there().reset = there().bit_flip = 0.1;
    there().connect_hangs = there().connect_refused = 0.1;
    there().extra_latency = milliseconds(5);
    there().narrow_bytes_per_millisecond = 10;
    back().clogged_until = world->now() + seconds(2);
    EXPECT_TRUE(trips(200));
    for (const FaultKind kind : {FaultKind::lost_segment, FaultKind::reset, FaultKind::bit_flip,
                                 FaultKind::connect_hangs, FaultKind::connect_refused,
                                 FaultKind::slow_link, FaultKind::narrow_link, FaultKind::clog})
        EXPECT_GT(bitten(kind), 0u) << name_of(kind);
    cluster->network().heal();
    EXPECT_TRUE(trips(10));
}

}  // namespace
}  // namespace sluice::sim
