#include "core/broker/reply_memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace sluice::broker {
namespace {

TEST(ReplyMemory, CountsAnswersAsLongAsTheyLive) {
    ReplyMemory memory(1000);
    {
        const ReplyMemory::Share one(memory, 300);
        EXPECT_EQ(memory.held(), 300U);
        const ReplyMemory::Share other(memory, 900);
        EXPECT_EQ(memory.left(), 0U);
    }
    EXPECT_EQ(memory.left(), 1000U);
}

TEST(ReplyMemory, AnswersThatGrowSideBySideShareIt) {
    ReplyMemory memory(1000);
    ReplyMemory::Growing one(memory, 100);
    ReplyMemory::Growing other(memory, 100);
    EXPECT_TRUE(one.grow(600));
    EXPECT_TRUE(other.grow(300));
    EXPECT_FALSE(other.grow(200));
    EXPECT_FALSE(other.fits());
    EXPECT_FALSE(other.grow(1));  // It is refused whatever comes.
    EXPECT_TRUE(one.fits());
}

TEST(ReplyMemory, LittleIsAnsweredAlsoWhenNothingIsLeft) {
    ReplyMemory memory(1000);
    const ReplyMemory::Share all(memory, 1000);
    ReplyMemory::Growing answer(memory, 100);
    EXPECT_TRUE(answer.grow(60));
    EXPECT_TRUE(answer.grow(40));
    EXPECT_FALSE(answer.grow(1));
}

// Many who ask at once, each for much: what they hold together stays near the limit.
TEST(ReplyMemory, ACrowdHoldsNotMuchMoreThanThereIs) {
    ReplyMemory memory(1'000'000);
    std::vector<std::unique_ptr<ReplyMemory::Growing>> crowd;
    crowd.reserve(100);
    for (int i = 0; i < 100; ++i)
        crowd.push_back(std::make_unique<ReplyMemory::Growing>(memory, 1000));
    for (int part = 0; part < 100; ++part)
        for (const auto& each : crowd)
            if (each->fits()) static_cast<void>(each->grow(5000));
    EXPECT_LT(memory.held(), 1'600'000U);
    crowd.clear();
    EXPECT_EQ(memory.held(), 0U);
}

}  // namespace
}  // namespace sluice::broker
