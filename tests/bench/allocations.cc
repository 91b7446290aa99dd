// Counts every allocation of the program: operator new and Buffer both end here.

#include "tests/bench/allocations.h"

#include <atomic>
#include <cstddef>

namespace {

std::atomic<std::uint64_t> times{0};
std::atomic<std::uint64_t> taken{0};

void note(std::size_t size) {
    times.fetch_add(1, std::memory_order_relaxed);
    taken.fetch_add(size, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

// The C library's own, by the names under which it keeps them for such uses.
void* __libc_malloc(std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
    note(size);
    return __libc_malloc(size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    note(size);
    return __libc_memalign(alignment, size);
}

}  // extern "C"

namespace sluice {

Allocations Allocations::now() {
    return {times.load(std::memory_order_relaxed), taken.load(std::memory_order_relaxed)};
}

}  // namespace sluice
