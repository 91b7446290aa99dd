#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace sluice {

// Counts of values by size, in constant memory: 128 steps for each power of two, so a percentile is
// off by less than one part in a hundred (the idea is Gil Tene's HdrHistogram).
class Histogram {
public:
    // Values beyond the largest count as it.
    static constexpr std::uint64_t value_max = (std::uint64_t{1} << 40) - 1;

    void add(std::uint64_t value);
    void merge(const Histogram& other);

    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }
    double mean() const;
    // The smallest value that at least this part (0 to 1) of all values do not exceed; 0 for none.
    std::uint64_t percentile(double part) const;

private:
    static constexpr int step_bits = 7;
    static constexpr std::size_t steps = std::size_t{1} << step_bits;
    static constexpr std::size_t buckets = (40 - step_bits + 1) * steps;

    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t largest_in(std::size_t bucket);

    // Not inside the object: 35 KB would be much on a fiber's stack.
    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(buckets);
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace sluice
