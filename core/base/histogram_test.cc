#include "core/base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/base/random.h"

namespace sluice {
namespace {

TEST(Histogram, IsExactForSmallValues) {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 100; ++value) histogram.add(value);
    EXPECT_EQ(histogram.count(), 100U);
    EXPECT_EQ(histogram.percentile(0), 1U);
    EXPECT_EQ(histogram.percentile(0.5), 50U);
    EXPECT_EQ(histogram.percentile(0.99), 99U);
    EXPECT_EQ(histogram.percentile(1), 100U);
    EXPECT_DOUBLE_EQ(histogram.mean(), 50.5);
}

TEST(Histogram, IsOffByLessThanAHundredthForLargeOnes) {
    Random random(5);
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 10'000; ++i) values.push_back(random.next() >> random.between(24, 60));
    for (const std::uint64_t value : values) histogram.add(value);
    std::ranges::sort(values);
    for (const double part : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
        const auto exact = static_cast<double>(
            values[static_cast<std::size_t>(part * static_cast<double>(values.size()))]);
        const auto found = static_cast<double>(histogram.percentile(part));
        EXPECT_NEAR(found, exact, exact / 100 + 2) << part;
    }
    EXPECT_EQ(histogram.percentile(1), values.back());
}

TEST(Histogram, CountsWhatIsTooLargeAsTheLargest) {
    Histogram histogram;
    histogram.add(UINT64_MAX);
    EXPECT_EQ(histogram.max(), Histogram::value_max);
    Histogram other;
    other.add(1);
    other.merge(histogram);
    EXPECT_EQ(other.count(), 2U);
    EXPECT_EQ(other.percentile(0.5), 1U);
}

TEST(Histogram, IsZeroWithoutValues) {
    EXPECT_EQ(Histogram().percentile(0.99), 0U);
    EXPECT_EQ(Histogram().mean(), 0);
}

}  // namespace
}  // namespace sluice
