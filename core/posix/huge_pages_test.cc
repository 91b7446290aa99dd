#include "core/posix/huge_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

namespace sluice::posix {
namespace {

constexpr std::size_t unit = PageSpace::unit_bytes;

TEST(HugePages, AreWholeUnitsAndEmptyOnceTheyWereForgotten) {
    const auto space = huge_pages(3 * unit);
    if (!space) GTEST_SKIP() << "no address space, or AddressSanitizer";
    const MutableSlice all = space->all();
    EXPECT_EQ(all.size(), 3 * unit);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(all.data()) % unit, 0u);
    std::ranges::fill(all, std::uint8_t{1});
    space->forget(all.subspan(unit, unit));
    const auto is = [](std::uint8_t value) {
        return [value](std::uint8_t byte) { return byte == value; };
    };
    EXPECT_TRUE(std::ranges::all_of(all.first(unit), is(1)));
    EXPECT_TRUE(std::ranges::all_of(all.subspan(unit, unit), is(0)));
    EXPECT_TRUE(std::ranges::all_of(all.last(unit), is(1)));
}

TEST(HugePages, BuffersComeBackFromOtherThreads) {
    PageHeap heap(huge_pages(2 * unit));
    std::vector<Buffer> out;
    for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 8; ++i) out.push_back(heap.take(unit / 8));
        std::thread other([taken = std::exchange(out, {})]() mutable { taken.clear(); });
        Buffer mine = heap.take(unit / 8);
        std::ranges::fill(mine.all(), std::uint8_t{1});
        other.join();
        if (round % 20 == 0) heap.trim();
    }
    EXPECT_EQ(heap.take(2 * unit).size(), 2 * unit);
}

}  // namespace
}  // namespace sluice::posix
