#include "core/base/histogram.h"

#include <algorithm>
#include <cmath>

#include "core/base/assert.h"

namespace sluice {

// Values below `steps` have a bucket each; above, the leading bits behind the first one tell.
std::size_t Histogram::bucket_of(std::uint64_t value) {
    if (value < steps) return static_cast<std::size_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - step_bits;
    const auto leading = static_cast<std::size_t>(value >> shift) - steps;
    return steps * static_cast<std::size_t>(shift + 1) + leading;
}

std::uint64_t Histogram::largest_in(std::size_t bucket) {
    if (bucket < steps) return bucket;
    const std::size_t shift = bucket / steps - 1;
    const std::uint64_t leading = steps + bucket % steps;
    return ((leading + 1) << shift) - 1;
}

void Histogram::add(std::uint64_t value) {
    value = std::min(value, value_max);
    ++counts_[bucket_of(value)];
    ++count_;
    sum_ += static_cast<double>(value);
    max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double part) const {
    ASSERT(part >= 0 && part <= 1);
    if (count_ == 0) return 0;
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
        seen += counts_[i];
        if (seen >= rank) return std::min(largest_in(i), max_);
    }
    return max_;
}

}  // namespace sluice
