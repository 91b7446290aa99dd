#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/page_heap.h"

namespace sluice::storage {

// Memory and files meet in pages of this size, so that direct I/O can carry them.
inline constexpr std::size_t page_bytes = PageHeap::page_bytes;

constexpr std::uint64_t page_floor(std::uint64_t n) {
    return n / page_bytes * page_bytes;
}
constexpr std::uint64_t page_ceil(std::uint64_t n) {
    return page_floor(n + page_bytes - 1);
}

}  // namespace sluice::storage
