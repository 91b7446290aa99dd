#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log/checkpoint_files.h"
#include "storage/log/journal_files.h"
#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

namespace sluice::storage {
namespace {

using ::testing::ElementsAre;

class JournalTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    void SetUp() override {
        options.journal_file_bytes = 32 << 10;
        options.journal_files_max = 2;
        options.journal_growth_bytes = 8 << 10;
        ASSERT_TRUE(open());
    }

    std::vector<std::string> journals() const {
        std::vector<std::string> names;
        for (const auto& [path, inode] : disk.names())
            if (path.find(journal_prefix) != std::string::npos) names.push_back(path);
        return names;
    }
    std::size_t segment_bytes(std::int64_t base = 0) { return disk.content(file(base)).size(); }
    void die() {
        crash();
        disk.power_cut();
    }
};

TEST_F(JournalTest, HasWhatIsAcknowledgedBeforeTheSegmentsDo) {
    append("a");
    append("b");
    EXPECT_EQ(segment_bytes(), 0u);
    EXPECT_THAT(journals(), ElementsAre("data/sluice-journal-0"));
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a", "b"));
    EXPECT_GT(segment_bytes(), 0u);
    EXPECT_TRUE(journals().empty());
}

TEST_F(JournalTest, MakesManyLogsDurableWithOneSync) {
    append("a");
    const int before = disk.syncs;
    in_fiber([&] {
        for (const char* value : {"b", "c", "d"})
            ASSERT_TRUE(try_append({.values = {value}}, LeaderEpoch(1)));
        ASSERT_TRUE(log->wait_durable(Offset(4)));
    });
    EXPECT_EQ(disk.syncs, before + 1);
}

TEST_F(JournalTest, WritesAlsoWhileOthersHoldEveryFiber) {
    append("a");
    in_fiber([&] {
        env::Signal over(*scheduler);
        env::FiberGroup others(*scheduler);
        while (others.spawn("other", [&] { static_cast<void>(over.wait().failed()); })) {
        }
        const auto appended = try_append({.values = {"b"}}, LeaderEpoch(1));
        ASSERT_TRUE(appended);
        EXPECT_TRUE(log->wait_durable(appended->next));
        over.notify_all();
        others.join();
    });
}

TEST_F(JournalTest, UsesItsFilesAgainWhenTheSegmentsAreSynced) {
    for (int i = 0; i < 60; ++i) append(std::string(1000, 'x'));
    EXPECT_EQ(journals().size(), 2u);
    EXPECT_EQ(disk.content("data/sluice-journal-0").size(), options.journal_file_bytes);
    power_cut();
    EXPECT_EQ(values().size(), 60u);
}

TEST_F(JournalTest, GrowsByMoreThanARecord) {
    append("a");
    EXPECT_EQ(disk.content("data/sluice-journal-0").size(), options.journal_growth_bytes);
}

TEST_F(JournalTest, LeavesABatchThatNoFileHoldsToTheSegment) {
    append(std::string(40 << 10, 'x'));
    EXPECT_GT(segment_bytes(), 40u << 10);
    append("b");
    power_cut();
    EXPECT_EQ(end(), 2);
    EXPECT_EQ(values(1), std::vector<std::string>{"b"});
}

TEST_F(JournalTest, MakesSegmentsThatAreMissing) {
    config.segment_bytes = 200;
    restart();
    for (const char* value : {"a", "b", "c", "d", "e"}) append(value);
    die();
    std::erase_if(const_cast<testing::TestDisk::Names&>(disk.names()), [&](const auto& name) {
        return name.first.ends_with(".log") && name.first != file(0);
    });
    ASSERT_TRUE(open());
    EXPECT_THAT(values(), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(JournalTest, IsReplayedAgainWhenTheReplayWasInterrupted) {
    append("a");
    append("b");
    die();
    const auto journal = disk.content("data/sluice-journal-0");
    ASSERT_TRUE(open());
    crash();
    disk.put("data/sluice-journal-0", journal);
    ASSERT_TRUE(open());
    EXPECT_THAT(values(), ElementsAre("a", "b"));
}

TEST_F(JournalTest, IsNotReplayedOnceItWas) {
    append("a");
    die();
    disk.put("data/sluice-journals-replayed", {});
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 0);
    EXPECT_TRUE(journals().empty());
    EXPECT_FALSE(disk.exists("data/sluice-journals-replayed"));
}

TEST_F(JournalTest, GivesNothingToATopicMadeAgainUnderTheSameName) {
    append("a");
    die();
    topic = TopicId{{9, 9, 9}};
    disk.put("data/topic-0/partition.metadata", [&] {
        const std::string text = partition_metadata_text(topic);
        return std::vector<std::uint8_t>(text.begin(), text.end());
    }());
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 0);
}

TEST_F(JournalTest, CutsATornEnd) {
    append("a");
    append("b");
    die();
    // The second record is in the second page.
    disk.content("data/sluice-journal-0")[4096 + 70] ^= 1;
    ASSERT_TRUE(open());
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(JournalTest, ReportsDamageThatLaterRecordsProve) {
    for (const char* value : {"a", "b", "c"}) append(value);
    die();
    disk.content("data/sluice-journal-0")[4096 + 70] ^= 1;
    in_fiber([&] {
        const auto replayed =
            replay_journals({*scheduler, clock, disk, pages, logger, random}, "data", {});
        ASSERT_TRUE(replayed.failed());
        EXPECT_EQ(replayed.error(), Error::corrupt);
    });
    EXPECT_TRUE(logger.said("journal.damaged"));
    EXPECT_TRUE(disk.exists("data/sluice-journal-0"));
}

TEST_F(JournalTest, TakesALogOfflineWhenItsSyncFails) {
    append("a");
    disk.fail_syncs = true;
    disk.fail_only = "sluice-journal";
    in_fiber([&] {
        const auto appended = try_append({.values = {"b"}}, LeaderEpoch(1));
        ASSERT_TRUE(appended);
        EXPECT_EQ(log->wait_durable(appended->next).error(), Error::io);
    });
    EXPECT_TRUE(log->offline());
    EXPECT_TRUE(store->failed());
    disk.fail_syncs = false;
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(JournalTest, IsUsedNoMoreWhenASegmentCannotBeWritten) {
    append("a");
    disk.fail_syncs = true;
    disk.fail_only = "topic-0";
    in_fiber([&] { EXPECT_TRUE(store->close(*log).failed()); });
    EXPECT_FALSE(store->failed());
    disk.fail_syncs = false;
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(JournalTest, TakesOverALogThatWasLazyUntilNow) {
    config.flush_messages = 1000;
    restart();
    append("a");
    config.flush_messages = 1;
    in_fiber([&] { log->configure(config); });
    append("b");
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a", "b"));
}

TEST_F(JournalTest, HasNothingToReplayAfterACleanStop) {
    append("a");
    in_fiber([&] { ASSERT_TRUE(store->close(*log)); });
    EXPECT_GT(segment_bytes(), 0u);
    const auto segment = disk.content(file(0));
    power_cut();
    EXPECT_EQ(disk.content(file(0)), segment);
}

TEST_F(JournalTest, SaysOnlyOfNamesThatWereThereThatTheyAreDurable) {
    append("a");
    crash();
    in_fiber([&] {
        const LogDoors doors{*scheduler, clock, disk, pages, logger, random};
        const auto replayed = replay_journals(doors, "data", {});
        ASSERT_TRUE(replayed);
        const broker::SyncedLog& synced = replayed->known.at("topic-0").synced;
        EXPECT_EQ(synced.end, Offset(1));
        EXPECT_EQ(synced.segment, Offset(0));
        EXPECT_EQ(synced.start, Offset(0));
    });
}

}  // namespace
}  // namespace sluice::storage
