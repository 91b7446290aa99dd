#include "core/env/event.h"
#include "tests/doors/doors_under_test.h"

namespace sluice::doors {
namespace {

Result<void> write_all(env::Connection& connection, std::string_view text) {
    for (Slice rest = as_slice(text); !rest.empty();) {
        TRY(const std::size_t written, connection.write({&rest, 1}));
        if (written == 0 || written > rest.size()) return Error::invalid;
        rest = rest.subspan(written);
    }
    return {};
}

// Exactly so many bytes, or fewer when the peer ends before.
Result<std::string> read_some(env::Connection& connection, std::size_t size) {
    std::string text;
    while (text.size() < size) {
        std::uint8_t bytes[4096];
        TRY(const std::size_t count,
            connection.read({bytes, std::min(sizeof bytes, size - text.size())}));
        if (count == 0) break;
        text += as_text({bytes, count});
    }
    return text;
}

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 253);
    return text;
}

// The two ends of one connection.
struct Pair {
    std::unique_ptr<env::Connection> client;
    std::unique_ptr<env::Connection> server;
};

class Ends {
public:
    Ends(env::Env& env, const std::string& host) : env_(env) {
        auto listener = env.network.listen({host, 0});
        EXPECT_TRUE(listener);
        listener_ = std::move(*listener);
    }
    Pair connect() {
        Pair pair;
        env::FiberGroup group(env_.scheduler);
        EXPECT_TRUE(group.spawn("connect", [&] {
            auto made = env_.network.connect(address(), env_.clock.now() + seconds(10));
            ASSERT_TRUE(made);
            pair.client = std::move(*made);
        }));
        auto accepted = listener_->accept();
        EXPECT_TRUE(accepted);
        if (accepted) pair.server = env_.network.adopt(std::move(*accepted));
        group.join();
        return pair;
    }
    env::Address address() const { return listener_->address(); }
    env::Listener& listener() { return *listener_; }

private:
    env::Env& env_;
    std::unique_ptr<env::Listener> listener_;
};

TEST_P(NetworkDoorTest, CarriesBytesBothWaysAtOnce) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        const Pair pair = ends.connect();
        const std::string there = pattern(1'000'000);
        const std::string back = pattern(300'001);
        env::FiberGroup group(env.scheduler);
        EXPECT_TRUE(group.spawn("w", [&] { EXPECT_TRUE(write_all(*pair.client, there)); }));
        EXPECT_TRUE(group.spawn("w", [&] { EXPECT_TRUE(write_all(*pair.server, back)); }));
        EXPECT_TRUE(group.spawn("r", [&] {
            const auto got = read_some(*pair.server, there.size());
            EXPECT_TRUE(got && *got == there);
        }));
        const auto got = read_some(*pair.client, back.size());
        EXPECT_TRUE(got && *got == back);
        group.join();
    });
}

TEST_P(NetworkDoorTest, KnowsWhoIsAtTheOtherEnd) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        EXPECT_NE(ends.address().port, 0);
        const Pair pair = ends.connect();
        EXPECT_EQ(pair.client->peer().port, ends.address().port);
        EXPECT_FALSE(pair.server->peer().host.empty());
        EXPECT_NE(pair.server->peer().port, 0);
    });
}

TEST_P(NetworkDoorTest, RefusesWhereNobodyListens) {
    on_one_shard([&](env::Env& env) {
        env::Address address;
        {
            Ends ends(env, doors->host());
            address = ends.address();
            EXPECT_EQ(env.network.listen(address).error(), Error::exists);
        }
        const Time deadline = env.clock.now() + seconds(10);
        EXPECT_EQ(env.network.connect(address, deadline).error(), Error::refused);
        EXPECT_LT(env.clock.now(), deadline);
        EXPECT_TRUE(env.network.listen(address));
    });
}

TEST_P(NetworkDoorTest, EndsTheStreamBehindTheLastByteWhenThePeerCloses) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        Pair pair = ends.connect();
        EXPECT_TRUE(write_all(*pair.server, "last words"));
        pair.server->close();
        pair.server->close();
        const auto text = read_some(*pair.client, 1'000);
        ASSERT_TRUE(text);
        EXPECT_EQ(*text, "last words");
        std::uint8_t byte = 0;
        const auto again = pair.client->read({&byte, 1});
        EXPECT_TRUE(!again || *again == 0);
        // What is written now meets a closed end: soon that is told.
        Result<void> written;
        for (int i = 0; i < 100 && written; ++i) {
            written = write_all(*pair.client, "x");
            EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(10)));
        }
        ASSERT_TRUE(written.failed());
        EXPECT_EQ(written.error(), Error::closed);
        EXPECT_EQ(pair.server->read({&byte, 1}).error(), Error::closed);
        EXPECT_EQ(write_all(*pair.server, "x").error(), Error::closed);
    });
}

TEST_P(NetworkDoorTest, EndsEveryWaitInsideWhenItIsClosed) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        Pair pair = ends.connect();
        env::FiberGroup group(env.scheduler);
        int ended = 0;
        EXPECT_TRUE(group.spawn("reader", [&] {
            std::uint8_t byte = 0;
            EXPECT_EQ(pair.client->read({&byte, 1}).error(), Error::closed);
            ++ended;
        }));
        EXPECT_TRUE(group.spawn("writer", [&] {
            EXPECT_EQ(write_all(*pair.client, std::string(64 << 20, 'x')).error(), Error::closed);
            ++ended;
        }));
        EXPECT_TRUE(group.spawn("acceptor", [&] {
            EXPECT_EQ(ends.listener().accept().error(), Error::closed);
            ++ended;
        }));
        EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(50)));
        EXPECT_EQ(ended, 0);
        pair.client->close();
        ends.listener().close();
        group.join();
        EXPECT_EQ(ended, 3);
        EXPECT_EQ(ends.listener().accept().error(), Error::closed);
    });
}

TEST_P(NetworkDoorTest, HoldsBackAWriterWhoseReaderDoesNotRead) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        Pair pair = ends.connect();
        constexpr std::size_t size = 64 << 20;
        bool written = false;
        env::FiberGroup group(env.scheduler);
        EXPECT_TRUE(group.spawn("writer", [&] {
            EXPECT_TRUE(write_all(*pair.client, std::string(size, 'x')));
            written = true;
        }));
        EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(100)));
        EXPECT_FALSE(written);
        const auto text = read_some(*pair.server, size);
        ASSERT_TRUE(text);
        EXPECT_EQ(text->size(), size);
        group.join();
        EXPECT_TRUE(written);
    });
}

TEST_P(NetworkDoorTest, WaitsForWhatIsExpectedAndForNothingElse) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        Pair pair = ends.connect();
        constexpr std::size_t size = 300'000;
        env::FiberGroup group(env.scheduler);
        EXPECT_TRUE(group.spawn("writer", [&] {
            for (std::size_t sent = 0; sent < size; sent += 1000) {
                EXPECT_TRUE(write_all(*pair.client, std::string(1000, 'x')));
                const bool rests = sent % 50'000 == 0;
                EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(rests ? 1 : 0)));
            }
        }));
        std::size_t seen = 0;
        std::vector<std::uint8_t> buffer(size);
        while (seen < size) {
            pair.server->expect(size - seen);
            const auto count = pair.server->read({buffer.data(), size - seen});
            ASSERT_TRUE(count);
            ASSERT_GT(*count, 0u);
            seen += *count;
        }
        group.join();
        // One byte is enough when no more is known,
        pair.server->expect(0);
        EXPECT_TRUE(write_all(*pair.client, "y"));
        EXPECT_EQ(*pair.server->read(buffer), 1u);
        // and the end of the stream ends every wait.
        pair.server->expect(size);
        EXPECT_TRUE(write_all(*pair.client, "z"));
        pair.client.reset();
        EXPECT_EQ(*pair.server->read(buffer), 1u);
        EXPECT_EQ(*pair.server->read(buffer), 0u);
    });
}

TEST_P(NetworkDoorTest, ServesManyConnections) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        std::vector<Pair> pairs;
        for (int i = 0; i < 100; ++i) pairs.push_back(ends.connect());
        env::FiberGroup group(env.scheduler);
        for (std::size_t i = 0; i < pairs.size(); ++i)
            EXPECT_TRUE(group.spawn("talk", [&, i] {
                const std::string text = pattern(100 + i);
                EXPECT_TRUE(write_all(*pairs[i].client, text));
                const auto got = read_some(*pairs[i].server, text.size());
                EXPECT_TRUE(got && *got == text);
            }));
        group.join();
    });
}

TEST_P(NetworkDoorTest, LetsAnotherShardAdoptAConnection) {
    on_shards(2, [&](const std::vector<env::Env*>& envs) {
        env::Env& env = *envs[0];
        env::Env& other = *envs[1];
        auto listener = env.network.listen({doors->host(), 0});
        ASSERT_TRUE(listener);
        env::FiberGroup group(env.scheduler);
        EXPECT_TRUE(group.spawn("client", [&] {
            auto made = env.network.connect((*listener)->address(), env.clock.now() + seconds(10));
            ASSERT_TRUE(made);
            EXPECT_TRUE(write_all(**made, "hello"));
            const auto answer = read_some(**made, 5);
            EXPECT_TRUE(answer && *answer == "HELLO");
        }));
        auto accepted = (*listener)->accept();
        ASSERT_TRUE(accepted);
        EXPECT_TRUE(env::call(env.shards, ShardId(1), [&] {
            auto connection = other.network.adopt(std::move(*accepted));
            const auto text = read_some(*connection, 5);
            EXPECT_TRUE(text && *text == "hello");
            EXPECT_TRUE(write_all(*connection, "HELLO"));
        }));
        group.join();
    });
}

TEST_P(NetworkDoorTest, EndsAConnectionThatNobodyAdopted) {
    on_one_shard([&](env::Env& env) {
        Ends ends(env, doors->host());
        auto made = env.network.connect(ends.address(), env.clock.now() + seconds(10));
        ASSERT_TRUE(made);
        { auto accepted = ends.listener().accept(); }
        std::uint8_t byte = 0;
        const auto count = (*made)->read({&byte, 1});
        EXPECT_TRUE(!count || *count == 0);
    });
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NetworkDoorTest);

}  // namespace sluice::doors
