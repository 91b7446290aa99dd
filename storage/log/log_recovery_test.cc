#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

namespace sluice::storage {
namespace {

using ::testing::ElementsAre;

class RecoveryTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    void SetUp() override {
        config.index_interval_bytes = 100;
        options.journal_files_max = 0;  // What segments lack or have wrong is not made good.
        ASSERT_TRUE(open());
    }

    std::vector<std::uint8_t>& segment(std::int64_t base = 0) { return disk.content(file(base)); }
    // Cuts bytes off the end of a segment.
    void tear(std::size_t bytes, std::int64_t base = 0) {
        segment(base).resize(segment(base).size() - bytes);
    }
    void reopen_with_segments_of(std::uint64_t bytes) {
        config.segment_bytes = bytes;
        crash();
        ASSERT_TRUE(open());
    }
    // As a start does after a crash when it knows what was synced of the topic with that id.
    Result<void> open_synced(std::int64_t until, const TopicId& of) {
        broker::LogHints hints;
        hints.synced = {.topic = of, .end = Offset(until), .segment = {}, .start = {}};
        return open(hints);
    }
    // What a start is told of the log after a checkpoint of now, which brings no files up to date.
    broker::LogHints note() {
        broker::LogHints hints;
        in_fiber([&] {
            for (const auto& at : store->checkpoints()) {
                hints.recovery_point = at.recovery_point;
                hints.synced = at.synced;
                hints.summary = at.summary;
            }
        });
        return hints;
    }
    void reopen_with_summaries_only() {
        options.recovery_interval = std::chrono::hours(1);
        crash();
        ASSERT_TRUE(open());
    }
    std::size_t count(std::string_view suffix) const {
        std::size_t n = 0;
        for (const auto& [path, inode] : disk.names()) n += path.ends_with(suffix);
        return n;
    }
};

TEST_F(RecoveryTest, KeepsWhatWasAcknowledgedAcrossAPowerCut) {
    append("a");
    in_fiber([&] { ASSERT_TRUE(try_append({.values = {"b"}}, LeaderEpoch(1))); });
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a"));
    EXPECT_EQ(append("c"), 1);
}

TEST_F(RecoveryTest, CutsATornTailAtTheLastWholeBatch) {
    append("a");
    append("b");
    crash();
    tear(3);
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 1);
    EXPECT_THAT(values(), ElementsAre("a"));
    EXPECT_EQ(append("c"), 1);
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a", "c"));
}

TEST_F(RecoveryTest, CutsATailOfZeros) {
    append("a");
    crash();
    segment().resize(segment().size() + 5000);
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 1);
    EXPECT_TRUE(logger.said("log.cut"));
}

TEST_F(RecoveryTest, CutsABatchWithAFlippedBitBehindTheRecoveryPoint) {
    append("a");
    append("b");
    append("c");
    crash();
    segment()[segment().size() / 2] ^= 1;
    ASSERT_TRUE(open());
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(RecoveryTest, ReportsDamageBeforeTheRecoveryPointAndCutsNothing) {
    append("a");
    append("b");
    checkpoint();
    append("c");
    crash();
    segment()[100] ^= 1;
    const auto damaged = segment();
    EXPECT_EQ(open({.recovery_point = recovery_point}).error(), Error::corrupt);
    EXPECT_EQ(segment(), damaged);
}

TEST_F(RecoveryTest, ReportsASegmentThatEndsBeforeTheRecoveryPoint) {
    append("a");
    append("b");
    checkpoint();
    crash();
    tear(3);
    EXPECT_EQ(open({.recovery_point = recovery_point}).error(), Error::corrupt);
    EXPECT_TRUE(logger.said("log.damaged"));
}

TEST_F(RecoveryTest, TrustsNoRecoveryPointOfADeletedLogOfTheSameName) {
    append("a");
    crash();
    ASSERT_TRUE(open({.recovery_point = Offset(1000)}));
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(RecoveryTest, SyncsWhatItFoundBeforeItCounts) {
    append("a");
    disk.fail_syncs = true;
    in_fiber([&] {
        ASSERT_TRUE(try_append({.values = {"b"}}, LeaderEpoch(1)));
        EXPECT_EQ(log->wait_durable(Offset(2)).error(), Error::io);
    });
    crash();
    disk.fail_syncs = false;
    ASSERT_TRUE(open());
    ASSERT_EQ(durable(), 2);
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a", "b"));
}

TEST_F(RecoveryTest, IsDoneAgainAfterDyingInTheMiddle) {
    reopen_with_segments_of(300);
    for (int i = 0; i < 10; ++i) append(std::to_string(i));
    for (int steps = 0; steps < 200; steps += 3) {
        crash();
        Store interrupted(LogDoors{*scheduler, clock, disk, pages, logger, random}, "data",
                          options);
        ASSERT_TRUE(scheduler->spawn(
            "open", [&] { (void)interrupted.open("topic-0", topic, config, {}); }));
        for (int i = 0; i < steps && scheduler->ready_count() > 0; ++i) scheduler->resume(0);
        scheduler->stop();
        while (scheduler->ready_count() > 0) scheduler->resume(0);
        if (steps % 2 == 0) disk.power_cut();
    }
    crash();
    ASSERT_TRUE(open());
    EXPECT_EQ(values().size(), 10u);
}

TEST_F(RecoveryTest, DropsSegmentsBehindADamagedOne) {
    reopen_with_segments_of(300);
    for (int i = 0; i < 10; ++i) append(std::to_string(i));
    crash();
    tear(3, 4);
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 7);
    EXPECT_FALSE(disk.exists(file(8)));
    EXPECT_EQ(append("new"), 7);
    EXPECT_EQ(values().size(), 8u);
}

TEST_F(RecoveryTest, ReadsOnlyWhatFollowsTheCheckpoint) {
    for (int i = 0; i < 100; ++i) append(std::to_string(i));
    checkpoint();
    ASSERT_EQ(recovery_point, Offset(100));
    append("last");
    crash();
    // Nobody looks at the beginning.
    segment()[70] ^= 1;
    ASSERT_TRUE(open({.recovery_point = recovery_point}));
    EXPECT_EQ(end(), 101);
    EXPECT_EQ(values(50).size(), 51u);
    // Until it is asked for.
    EXPECT_EQ(read_error(1).error(), Error::corrupt);
    EXPECT_TRUE(logger.said("log.corrupt"));
}

TEST_F(RecoveryTest, KeepsEpochsAcrossAPowerCut) {
    append_batch({.values = {"a"}}, LeaderEpoch(3));
    append_batch({.values = {"b"}}, LeaderEpoch(5));
    checkpoint();
    append_batch({.values = {"c"}}, LeaderEpoch(8));
    const auto before = log->epochs();
    power_cut();
    EXPECT_EQ(log->epochs(), before);
    restart();
    EXPECT_EQ(log->epochs(), before);
}

TEST_F(RecoveryTest, TellsEpochsFromTheRecordsWhenTheirFileIsGone) {
    append_batch({.values = {"a"}}, LeaderEpoch(3));
    append_batch({.values = {"b"}}, LeaderEpoch(5));
    checkpoint();
    const auto before = log->epochs();
    crash();
    disk.content("data/topic-0/leader-epoch-checkpoint").assign({'x'});
    ASSERT_TRUE(open({.recovery_point = recovery_point}));
    EXPECT_EQ(log->epochs(), before);
}

TEST_F(RecoveryTest, MakesMissingAndDamagedIndexesAnew) {
    reopen_with_segments_of(2000);
    for (int i = 0; i < 100; ++i) append(std::to_string(i));
    restart();
    disk.content(file(0, ".index")).assign(16, 0xFF);
    disk.content(file(0, ".timeindex")).clear();
    EXPECT_EQ(values(0, 100).size(), 100u);
    restart();
    disk.content(file(0, ".index")).resize(3);
    EXPECT_EQ(values(10, 100).size(), 90u);
}

TEST_F(RecoveryTest, IsNotMisledByAnIndexThatLies) {
    for (int i = 0; i < 50; ++i) append(std::to_string(i));
    restart();
    // Sound to look at, and wrong.
    auto& index = disk.content(file(0, ".index"));
    for (std::size_t at = 7; at < index.size(); at += 8) index[at] ^= 1;
    EXPECT_EQ(values(0, 100).size(), 50u);
}

TEST_F(RecoveryTest, IgnoresTheZerosOfAPreallocatedIndex) {
    for (int i = 0; i < 50; ++i) append(std::to_string(i));
    restart();
    const auto entries = disk.content(file(0, ".index")).size();
    ASSERT_GT(entries, 0u);
    crash();
    disk.content(file(0, ".index")).resize(10 << 20);
    disk.content(file(0, ".timeindex")).resize(10 << 20);
    ASSERT_TRUE(open());
    EXPECT_EQ(values(0, 100).size(), 50u);
    for (int i = 0; i < 50; ++i) append(std::to_string(i));
    restart();
    EXPECT_LT(disk.content(file(0, ".index")).size(), 4 * entries);
    EXPECT_EQ(values(0, 100).size(), 100u);
}

TEST_F(RecoveryTest, FinishesWhatADeletionLeft) {
    append("a");
    crash();
    disk.put(file(7, ".log.deleted"), {1});
    disk.put(file(7, ".index"), {1});
    disk.put(file(9, ".log.cleaned"), {1});
    disk.put("data/topic-0/leader-epoch-checkpoint.tmp", {1});
    ASSERT_TRUE(open());
    EXPECT_EQ(count(".deleted") + count(".cleaned") + count(".tmp"), 0u);
    EXPECT_FALSE(disk.exists(file(7, ".index")));
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(RecoveryTest, PutsAFinishedSwapInItsPlace) {
    append("a");
    append("b");
    restart();
    const auto content = segment();
    crash();
    disk.put(file(0, ".log.swap"), content);
    segment() = {1, 2, 3};
    ASSERT_TRUE(open());
    EXPECT_THAT(values(), ElementsAre("a", "b"));
    EXPECT_EQ(count(".swap"), 0u);
}

TEST_F(RecoveryTest, SyncsNothingAgainThatIsKnownToBeOnDisk) {
    append("a");
    append("b");
    crash();
    const int syncs = disk.syncs;
    ASSERT_TRUE(open_synced(2, topic));
    EXPECT_EQ(disk.syncs, syncs);
    EXPECT_THAT(values(), ElementsAre("a", "b"));
    crash();
    ASSERT_TRUE(open_synced(1, topic));
    EXPECT_GT(disk.syncs, syncs);
    EXPECT_THAT(values(), ElementsAre("a", "b"));
}

TEST_F(RecoveryTest, DoesNotBelieveWhatIsKnownOfAnotherTopic) {
    append("a");
    crash();
    const int syncs = disk.syncs;
    ASSERT_TRUE(open_synced(1, TopicId{{9, 9, 9}}));
    EXPECT_GT(disk.syncs, syncs);
}

TEST_F(RecoveryTest, ReportsDamageBeforeWhatIsKnownToBeOnDisk) {
    append("a");
    append("b");
    crash();
    tear(3);
    EXPECT_EQ(open_synced(2, topic).error(), Error::corrupt);
}

TEST_F(RecoveryTest, ReportsALogThatEndsBeforeWhatIsKnownToBeOnDisk) {
    append("a");
    const std::size_t size = segment().size();
    append("b");
    crash();
    segment().resize(size);
    EXPECT_EQ(open_synced(2, topic).error(), Error::corrupt);
}

TEST_F(RecoveryTest, ReadsNothingThatASummaryTells) {
    config.segment_bytes = 400;
    reopen_with_summaries_only();
    for (int i = 0; i < 10; ++i)
        append_batch({.values = {std::to_string(i)},
                      .timestamp = Timestamp(1'000 + i),
                      .producer = ProducerId(7),
                      .producer_epoch = ProducerEpoch(0),
                      .sequence = Sequence(i)},
                     LeaderEpoch(i < 5 ? 1 : 2));
    const auto hints = note();
    for (int i = 10; i < 20; ++i) append_batch({.values = {std::to_string(i)}}, LeaderEpoch(2));
    const auto epochs = log->epochs();
    const auto producers = log->producers();
    crash();
    segment()[64] ^= 1;
    ASSERT_TRUE(open(hints));
    EXPECT_EQ(end(), 20);
    EXPECT_EQ(log->epochs(), epochs);
    EXPECT_EQ(log->producers(), producers);
    EXPECT_EQ(read_error(0).error(), Error::corrupt);
    in_fiber([&] {
        const auto found = log->find_timestamp(Timestamp(1'008), Offset(20));
        ASSERT_TRUE(found);
        EXPECT_EQ((*found)->offset, Offset(8));
    });
    EXPECT_EQ(values(10).size(), 10u);
}

TEST_F(RecoveryTest, ReportsASegmentThatEndsBeforeItsSummary) {
    reopen_with_summaries_only();
    append("a");
    append("b");
    const auto hints = note();
    crash();
    tear(3);
    EXPECT_EQ(open(hints).error(), Error::corrupt);
    EXPECT_TRUE(logger.said("log.damaged log=topic-0 what=\"the end of a segment\" offset=1"));
}

TEST_F(RecoveryTest, BelievesNoSummaryOfAnotherTopicsLog) {
    reopen_with_summaries_only();
    append("a");
    append("b");
    auto hints = note();
    hints.synced->topic = TopicId{{9}};
    crash();
    tear(3);
    ASSERT_TRUE(open(hints));
    EXPECT_EQ(end(), 1);
}

TEST_F(RecoveryTest, TakesWhatItKnewOfALogThatCannotBeOpenedToTheNextStart) {
    append("a");
    append("b");
    checkpoint();
    auto hints = note();
    hints.summary = {};
    append("c");
    crash();
    segment()[100] ^= 1;
    ASSERT_EQ(open(hints).error(), Error::corrupt);
    hints = note();
    EXPECT_EQ(hints.recovery_point, Offset(2));
    ASSERT_TRUE(hints.synced);
    EXPECT_EQ(hints.synced->end, Offset(2));
    crash();
    EXPECT_EQ(open(hints).error(), Error::corrupt);
}

TEST_F(RecoveryTest, ForgetsASnapshotOfRecordsThatWereCut) {
    for (int i = 0; i < 2; ++i) {
        append_batch({.values = {std::to_string(i)},
                      .producer = ProducerId(7),
                      .producer_epoch = ProducerEpoch(0),
                      .sequence = Sequence(i)},
                     LeaderEpoch(1));
        checkpoint();
    }
    ASSERT_TRUE(disk.exists("data/topic-0/" + offset_file(Offset(2), snapshot_suffix)));
    crash();
    tear(3);
    // As Kafka's directories come: nothing says what of the log was synced.
    ASSERT_TRUE(open({.recovery_point = Offset(0)}));
    EXPECT_EQ(end(), 1);
    EXPECT_FALSE(disk.exists("data/topic-0/" + offset_file(Offset(2), snapshot_suffix)));
    const auto* producer = log->producers().find(ProducerId(7));
    ASSERT_NE(producer, nullptr);
    EXPECT_EQ(producer->batches().size(), 1u);
}

TEST_F(RecoveryTest, NeverCutsASegmentThatHasASuccessor) {
    reopen_with_segments_of(100);
    append("a");
    append("b");
    append("c");
    crash();
    segment(1).back() ^= 1;
    EXPECT_EQ(open_synced(0, topic).error(), Error::corrupt);
    EXPECT_TRUE(logger.said("log.damaged"));
}

TEST_F(RecoveryTest, RemembersWhatWasClosed) {
    append("a");
    append("b");
    in_fiber([&] { ASSERT_TRUE(store->close(*log)); });
    const auto closed = store->checkpoints();
    ASSERT_EQ(closed.size(), 1u);
    EXPECT_EQ(closed[0].name, "topic-0");
    EXPECT_EQ(closed[0].recovery_point, Offset(2));
    EXPECT_EQ(closed[0].synced.topic, topic);
    EXPECT_EQ(closed[0].synced.end, Offset(2));
}

TEST_F(RecoveryTest, ReadsAheadForEveryReaderOfItsOwn) {
    std::vector<std::string> written;
    for (int i = 0; i < 100; ++i) written.push_back(std::to_string(i));
    for (const std::string& value : written) append(value);
    restart();
    const auto read_one = [&](Offset& at, std::vector<std::string>& all) {
        const auto read = log->read({.from = at, .before = log->offsets().end, .bytes_max = 200});
        ASSERT_TRUE(read);
        for (const Bytes& piece : read->pieces) take_values(piece.view(), at, all);
    };
    std::vector<std::string> first;
    std::vector<std::string> second;
    in_fiber([&] {
        Offset ahead;
        Offset behind;
        while (behind < log->offsets().end) {
            if (ahead < log->offsets().end) read_one(ahead, first);
            if (ahead > Offset(40)) read_one(behind, second);
        }
    });
    EXPECT_EQ(first, written);
    EXPECT_EQ(second, written);
}

// What is committed may end before what is durable.
TEST_F(RecoveryTest, ReadsAheadNoFurtherThanTheReaderMay) {
    for (int i = 0; i < 100; ++i) append(std::to_string(i));
    restart();
    constexpr Offset committed{51};
    const auto read_one = [&](Offset& at, Offset before) {
        std::vector<std::string> all;
        const auto read = log->read({.from = at, .before = before, .bytes_max = 200});
        ASSERT_TRUE(read);
        for (const Bytes& piece : read->pieces) take_values(piece.view(), at, all);
        ASSERT_LE(at, before);
    };
    in_fiber([&] {
        for (Offset alone; alone < committed;) read_one(alone, committed);
        // A follower and a consumer in one place.
        for (Offset follower, consumer; consumer < committed;) {
            if (follower == consumer) read_one(follower, Offset(100));
            read_one(consumer, committed);
        }
    });
}

TEST_F(RecoveryTest, ReadsNothingOfACleanLogButItsEnd) {
    for (int i = 0; i < 100; ++i) append(std::to_string(i));
    restart();
    EXPECT_EQ(end(), 100);
    EXPECT_EQ(durable(), 100);
}

}  // namespace
}  // namespace sluice::storage
