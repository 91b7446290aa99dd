#include "core/base/page_slabs.h"

#include <algorithm>
#include <bit>

#include "core/base/assert.h"

namespace sluice {

static_assert(PageSlabs::slab_bytes / PageSlabs::page_bytes <= 32);

PageSlabs::Class& PageSlabs::class_of(std::size_t size) {
    ASSERT(size >= page_bytes);
    ASSERT(size % page_bytes == 0);
    return classes_.at(size / page_bytes - 1);
}

std::uint32_t PageSlabs::all_free(std::size_t size) {
    const std::size_t count = slab_bytes / size;
    return static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1);
}

std::optional<std::size_t> PageSlabs::take(std::size_t size) {
    Class& all = class_of(size);
    while (all.full < all.slabs.size() && all.slabs[all.full].free == 0) ++all.full;
    if (all.full == all.slabs.size()) return std::nullopt;
    Slab& slab = all.slabs[all.full];
    const auto slot = static_cast<std::size_t>(std::countr_zero(slab.free));
    slab.free &= slab.free - 1;
    return slab.place + slot * size;
}

void PageSlabs::add_slab(std::size_t place, std::size_t size) {
    Class& all = class_of(size);
    const auto behind = std::ranges::upper_bound(all.slabs, place, {}, &Slab::place);
    const auto added = all.slabs.insert(behind, {place, all_free(size)});
    all.full = std::min(all.full, static_cast<std::size_t>(added - all.slabs.begin()));
}

void PageSlabs::take_back(std::size_t place, std::size_t size) {
    Class& all = class_of(size);
    const auto behind = std::ranges::upper_bound(all.slabs, place, {}, &Slab::place);
    ASSERT(behind != all.slabs.begin());
    Slab& slab = *(behind - 1);
    const std::uint32_t bit = std::uint32_t{1} << (place - slab.place) / size;
    ASSERT((slab.free & bit) == 0);
    slab.free |= bit;
    all.full = std::min(all.full, static_cast<std::size_t>(behind - 1 - all.slabs.begin()));
}

std::vector<std::size_t> PageSlabs::give_up_empty() {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < classes_.size(); ++i) {
        const std::uint32_t empty = all_free((i + 1) * page_bytes);
        for (const Slab& slab : classes_[i].slabs)
            if (slab.free == empty) places.push_back(slab.place);
        if (std::erase_if(classes_[i].slabs, [&](const Slab& s) { return s.free == empty; }) > 0)
            classes_[i].full = 0;
    }
    return places;
}

}  // namespace sluice
