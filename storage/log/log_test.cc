#include "storage/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/protocol/record.h"
#include "storage/log/testing.h"
#include "storage/log/testing_disk.h"

namespace sluice::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogTest : public ::testing::Test, public testing::LogFixture<testing::TestDisk> {
protected:
    void SetUp() override { ASSERT_TRUE(open()); }

    // Cuts bytes off the end of the segment that begins at `base`.
    void tear(std::size_t bytes, std::int64_t base = 0) {
        auto& content = disk.content(file(base));
        content.resize(content.size() - bytes);
    }
};

TEST_F(LogTest, GivesOffsetsOneBehindTheOther) {
    EXPECT_EQ(append_batch({.values = {"a", "b"}}), 0);
    EXPECT_EQ(append_batch({.values = {"c"}}), 2);
    EXPECT_EQ(end(), 3);
    EXPECT_EQ(durable(), 3);
    EXPECT_THAT(values(), ElementsAre("a", "b", "c"));
}

TEST_F(LogTest, KeepsWhatWasAcknowledgedAcrossAPowerCut) {
    append("a");
    in_fiber([&] { ASSERT_TRUE(try_append({.values = {"b"}}, LeaderEpoch(1))); });
    power_cut();
    EXPECT_THAT(values(), ElementsAre("a"));
    EXPECT_EQ(append("c"), 1);
}

TEST_F(LogTest, CutsATornTailAtTheLastWholeBatch) {
    append("a");
    append("b");
    crash();
    tear(3);
    ASSERT_TRUE(open());
    EXPECT_EQ(end(), 1);
    EXPECT_THAT(values(), ElementsAre("a"));
}

TEST_F(LogTest, ReadsFromDiskAfterARestart) {
    for (int i = 0; i < 200; ++i) append(std::to_string(i));
    restart();
    EXPECT_EQ(end(), 200);
    const auto all = values(0, 500);
    ASSERT_EQ(all.size(), 200u);
    EXPECT_EQ(all[123], "123");
    EXPECT_EQ(append("more"), 200);
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
    EXPECT_EQ(values().size(), 10u);
}

}  // namespace
}  // namespace sluice::storage
