// Counts what memcpy and memmove move: whatever the compiler did not turn into a few instructions
// ends here, the standard library's own copies included.

#include "tests/bench/copies.h"

#include <atomic>
#include <cstddef>

namespace {

// What is smaller is a header, a name, a number.
constexpr std::size_t counted_min = 64;

std::atomic<std::uint64_t> copied{0};

void note(std::size_t size) {
    if (size >= counted_min) copied.fetch_add(size, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

// The C library's own under names that nobody else uses; the last argument is the room there is.
void* __memcpy_chk(void* to, const void* from, std::size_t size, std::size_t room);
void* __memmove_chk(void* to, const void* from, std::size_t size, std::size_t room);

void* memcpy(void* to, const void* from, std::size_t size) {
    note(size);
    return __memcpy_chk(to, from, size, size);
}

void* memmove(void* to, const void* from, std::size_t size) {
    note(size);
    return __memmove_chk(to, from, size, size);
}

}  // extern "C"

namespace sluice {

std::uint64_t bytes_copied() {
    return copied.load(std::memory_order_relaxed);
}

}  // namespace sluice
