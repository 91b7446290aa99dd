#include "core/base/page_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/base/page_slabs.h"

namespace sluice {
namespace {

constexpr std::size_t unit = PageSpace::unit_bytes;
constexpr std::size_t page = PageHeap::page_bytes;

class TestSpace final : public PageSpace {
public:
    TestSpace(std::size_t units, std::vector<std::size_t>& forgotten, bool& gone)
        : memory_(Buffer::allocate(units * unit, unit)), forgotten_(forgotten), gone_(gone) {}
    ~TestSpace() override { gone_ = true; }

    MutableSlice all() override { return memory_.all(); }
    void forget(MutableSlice units) override {
        forgotten_.push_back(static_cast<std::size_t>(units.data() - memory_.data()) / unit);
    }

private:
    Buffer memory_;
    std::vector<std::size_t>& forgotten_;
    bool& gone_;
};

struct PageHeapTest : testing::Test {
    std::vector<std::size_t> forgotten;
    bool gone = false;
    std::unique_ptr<PageHeap> heap = make(3);

    std::unique_ptr<PageHeap> make(std::size_t units) {
        return std::make_unique<PageHeap>(std::make_unique<TestSpace>(units, forgotten, gone));
    }
};

TEST_F(PageHeapTest, GivesWholePagesThatNobodyElseHas) {
    Buffer first = heap->take(unit / 2 + 1);
    Buffer second = heap->take(unit / 2);
    EXPECT_EQ(first.size(), unit / 2 + page);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first.data()) % page, 0u);
    EXPECT_EQ(second.data(), first.data() + first.size());
    EXPECT_TRUE(first.is_sole());
}

TEST_F(PageHeapTest, GivesWhatCameBackBeforeWhatIsNew) {
    Buffer first = heap->take(unit);
    const Buffer second = heap->take(unit);
    const std::uint8_t* was = first.data();
    first = {};
    EXPECT_EQ(heap->take(unit / 4).data(), was);
    // Both parts are one again.
    EXPECT_EQ(heap->take(unit).data(), was);
}

TEST_F(PageHeapTest, SmallOnesShareASlab) {
    const std::size_t slab = PageSlabs::slab_bytes;
    const Buffer large = heap->take(2 * slab);
    std::vector<Buffer> small;
    for (int i = 0; i < 32; ++i) small.push_back(heap->take(1));
    // One behind the other, without anything between them.
    for (std::size_t i = 0; i < small.size(); ++i)
        EXPECT_EQ(small[i].data(), large.data() + large.size() + i * page);
    const Buffer next = heap->take(page);
    EXPECT_EQ(next.data(), large.data() + large.size() + slab);
    const Buffer other = heap->take(3 * page);
    EXPECT_EQ(other.data(), large.data() + large.size() + 2 * slab);
    const std::uint8_t* was = small[7].data();
    small[7] = {};
    small[20] = {};
    EXPECT_EQ(heap->take(page).data(), was);
}

TEST_F(PageHeapTest, ASlabThatHoldsNothingIsThereForAnything) {
    std::vector<Buffer> small;
    for (std::size_t i = 0; i < 3 * unit / page; ++i) small.push_back(heap->take(page));
    const std::uint8_t* first = small.front().data();
    EXPECT_NE(heap->take(unit).data(), first);
    small.clear();
    heap->trim();
    const Buffer all = heap->take(3 * unit);
    EXPECT_EQ(all.data(), first);
}

TEST_F(PageHeapTest, WhatIsTooLargeIsAnAllocationOfItsOwn) {
    const Buffer all = heap->take(3 * unit);
    Buffer more = heap->take(unit);
    Buffer large = heap->take(10 * unit);
    Buffer small = heap->take(100);
    ASSERT_TRUE(more && large && small);
    EXPECT_EQ(small.size(), page);
    std::ranges::fill(large.all(), std::uint8_t{1});
}

TEST_F(PageHeapTest, LetsGoWhatWasNotUsedSinceTheLastTime) {
    Buffer low = heap->take(unit / 2);
    Buffer high = heap->take(2 * unit);
    high = {};
    heap->trim();
    EXPECT_TRUE(forgotten.empty());
    heap->trim();
    // Unit 0 is in use; what has no memory is not given back twice.
    heap->trim();
    EXPECT_EQ(forgotten, (std::vector<std::size_t>{1, 2}));
    forgotten.clear();
    high = heap->take(2 * unit);
    high = low = {};
    heap->trim();
    heap->trim();
    EXPECT_EQ(forgotten, (std::vector<std::size_t>{0, 1, 2}));
}

TEST_F(PageHeapTest, BuffersOutliveIt) {
    Buffer buffer = heap->take(unit);
    heap.reset();
    EXPECT_FALSE(gone);
    std::ranges::fill(buffer.all(), std::uint8_t{1});
    buffer = {};
    EXPECT_TRUE(gone);
}

TEST(PageHeap, WithoutASpaceAllocates) {
    PageHeap heap;
    EXPECT_EQ(heap.take(unit + 1).size(), unit + page);
    heap.trim();
}

}  // namespace
}  // namespace sluice
