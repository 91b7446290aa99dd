#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

namespace sluice::storage {
namespace {

using ::testing::ElementsAre;

class RetentionTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    // Segments of two batches.
    void SetUp() override {
        config.segment_bytes = 160;
        config.retention_age = Duration(-1);
        ASSERT_TRUE(open());
        for (int i = 0; i < 10; ++i)
            append_batch({.values = {std::to_string(i)}, .timestamp = Timestamp(1000 + i * 1000)});
    }
    void advance(std::int64_t start_offset) {
        in_fiber([&] { ASSERT_TRUE(log->advance_start(Offset(start_offset))); });
    }
};

TEST_F(RetentionTest, DeletesSegmentsThatAreTooOld) {
    config.retention_age = seconds(5);
    maintain(10, 10'000);
    EXPECT_EQ(start(), 4);
    EXPECT_EQ(values(4).size(), 6u);
    EXPECT_EQ(read_error(3).error(), Error::invalid);
}

TEST_F(RetentionTest, DeletesTheOldestSegmentsThatAreTooMany) {
    config.retention_bytes = 350;
    maintain(10, 0);
    EXPECT_EQ(start(), 4);
    EXPECT_GE(log->size_bytes(), 350u);
}

TEST_F(RetentionTest, DeletesNothingBeyondTheHighWatermark) {
    config.retention_bytes = 0;
    maintain(3, 0);
    EXPECT_EQ(start(), 2);
}

TEST_F(RetentionTest, RollsTheActiveSegmentOnceAllOfItExpired) {
    config.retention_age = seconds(1);
    maintain(10, 1'000'000);
    EXPECT_EQ(start(), 10);
    EXPECT_EQ(end(), 10);
    EXPECT_EQ(log->size_bytes(), 0u);
    EXPECT_EQ(append("new"), 10);
    restart();
    EXPECT_EQ(start(), 10);
    EXPECT_THAT(values(10), ElementsAre("new"));
}

TEST_F(RetentionTest, KeepsFilesForAWhileUnderAnotherName) {
    config.retention_bytes = 350;
    maintain(10, 0);
    EXPECT_TRUE(disk.exists(file(0, ".log.deleted")));
    in_fiber([&] { ASSERT_TRUE(env::sleep_for(*scheduler, seconds(61))); });
    maintain(10, 0);
    EXPECT_FALSE(disk.exists(file(0, ".log.deleted")));
}

TEST_F(RetentionTest, ForgetsRecordsBeforeAnOffsetInsideABatch) {
    append_batch({.values = {"x", "y", "z"}});
    advance(11);
    EXPECT_EQ(start(), 11);
    EXPECT_THAT(values(11), ElementsAre("y", "z"));
    power_cut();
    EXPECT_EQ(start(), 11);
    EXPECT_THAT(values(11), ElementsAre("y", "z"));
    maintain(13, 0);
    EXPECT_FALSE(disk.exists(file(0)));
    EXPECT_EQ(log->epochs().entries().at(0).start, Offset(11));
}

TEST_F(RetentionTest, ForgetsEverythingUpToTheEnd) {
    advance(10);
    maintain(10, 0);
    EXPECT_EQ(start(), 10);
    power_cut();
    EXPECT_EQ(start(), 10);
    EXPECT_EQ(append("next"), 10);
    EXPECT_THAT(values(10), ElementsAre("next"));
}

TEST_F(RetentionTest, DeletesOnAFullDisk) {
    config.retention_bytes = 350;
    disk.space_left = 0;
    maintain(10, 0);
    EXPECT_EQ(start(), 4);
}

TEST_F(RetentionTest, LetsAReaderFinishWithADeletedSegment) {
    restart();
    config.retention_bytes = 0;
    in_fiber([&] {
        bool done = false;
        ASSERT_TRUE(scheduler->spawn("reader", [&] {
            const auto read = log->read({.from = Offset(0), .before = Offset(10)});
            EXPECT_TRUE(read || read.error() == Error::invalid);
            done = true;
        }));
        ASSERT_TRUE(env::yield(*scheduler));
        log->configure(config);
        ASSERT_TRUE(log->maintain(Offset(10), Timestamp(0)));
        while (!done) ASSERT_TRUE(env::yield(*scheduler));
    });
}

TEST_F(RetentionTest, FindsRecordsByTheirTimestamps) {
    const auto find = [&](std::optional<std::int64_t> time, std::int64_t before) {
        std::int64_t offset = -1;
        in_fiber([&] {
            const auto found = log->find_timestamp(
                time ? std::optional(Timestamp(*time)) : std::nullopt, Offset(before));
            ASSERT_TRUE(found);
            if (*found) offset = (*found)->offset.value;
        });
        return offset;
    };
    for (const bool from_disk : {false, true}) {
        if (from_disk) restart();
        EXPECT_EQ(find(0, 10), 0);
        EXPECT_EQ(find(1000, 10), 0);
        EXPECT_EQ(find(1001, 10), 1);
        EXPECT_EQ(find(7500, 10), 7);
        EXPECT_EQ(find(7500, 7), -1);
        EXPECT_EQ(find(10'001, 10), -1);
        EXPECT_EQ(find(std::nullopt, 10), 9);
        EXPECT_EQ(find(std::nullopt, 4), 3);
    }
    append_batch({.values = {"p", "q", "r"}, .timestamp = Timestamp(500)});
    append_batch({.values = {"s", "t", "u"}, .timestamp = Timestamp(20'000)});
    EXPECT_EQ(find(20'001, 16), 14);
    EXPECT_EQ(find(20'001, 14), -1);
    EXPECT_EQ(find(std::nullopt, 16), 15);
    advance(12);
    EXPECT_EQ(find(0, 16), 12);
    EXPECT_EQ(find(std::nullopt, 13), 12);
}

TEST_F(RetentionTest, ForgetsProducersThatWroteLongAgo) {
    append_batch({.values = {"a"},
                  .timestamp = Timestamp(20'000),
                  .producer = ProducerId(1),
                  .producer_epoch = ProducerEpoch(0),
                  .sequence = Sequence(0)});
    config.producer_id_expiration = seconds(10);
    maintain(0, 29'999);
    EXPECT_EQ(log->producers().size(), 1u);
    maintain(0, 30'000);
    EXPECT_EQ(log->producers().size(), 0u);
}

}  // namespace
}  // namespace sluice::storage
