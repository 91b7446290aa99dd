#pragma once

namespace sluice {

// Prints the broken invariant and where it stands, then aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace sluice

// A broken invariant crashes, in release too. Only our own mistakes may trigger one: a peer, a
// client or a disk must never be able to.
#define ASSERT(condition)                  \
    (static_cast<bool>(condition) ? void() \
                                  : ::sluice::assertion_failed(#condition, __FILE__, __LINE__))
