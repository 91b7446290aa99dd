#include "core/broker/reply_memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace sluice::broker {
namespace {

constexpr ReplyMemory::Options small{
    .bytes_max = 1000, .granted_bytes = 100, .granted_bytes_overdrawn = 10};

TEST(ReplyMemory, CountsAnswersAsLongAsTheyLive) {
    ReplyMemory memory(small);
    {
        const ReplyMemory::Share one(memory, 300);
        EXPECT_EQ(memory.held(), 300U);
        const ReplyMemory::Share other(memory, 900);
        EXPECT_EQ(memory.left(), 0U);
    }
    EXPECT_EQ(memory.left(), 1000U);
}

TEST(ReplyMemory, AnswersThatGrowSideBySideShareIt) {
    ReplyMemory memory(small);
    ReplyMemory::Growing one(memory);
    ReplyMemory::Growing other(memory);
    EXPECT_TRUE(one.grow(600));
    EXPECT_TRUE(other.grow(300));
    EXPECT_FALSE(other.grow(200));
    EXPECT_FALSE(other.fits());
    EXPECT_FALSE(other.grow(1));  // It is refused whatever comes.
    EXPECT_TRUE(one.fits());
}

TEST(ReplyMemory, LittleIsAnsweredAlsoWhenNothingIsLeft) {
    ReplyMemory memory(small);
    const ReplyMemory::Share all(memory, 1000);
    ReplyMemory::Growing answer(memory);
    EXPECT_TRUE(answer.grow(60));
    EXPECT_TRUE(answer.grow(40));
    EXPECT_FALSE(answer.grow(1));
}

// Many who ask at once, each for much: what they hold together stays near the limit.
TEST(ReplyMemory, ACrowdHoldsNotMuchMoreThanThereIs) {
    ReplyMemory memory(
        {.bytes_max = 1'000'000, .granted_bytes = 1000, .granted_bytes_overdrawn = 1000});
    std::vector<std::unique_ptr<ReplyMemory::Growing>> crowd;
    crowd.reserve(100);
    for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<ReplyMemory::Growing>(memory));
    for (int part = 0; part < 100; ++part)
        for (const auto& each : crowd)
            if (each->fits()) static_cast<void>(each->grow(5000));
    EXPECT_LT(memory.held(), 1'600'000U);
    crowd.clear();
    EXPECT_EQ(memory.held(), 0U);
}

TEST(ReplyMemory, GrantsLittleOnceMuchMoreThanThereIsWasGranted) {
    ReplyMemory memory(small);
    const ReplyMemory::Share all(memory, 1000);
    std::vector<std::unique_ptr<ReplyMemory::Growing>> crowd;
    for (int i = 0; i < 100; ++i) {
        crowd.push_back(std::make_unique<ReplyMemory::Growing>(memory));
        for (int part = 0; part < 10; ++part)
            if (crowd.back()->fits()) static_cast<void>(crowd.back()->grow(10));
    }
    EXPECT_TRUE(memory.is_overdrawn());
    // Four ample answers more, and a little for each.
    EXPECT_LT(memory.held(), 1000U + 400U + 100U * 2 * 10);
    ReplyMemory::Growing little(memory);
    EXPECT_TRUE(little.grow(10));
    crowd.clear();
    EXPECT_FALSE(memory.is_overdrawn());
    EXPECT_TRUE(little.grow(90));
}

}  // namespace
}  // namespace sluice::broker
