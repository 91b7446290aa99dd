#include "net/kafka/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/endian.h"

namespace sluice::net {
namespace {

constexpr std::size_t budget_bytes = std::size_t{1} << 20;

// What a client has sent so far.
class Script final : public env::Connection {
public:
    explicit Script(env::Scheduler& scheduler) : sent_(scheduler) {}

    void announce(std::size_t length) {
        std::uint8_t bytes[4];
        store_big<std::int32_t>(bytes, static_cast<std::int32_t>(length));
        bytes_.insert(bytes_.end(), bytes, bytes + 4);
        sent_.notify_all();
    }
    void send(std::size_t size, std::uint8_t byte = 7) {
        bytes_.insert(bytes_.end(), size, byte);
        sent_.notify_all();
    }
    void end() {
        ended_ = true;
        sent_.notify_all();
    }

    Result<std::size_t> read(MutableSlice into) override {
        while (bytes_.empty() && !ended_) CHECK_OK(sent_.wait());
        const std::size_t count = std::min(into.size(), bytes_.size());
        std::copy_n(bytes_.begin(), count, into.begin());
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
        return count;
    }
    void expect(std::size_t bytes) override { expected.push_back(bytes); }
    Result<std::size_t> write(std::span<const Slice>) override { return Error::closed; }
    void close() override { end(); }
    const env::Address& peer() const override { return peer_; }

    std::vector<std::size_t> expected;

private:
    env::Address peer_;
    env::Signal sent_;
    std::vector<std::uint8_t> bytes_;
    bool ended_ = false;
};

class StillClock final : public env::Clock {
public:
    Time now() const override { return Time{}; }
    Timestamp wall() const override { return Timestamp{}; }
};

struct FrameReaderTest : testing::Test {
    // One client: reads frames and keeps them, as requests under way do.
    struct Client {
        explicit Client(FrameReaderTest& test)
            : connection(test.scheduler),
              reader(connection, test.budget, test.pages, {.frame_bytes_max = 8 << 20}) {}

        Script connection;
        FrameReader reader;
        std::vector<FrameReader::Frame> frames;
        std::optional<Error> ended;
    };

    ~FrameReaderTest() override {
        scheduler.stop();
        run();
    }

    Client& client() {
        clients.push_back(std::make_unique<Client>(*this));
        Client& added = *clients.back();
        EXPECT_TRUE(scheduler.spawn("client", [&added] {
            for (;;) {
                auto frame = added.reader.next();
                if (frame.failed()) {
                    added.ended = frame.error();
                    return;
                }
                added.frames.push_back(std::move(*frame));
            }
        }));
        return added;
    }
    void run() {
        while (scheduler.ready_count() > 0) scheduler.resume(0);
    }

    StillClock clock;
    env::Scheduler scheduler{clock, {.fibers_max = 100}};
    PageHeap pages;
    MemoryBudget budget{scheduler, budget_bytes};
    std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(FrameReaderTest, CutsFramesOfEverySize) {
    Client& it = client();
    const std::vector<std::size_t> sizes = {0, 1, 100, 16'380, 16'384, 16'385, 70'000, 3, 500'000};
    std::uint8_t byte = 0;
    for (const std::size_t size : sizes) {
        it.connection.announce(size);
        it.connection.send(size, ++byte);
        run();
    }
    ASSERT_EQ(it.frames.size(), sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        ASSERT_EQ(it.frames[i].bytes.size(), sizes[i]);
        EXPECT_TRUE(std::ranges::all_of(it.frames[i].bytes.view(),
                                        [&](std::uint8_t each) { return each == i + 1; }));
    }
    it.frames.clear();
    EXPECT_EQ(budget.left(), static_cast<std::int64_t>(budget_bytes));
}

TEST_F(FrameReaderTest, SaysOfALargeFrameWhatIsStillToCome) {
    Client& one = client();
    const std::size_t large = 300'000;
    one.connection.announce(large);
    one.connection.send(100'000);
    run();
    ASSERT_TRUE(one.frames.empty());
    EXPECT_GT(one.connection.expected.back(), 0u);
    EXPECT_LE(one.connection.expected.back(), large - 100'000);
    one.connection.send(large - 100'000);
    one.connection.announce(1);
    run();
    EXPECT_EQ(one.frames.size(), 1u);
    // Of what follows nothing is known.
    EXPECT_EQ(one.connection.expected.back(), 0u);
}

TEST_F(FrameReaderTest, RefusesALengthBeyondTheLimit) {
    Client& it = client();
    it.connection.announce((8 << 20) + 1);
    run();
    EXPECT_EQ(it.ended, Error::invalid);
    EXPECT_EQ(it.reader.bad_length(), (8 << 20) + 1);
}

TEST_F(FrameReaderTest, WhatIsOnlyAnnouncedTakesNothingFromOthers) {
    for (int i = 0; i < 20; ++i) client().connection.announce(8 << 20);
    run();
    Client& other = client();
    other.connection.announce(500'000);
    other.connection.send(500'000);
    run();
    EXPECT_EQ(other.frames.size(), 1u);
    EXPECT_FALSE(other.reader.waits_for_memory());
}

TEST_F(FrameReaderTest, SmallOnesPassWhereLargeOnesWait) {
    // One never waits, the next ones share what there is.
    std::vector<Client*> large;
    for (int i = 0; i < 8; ++i) {
        large.push_back(&client());
        large.back()->connection.announce(2 << 20);
        large.back()->connection.send(1 << 20);
    }
    run();
    EXPECT_GE(
        std::ranges::count_if(large, [](Client* each) { return each->reader.waits_for_memory(); }),
        6);
    Client& small = client();
    small.connection.announce(10'000);
    small.connection.send(10'000);
    run();
    EXPECT_EQ(small.frames.size(), 1u);
    // All come to their end, one after another.
    for (Client* each : large) each->connection.send(1 << 20);
    for (std::size_t done = 0; done < large.size(); ++done) {
        run();
        const auto whole =
            std::ranges::find_if(large, [](const Client* each) { return !each->frames.empty(); });
        ASSERT_NE(whole, large.end()) << done;
        (*whole)->frames.clear();
        EXPECT_LE(budget.left(), static_cast<std::int64_t>(budget_bytes));
    }
    small.frames.clear();
    run();
    EXPECT_EQ(budget.left(), static_cast<std::int64_t>(budget_bytes));
}

TEST_F(FrameReaderTest, GivesBackWhatAClientHadThatLeft) {
    Client& it = client();
    it.connection.announce(2 << 20);
    it.connection.send(600'000);
    run();
    EXPECT_LT(budget.left(), static_cast<std::int64_t>(budget_bytes));
    it.connection.end();
    run();
    EXPECT_EQ(it.ended, Error::closed);
    EXPECT_EQ(budget.left(), static_cast<std::int64_t>(budget_bytes));
}

}  // namespace
}  // namespace sluice::net
