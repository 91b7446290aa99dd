// What a produced batch may ask for at most. Who makes the hot path dearer sees it here.

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "tests/bench/allocations.h"
#include "tests/bench/copies.h"
#include "tests/bench/produce_path.h"

namespace sluice {
namespace {

class HotPath : public ::testing::TestWithParam<posix::EngineChoice> {
protected:
    // Nothing where the kernel does not allow the engine.
    std::optional<ProduceCounts> count(int records, int under_way, int requests = 1000) {
        ProduceLoad load{.engine = GetParam(), .records = records, .under_way = under_way};
        load.requests = requests;
        std::string why;
        const auto counts = count_produce(load, why);
        if (!counts && why != engine_not_allowed) ADD_FAILURE() << why;
        return counts;
    }
};

// Into the aligned block it is served and written from; and what came with its length, a chunk of
// the connection at most, before there was room for it.
TEST_P(HotPath, ALargeBatchIsCopiedOnce) {
    const auto counts = count(256, 4, 200);
    if (!counts) GTEST_SKIP() << engine_not_allowed;
    EXPECT_GT(counts->copied_per_byte, 0.9);
    EXPECT_LT(counts->copied_per_byte, 1.1);
    EXPECT_LT(counts->allocated_per_byte, 0.15);
}

// Small pieces are packed into whole pages of the journal as well.
TEST_P(HotPath, ASmallBatchIsCopiedTwice) {
    const auto counts = count(1, 1);
    if (!counts) GTEST_SKIP() << engine_not_allowed;
    EXPECT_LT(counts->copied_per_byte, 2.3);
    EXPECT_LT(counts->allocations, 36);
}

// How many meet is up to the machine (0.8 calls of the kernel each when all do); that some do is
// not.
TEST_P(HotPath, RequestsThatComeTogetherShareWhatTheyAskFor) {
    const auto counts = count(1, 32);
    if (!counts) GTEST_SKIP() << engine_not_allowed;
    EXPECT_LT(counts->copied_per_byte, 2.3);
    EXPECT_LT(counts->allocations, 24);
    if (!counts->system_calls) GTEST_SKIP() << "this kernel does not count system calls";
    EXPECT_LT(*counts->system_calls, 5);
}

INSTANTIATE_TEST_SUITE_P(Engines, HotPath,
                         ::testing::Values(posix::EngineChoice::io_uring,
                                           posix::EngineChoice::epoll),
                         [](const auto& engine) {
                             return engine.param == posix::EngineChoice::epoll ? "Epoll" : "Ring";
                         });

TEST(Counts, SeeEveryAllocationAndCopy) {
    const std::string payload(10'000, 'x');
    const auto allocations = Allocations::now().bytes;
    const auto copied = bytes_copied();
    const Bytes copy = Bytes::copy_of(payload);
    EXPECT_GE(Allocations::now().bytes - allocations, 10'000u);
    EXPECT_EQ(bytes_copied() - copied, 10'000u);
    EXPECT_EQ(copy.text(), payload);
}

}  // namespace
}  // namespace sluice
