#include "storage/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

namespace sluice::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LogTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    void SetUp() override { ASSERT_TRUE(open()); }

    // Appends without waiting for the disk.
    std::int64_t append_only(const std::string& value) {
        const auto appended = try_append({.values = {value}}, LeaderEpoch(1));
        return appended ? appended->base.value : -1;
    }
};

TEST_F(LogTest, GivesOffsetsOneBehindTheOther) {
    EXPECT_EQ(append_batch({.values = {"a", "b"}}), 0);
    EXPECT_EQ(append_batch({.values = {"c"}}), 2);
    EXPECT_EQ(end(), 3);
    EXPECT_EQ(durable(), 3);
    EXPECT_THAT(values(), ElementsAre("a", "b", "c"));
}

TEST_F(LogTest, OrdersBatchesAtOnceAndMakesThemDurableLater) {
    in_fiber([&] {
        EXPECT_EQ(append_only("a"), 0);
        EXPECT_EQ(append_only("b"), 1);
        EXPECT_EQ(end(), 2);
        EXPECT_EQ(durable(), 0);
        EXPECT_TRUE(log->wait_durable(Offset(2)));
        EXPECT_EQ(durable(), 2);
    });
}

// Counts what it is told, and as of which offset.
struct Owner final : broker::LogOwner {
    explicit Owner(broker::PartitionLog& l) : log(l) { log.belongs_to(this); }
    ~Owner() { log.belongs_to(nullptr); }
    void progressed() override {
        durable = log.offsets().durable;
        offline = log.offline();
    }
    broker::PartitionLog& log;
    Offset durable;
    bool offline = false;
};

TEST_F(LogTest, TellsItsOwnerWhatIsDurableThoughNobodyWaits) {
    const Owner owner(*log);
    in_fiber([&] { append_only("a"); });
    settle();
    EXPECT_EQ(owner.durable, Offset(1));
    config.flush_messages = INT64_MAX;
    log->configure(config);
    in_fiber([&] { append_only("b"); });
    settle();
    EXPECT_EQ(owner.durable, Offset(2));
    EXPECT_FALSE(owner.offline);
}

TEST_F(LogTest, TellsItsOwnerThatItIsOffline) {
    const Owner owner(*log);
    disk.fail_writes = true;
    in_fiber([&] { append_only("a"); });
    settle();
    EXPECT_TRUE(owner.offline);
    EXPECT_EQ(owner.durable, Offset(0));
}

TEST_F(LogTest, SyncsOnceForManyBatches) {
    append("first");
    const int before = disk.syncs;
    in_fiber([&] {
        for (int i = 0; i < 100; ++i) append_only("x");
        EXPECT_TRUE(log->wait_durable(Offset(101)));
    });
    EXPECT_LE(disk.syncs - before, 2);
}

TEST_F(LogTest, PutsItsOffsetAndEpochIntoTheBatch) {
    append("a");
    append_batch({.values = {"b"}}, LeaderEpoch(7));
    in_fiber([&] {
        const auto read = log->read({.from = Offset(1), .before = Offset(2)});
        ASSERT_TRUE(read);
        const protocol::BatchView batch(read->pieces.at(0).view());
        EXPECT_EQ(batch.base_offset(), Offset(1));
        EXPECT_EQ(batch.leader_epoch(), LeaderEpoch(7));
        EXPECT_TRUE(batch.crc_matches());
    });
    EXPECT_EQ(log->epochs().epoch_of(Offset(1)), LeaderEpoch(7));
    EXPECT_EQ(log->epochs().end_offset_for(LeaderEpoch(1), log->offsets().end)->offset, Offset(1));
}

TEST_F(LogTest, ReadsWholeBatchesUpToALimit) {
    append_batch({.values = {"a", "b"}});
    append_batch({.values = {"c", "d"}});
    append_batch({.values = {"e"}});
    in_fiber([&] {
        const auto one = log->read({.from = Offset(1), .before = Offset(5), .bytes_max = 1});
        ASSERT_TRUE(one);
        EXPECT_EQ(protocol::BatchView(one->pieces.at(0).view()).base_offset(), Offset(0));
        const auto none = log->read(
            {.from = Offset(1), .before = Offset(5), .bytes_max = 1, .at_least_one = false});
        ASSERT_TRUE(none);
        EXPECT_EQ(none->size, 0u);
        const auto before = log->read({.from = Offset(0), .before = Offset(2)});
        ASSERT_TRUE(before);
        EXPECT_EQ(before->size, one->size);
        EXPECT_EQ(log->read({.from = Offset(6), .before = Offset(9)}).error(), Error::invalid);
        EXPECT_EQ(log->read({.from = Offset(5), .before = Offset(9)})->size, 0u);
    });
}

TEST_F(LogTest, ReadsTheSameFromMemoryAndFromDisk) {
    for (int i = 0; i < 200; ++i) append(std::to_string(i));
    const auto from_memory = values(50);
    const int opens = disk.opens;
    EXPECT_EQ(values(50), from_memory);
    EXPECT_EQ(disk.opens, opens);
    restart();
    EXPECT_EQ(end(), 200);
    EXPECT_EQ(values(50, 500), from_memory);
    EXPECT_EQ(append("more"), 200);
}

TEST_F(LogTest, ServesReadersFromMemoryWithoutCopying) {
    append("a");
    in_fiber([&] {
        const auto once = log->read({.from = Offset(0), .before = Offset(1)});
        const auto again = log->read({.from = Offset(0), .before = Offset(1)});
        ASSERT_TRUE(once && again);
        EXPECT_EQ(once->pieces.at(0).data(), again->pieces.at(0).data());
    });
}

TEST_F(LogTest, LetsMemoryGoBeyondItsBudgetAndReadsFromDiskThen) {
    options.cache_bytes_max = 8192;
    options.block_bytes_min = 512;
    options.block_bytes_max = 1024;
    crash();
    ASSERT_TRUE(open());
    for (int i = 0; i < 500; ++i) append(std::to_string(i));
    EXPECT_LE(store->resources().tails.bytes(), 8192u + 1024u);
    const auto all = values(0, 700);
    ASSERT_EQ(all.size(), 500u);
    EXPECT_EQ(all[321], "321");
}

TEST_F(LogTest, RollsWhenASegmentIsFull) {
    config.segment_bytes = 300;
    crash();
    ASSERT_TRUE(open());
    for (int i = 0; i < 10; ++i) append(std::to_string(i));
    EXPECT_TRUE(disk.exists(file(4)));
    EXPECT_TRUE(disk.exists(file(4, ".snapshot")));
    EXPECT_EQ(values().size(), 10u);
    power_cut();
    EXPECT_EQ(values().size(), 10u);
    restart();
    EXPECT_EQ(values(0, 100).size(), 10u);
}

TEST_F(LogTest, FindsATimeInASegmentThatEndsAtTheCheckpoint) {
    config.segment_bytes = 300;
    crash();
    ASSERT_TRUE(open());
    for (const std::int64_t time : {1'000, 2'000, 1'500, 1'500})
        append_batch({.values = {"a"}, .timestamp = Timestamp(time)});
    checkpoint();
    append_batch({.values = {"b"}, .timestamp = Timestamp(3'000)});
    power_cut();
    ASSERT_TRUE(disk.exists(file(4)));
    in_fiber([&] {
        const auto found = log->find_timestamp(Timestamp(1'800), Offset(5));
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->offset, Offset(1));
    });
}

TEST_F(LogTest, FindsTheLatestOfTheRecordsThatAreLeftOfABatch) {
    append_batch({.values = {"a", "b", "c"}, .timestamp = Timestamp(1'000), .timestamp_step = -1});
    in_fiber([&] {
        ASSERT_TRUE(log->advance_start(Offset(1)));
        const auto found = log->find_timestamp(std::nullopt, Offset(3));
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->offset, Offset(1));
        EXPECT_EQ((*found)->timestamp, Timestamp(999));
    });
}

TEST_F(LogTest, RollsWhenASegmentIsOldByItsTimestamps) {
    config.segment_age_max = seconds(10);
    crash();
    ASSERT_TRUE(open());
    append_batch({.values = {"a"}, .timestamp = Timestamp(1'000)});
    append_batch({.values = {"b"}, .timestamp = Timestamp(11'000)});
    append_batch({.values = {"c"}, .timestamp = Timestamp(11'001)});
    settle();
    EXPECT_FALSE(disk.exists(file(1)));
    EXPECT_TRUE(disk.exists(file(2)));
}

TEST_F(LogTest, TakesWhatAShortWriteLeftOver) {
    // Seven bytes at a time, the zeros that a journal grows by take long.
    options.journal_growth_bytes = 4096;
    crash();
    ASSERT_TRUE(open());
    disk.write_bytes_max = 7;
    append("abc");
    append("def");
    power_cut();
    EXPECT_THAT(values(), ElementsAre("abc", "def"));
}

TEST_F(LogTest, GoesOfflineForGoodWhenASyncFails) {
    append("a");
    disk.fail_syncs = true;
    in_fiber([&] {
        ASSERT_EQ(append_only("b"), 1);
        EXPECT_EQ(log->wait_durable(Offset(2)).error(), Error::io);
        disk.fail_syncs = false;
        EXPECT_TRUE(log->offline());
        EXPECT_EQ(durable(), 1);
        EXPECT_EQ(try_append({.values = {"c"}}, LeaderEpoch(1)).error(), Error::io);
        EXPECT_EQ(log->read({.from = Offset(0), .before = Offset(2)}).error(), Error::io);
        EXPECT_EQ(store->close(*log).error(), Error::io);
    });
    EXPECT_TRUE(logger.said("log.offline"));
}

TEST_F(LogTest, GoesOfflineForGoodWhenAWriteFails) {
    disk.fail_writes = true;
    in_fiber([&] {
        ASSERT_EQ(append_only("a"), 0);
        EXPECT_EQ(log->wait_durable(Offset(1)).error(), Error::io);
    });
    EXPECT_TRUE(log->offline());
}

TEST_F(LogTest, WaitsForRoomOnAFullDiskAndLosesNothing) {
    append("a");
    disk.space_left = 20;
    in_fiber([&] {
        ASSERT_EQ(append_only("b"), 1);
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(5)));
        EXPECT_EQ(try_append({.values = {"c"}}, LeaderEpoch(1)).error(), Error::no_space);
        EXPECT_EQ(log->wait_for_room().error(), Error::no_space);
        EXPECT_TRUE(log->read({.from = Offset(0), .before = Offset(2)}));
        EXPECT_FALSE(log->offline());
        disk.space_left = UINT64_MAX;
        EXPECT_TRUE(log->wait_durable(Offset(2)));
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(2)));
        EXPECT_EQ(append_only("c"), 2);
        EXPECT_TRUE(log->wait_durable(Offset(3)));
    });
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a", "b", "c"));
}

TEST_F(LogTest, RefusesAppendsBeforeTheDiskIsFull) {
    options.free_bytes_min = 1000;
    crash();
    ASSERT_TRUE(open());
    append("a");
    disk.space_left = 999;
    in_fiber([&] {
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(2)));
        EXPECT_EQ(try_append({.values = {"b"}}, LeaderEpoch(1)).error(), Error::no_space);
    });
    EXPECT_TRUE(logger.said("disk.full usable_bytes=999 kept_free_bytes=1000"));
    EXPECT_THAT(values(), ElementsAre("a"));
    disk.space_left = UINT64_MAX;
    in_fiber([&] { EXPECT_TRUE(env::sleep_for(*scheduler, seconds(12))); });
    EXPECT_TRUE(logger.said("disk.room"));
}

TEST_F(LogTest, SaysThatTheDiskIsLowWhileWhatWasAppendedMayFillIt) {
    options.free_bytes_min = 1000;
    crash();
    ASSERT_TRUE(open());
    append("a");
    in_fiber([&] {
        // Room for what waits to be written, four times over, and for less than one batch more.
        disk.space_left = 1000 + 4 * 80;
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(2)));
        EXPECT_EQ(try_append({.values = {"b"}}, LeaderEpoch(1)).error(), Error::no_space);
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(2)));
    });
    EXPECT_TRUE(logger.said("disk.low"));
    EXPECT_FALSE(logger.said("disk.full"));
    // Then it is written.
    in_fiber([&] {
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(20)));
        disk.space_left = 1000 + 4 * 80;
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(2)));
        EXPECT_EQ(append_only("b"), 1);
    });
    EXPECT_TRUE(logger.said("disk.room"));
}

TEST_F(LogTest, RefusesMoreThanMayWaitForTheDisk) {
    options.pending_bytes_max = 200;
    crash();
    ASSERT_TRUE(open());
    in_fiber([&] {
        ASSERT_EQ(append_only("a"), 0);
        ASSERT_EQ(append_only("b"), 1);
        EXPECT_EQ(try_append({.values = {"c"}}, LeaderEpoch(1)).error(), Error::limit);
        EXPECT_TRUE(log->wait_for_room());
        EXPECT_EQ(append_only("c"), 2);
        EXPECT_TRUE(log->wait_durable(Offset(3)));
    });
}

TEST_F(LogTest, AcknowledgesBeforeTheSyncWhenItsTopicWantsThat) {
    config.flush_messages = 10;
    config.flush_interval = seconds(30);
    crash();
    ASSERT_TRUE(open());
    const int before = disk.syncs;
    for (int i = 0; i < 9; ++i) append("x");
    EXPECT_EQ(disk.syncs, before);
    append("x");
    in_fiber([&] { EXPECT_TRUE(env::sleep_for(*scheduler, milliseconds(1))); });
    EXPECT_EQ(disk.syncs, before + 1);
    append("y");
    in_fiber([&] { EXPECT_TRUE(env::sleep_for(*scheduler, seconds(32))); });
    EXPECT_EQ(disk.syncs, before + 2);
}

// It may be long until what it has is synced.
TEST_F(LogTest, ACheckpointWaitsForNoLogThatIsSyncedNowAndThen) {
    options.recovery_bytes_max = 1 << 20;
    for (const std::int64_t until_now : {10, 1}) {
        config.flush_messages = until_now;
        config.flush_interval = Duration::max();
        crash();
        ASSERT_TRUE(open());
        in_fiber([&] {
            append_only("a");
            config.flush_messages = 10;
            log->configure(config);
            const int syncs = disk.syncs;
            const Time asked = clock.time;
            store->checkpoints();
            EXPECT_EQ(clock.time, asked);
            EXPECT_EQ(disk.syncs, syncs);
        });
    }
}

TEST_F(LogTest, RemembersProducersAcrossRestartsAndCrashes) {
    const auto send = [&](std::int32_t sequence) {
        append_batch({.values = {"a", "b"},
                      .producer = ProducerId(5),
                      .producer_epoch = ProducerEpoch(0),
                      .sequence = Sequence(sequence)});
    };
    for (int i = 0; i < 8; ++i) send(2 * i);
    const replication::ProducerStates before = log->producers();
    ASSERT_EQ(before.size(), 1u);
    restart();
    EXPECT_EQ(log->producers(), before);
    power_cut();
    EXPECT_EQ(log->producers(), before);
    checkpoint();
    power_cut();
    EXPECT_EQ(log->producers(), before);
}

TEST_F(LogTest, EndsEveryWaitWhenItsNodeStops) {
    in_fiber([&] { ASSERT_EQ(append_only("a"), 0); });
    crash();
    ASSERT_TRUE(open());
    EXPECT_LE(end(), 1);
}

TEST_F(LogTest, SetsTheDirectoryOfAnotherTopicAside) {
    append("a");
    crash();
    topic = TopicId{{9, 9}};
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 0);
    EXPECT_EQ(append("b"), 0);
    const std::string segment = "-stray/" + offset_file(Offset(0), log_suffix);
    EXPECT_TRUE(std::ranges::any_of(disk.names(), [&](const auto& entry) {
        return entry.first.starts_with("data/topic-0.") && entry.first.ends_with(segment);
    }));
    in_fiber([&] {
        const auto logs = list_logs(disk, "data");
        ASSERT_TRUE(logs);
        EXPECT_THAT(*logs, SizeIs(1));
    });
}

TEST_F(LogTest, IsGoneForTheNextStartWhenRemoved) {
    append("a");
    in_fiber([&] {
        ASSERT_TRUE(store->remove(std::move(log)));
        const auto logs = list_logs(disk, "data");
        ASSERT_TRUE(logs);
        EXPECT_THAT(*logs, IsEmpty());
    });
    disk.power_cut();
    EXPECT_FALSE(disk.exists(file(0)));
    crash();
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 0);
}

TEST_F(LogTest, DeletesTheFilesOfARemovedLogAfterADelay) {
    append("a");
    in_fiber([&] {
        ASSERT_TRUE(store->remove(std::move(log)));
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(62)));
    });
    for (const auto& [path, inode] : disk.names()) EXPECT_FALSE(path.ends_with(".log")) << path;
}

TEST_F(LogTest, DeletesAndMakesAgainALogOfTheLongestName) {
    const std::string name = std::string(249, 'a') + "-1000";
    for (int round = 0; round < 2; ++round)
        in_fiber([&] {
            auto other = store->open(name, topic, config, {});
            ASSERT_TRUE(other);
            ASSERT_TRUE(store->remove(std::move(*other)));
        });
    in_fiber([&] { EXPECT_TRUE(env::sleep_for(*scheduler, seconds(62))); });
    for (const auto& [path, inode] : disk.names()) EXPECT_EQ(path.find("aaa"), path.npos) << path;
}

TEST_F(LogTest, DeletesTheFilesOfALogThatIsNotOpen) {
    append("a");
    in_fiber([&] {
        ASSERT_TRUE(store->close(*log));
        log.reset();
        ASSERT_TRUE(store->remove_unopened("topic-0", seconds(60)));
        EXPECT_THAT(store->checkpoints(), IsEmpty());
        EXPECT_EQ(store->remove_unopened("topic-0", seconds(60)).error(), Error::not_found);
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(62)));
    });
    for (const auto& [path, inode] : disk.names())
        EXPECT_EQ(path.find("topic-0"), path.npos) << path;
}

TEST_F(LogTest, DeletesAtStartWhatAnEarlierProcessLeftBehind) {
    append("a");
    in_fiber([&] { ASSERT_TRUE(store->remove(std::move(log))); });
    crash();
    ASSERT_TRUE(open());
    in_fiber([&] { EXPECT_TRUE(env::sleep_for(*scheduler, seconds(2))); });
    for (const auto& [path, inode] : disk.names()) EXPECT_FALSE(path.ends_with("-delete")) << path;
}

TEST_F(LogTest, StopsOnAFullDisk) {
    append("a");
    disk.space_left = 0;
    in_fiber([&] {
        ASSERT_EQ(append_only("b"), 1);
        EXPECT_TRUE(env::sleep_for(*scheduler, seconds(1)));
        EXPECT_EQ(store->close(*log).error(), Error::no_space);
    });
}

}  // namespace
}  // namespace sluice::storage
