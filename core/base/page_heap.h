#pragma once

#include <cstddef>
#include <memory>

#include "core/base/bytes.h"

namespace sluice {

// A stretch of address space that takes memory only where it is used.
class PageSpace {
public:
    // What the system maps at once when it can. A transfer between a disk and memory costs it work
    // for every mapping, and so does reading that memory.
    static constexpr std::size_t unit_bytes = std::size_t{2} << 20;

    virtual ~PageSpace() = default;
    // Whole units, the first at a multiple of a unit.
    virtual MutableSlice all() = 0;
    // Nobody needs what these whole units hold: the system may have their memory.
    virtual void forget(MutableSlice units) = 0;
};

// The memory of one shard's buffers of whole pages: what comes from sockets, goes to files and
// comes from them. An allocation that begins at a page costs another one beside it. What was used
// last is used again first, because new memory is cleared by the system before it is given, which
// costs more than what is then done with it.
class PageHeap {
public:
    static constexpr std::size_t page_bytes = 4096;

    // Without a space every buffer is an allocation of its own.
    PageHeap() = default;
    explicit PageHeap(std::unique_ptr<PageSpace> space);
    // Buffers may outlive it.
    ~PageHeap();
    PageHeap(const PageHeap&) = delete;
    PageHeap& operator=(const PageHeap&) = delete;

    // At least so many bytes, in whole pages and at a page, for the caller alone. Those for which
    // there is no room are allocations of their own. Buffers come back from any thread.
    Buffer take(std::size_t bytes);
    // Lets the system have what was not used since the last call.
    void trim();

private:
    class Pages;

    Pages* pages_ = nullptr;  // Lives as long as one of its buffers.
};

}  // namespace sluice
