#include "core/replication/throttle.h"

#include <gtest/gtest.h>

namespace sluice::replication {
namespace {

Time at_ms(std::int64_t ms) {
    return {milliseconds(ms)};
}

TEST(ReplicationThrottle, HoldsUpWhoCatchesUpAndNobodyElse) {
    ReplicationThrottle throttle(1000);
    throttle.moved(3000, at_ms(10'000));
    EXPECT_EQ(throttle.allowed_at(), at_ms(12'000));
    EXPECT_FALSE(throttle.allows(true, false, at_ms(11'999)));
    EXPECT_TRUE(throttle.allows(true, false, at_ms(12'000)));
    // In sync, or not named.
    EXPECT_TRUE(throttle.allows(true, true, at_ms(11'000)));
    EXPECT_TRUE(throttle.allows(false, false, at_ms(11'000)));
}

TEST(ReplicationThrottle, KeepsItsRateOverTime) {
    ReplicationThrottle throttle(1'000'000);
    std::int64_t moved = 0;
    for (std::int64_t ms = 10'000; ms < 20'000; ++ms)
        if (throttle.allows(true, false, at_ms(ms))) {
            throttle.moved(7000, at_ms(ms));
            moved += 7000;
        }
    EXPECT_GE(moved, 10'000'000);
    // And a second of what was not used before.
    EXPECT_LE(moved, 11'100'000);
}

TEST(ReplicationThrottle, ForgivesADebtAtAnotherRate) {
    ReplicationThrottle throttle(1);
    throttle.moved(1'000'000, at_ms(10'000));
    EXPECT_FALSE(throttle.allows(true, false, at_ms(100'000)));
    throttle.set_rate(1'000'000, at_ms(20'000));
    EXPECT_TRUE(throttle.allows(true, false, at_ms(21'000)));
    throttle.set_rate(ReplicationThrottle::unlimited, at_ms(21'000));
    throttle.moved(1'000'000'000, at_ms(21'000));
    EXPECT_TRUE(throttle.allows(true, false, at_ms(21'000)));
}

TEST(ThrottledReplicas, AreNamedByPartitionAndBroker) {
    const auto some = ThrottledReplicas::parse("0:101,3:102");
    ASSERT_TRUE(some);
    EXPECT_TRUE(some->holds(PartitionIndex(0), BrokerId(101)));
    EXPECT_TRUE(some->holds(PartitionIndex(3), BrokerId(102)));
    EXPECT_FALSE(some->holds(PartitionIndex(3), BrokerId(101)));
    EXPECT_TRUE(ThrottledReplicas::parse("*")->holds(PartitionIndex(7), BrokerId(7)));
    EXPECT_FALSE(ThrottledReplicas::parse("")->holds(PartitionIndex(0), BrokerId(0)));
    for (const char* wrong : {"0", "0:x", ":1", "0:-1", "0:1:2", "0:1,,1:1"})
        EXPECT_FALSE(ThrottledReplicas::parse(wrong)) << wrong;
}

}  // namespace
}  // namespace sluice::replication
