#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

namespace sluice::storage {
namespace {

using ::testing::ElementsAre;

class StoreCutTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    void SetUp() override { ASSERT_TRUE(open()); }

    // As a node does: what the checkpoint says is what the next start knows.
    Result<void> cut(std::int64_t to, bool all = false) {
        Result<void> done;
        in_fiber([&] {
            auto after = store->cut(std::move(log), {.end = Offset(to), .all = all}, [&] {
                keep();
                return Result<void>();
            });
            if (after)
                log = std::move(*after);
            else
                done = after.error();
        });
        return done;
    }
    void keep() {
        for (const auto& at : store->checkpoints()) take(at);
    }
    void take(const broker::LogStore::Checkpoint& at) {
        hints.recovery_point = at.recovery_point;
        hints.synced = at.synced;
        hints.summary = at.summary;
        hints.outdated = at.outdated;
    }
    // The process dies and the power goes; the next start is told what was kept.
    void die_and_start() {
        crash();
        disk.power_cut();
        store = std::make_unique<Store>(LogDoors{*scheduler, clock, disk, pages, logger, random},
                                        "data", options);
        in_fiber([&] {
            const LogDoors doors{*scheduler, clock, disk, pages, logger, random};
            const auto replayed = replay_journals(doors, "data", {{"topic-0", hints}});
            ASSERT_TRUE(replayed);
            if (const auto known = replayed->known.find("topic-0");
                known != replayed->known.end()) {
                hints.synced = known->second.synced;
                hints.summary = known->second.summary;
            }
            auto opened = store->open("topic-0", topic, config, hints);
            ASSERT_TRUE(opened);
            log = std::move(*opened);
        });
    }

    broker::LogHints hints;
};

TEST_F(StoreCutTest, TakesTheEndWithItsEpochsAndProducers) {
    append("a");
    append_batch({.values = {"b"},
                  .producer = ProducerId(7),
                  .producer_epoch = ProducerEpoch(0),
                  .sequence = Sequence(0)},
                 LeaderEpoch(2));
    ASSERT_TRUE(cut(1));
    EXPECT_EQ(end(), 1);
    EXPECT_EQ(durable(), 1);
    EXPECT_THAT(values(), ElementsAre("a"));
    EXPECT_EQ(log->epochs().latest()->epoch, LeaderEpoch(1));
    EXPECT_EQ(log->producers().find(ProducerId(7)), nullptr);
    EXPECT_EQ(append("c"), 1);
    EXPECT_THAT(values(), ElementsAre("a", "c"));
}

// The journal has "b" and "c" behind what is known to be synced, and "x" where "b" was.
TEST_F(StoreCutTest, WhatWasCutDoesNotComeBackFromTheJournal) {
    for (const char* value : {"a", "b", "c"}) append(value);
    ASSERT_TRUE(cut(1));
    append("x");
    die_and_start();
    EXPECT_THAT(values(), ElementsAre("a", "x"));
}

TEST_F(StoreCutTest, NothingAfterTheCutIsEnoughForThat) {
    for (const char* value : {"a", "b", "c"}) append(value);
    ASSERT_TRUE(cut(1));
    die_and_start();
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(StoreCutTest, ABatchAcrossTheEndGoesWhole) {
    append("a");
    append_batch({.values = {"b", "c", "d"}});
    ASSERT_TRUE(cut(3));
    EXPECT_EQ(end(), 1);
    EXPECT_EQ(append("e"), 1);
}

TEST_F(StoreCutTest, TakesWholeSegments) {
    config.segment_bytes = 200;
    restart();
    for (const char* value : {"a", "b", "c", "d", "e", "f"}) append(value);
    ASSERT_TRUE(cut(2));
    EXPECT_THAT(values(), ElementsAre("a", "b"));
    append("x");
    die_and_start();
    EXPECT_THAT(values(), ElementsAre("a", "b", "x"));
}

TEST_F(StoreCutTest, ABeginningFurtherOnIsEmpty) {
    append("a");
    ASSERT_TRUE(cut(10, true));
    EXPECT_EQ(start(), 10);
    EXPECT_EQ(end(), 10);
    EXPECT_TRUE(log->epochs().entries().empty());
    EXPECT_EQ(append("b"), 10);
    die_and_start();
    EXPECT_THAT(values(10), ElementsAre("b"));
}

// Nobody could tell how much of it was acknowledged.
TEST_F(StoreCutTest, WhatStaysIsNotCutWhereItIsDamaged) {
    for (const char* value : {"a", "b", "c"}) append(value);
    checkpoint();
    disk.content(file(0))[70] ^= 1;
    const auto done = cut(2);
    ASSERT_TRUE(done.failed());
    EXPECT_EQ(done.error(), Error::corrupt);
    EXPECT_TRUE(logger.said("log.damaged"));
}

}  // namespace
}  // namespace sluice::storage
