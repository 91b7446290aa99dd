#pragma once

#include "core/base/page_heap.h"
#include "core/base/result.h"
#include "core/env/network.h"
#include "net/kafka/memory_budget.h"

namespace sluice::net {

// Cuts a connection's byte stream into frames: 4 bytes of length, then as many bytes. A frame is a
// slice of the buffer that it was read into; small ones share one, a large one gets its own.
class FrameReader {
public:
    struct Options {
        std::size_t frame_bytes_max = 100 << 20;
        std::size_t chunk_bytes = 16 << 10;
    };
    struct Frame {
        Bytes bytes;
        MemoryBudget::Share memory;
    };

    FrameReader(env::Connection& connection, MemoryBudget& budget, PageHeap& pages, Options options)
        : connection_(connection), budget_(budget), pages_(pages), options_(options) {}

    // Waits for the next frame, and for memory to hold it as it comes. Error::closed when the
    // stream ends between two frames, Error::invalid when a length is negative or above the limit
    // (see bad_length()).
    Result<Frame> next();
    std::int32_t bad_length() const { return bad_length_; }
    // Bytes of a frame that has begun but is not whole.
    std::size_t partial() const { return filled_ - taken_; }
    // It is not the client who keeps the frame from going on.
    bool waits_for_memory() const { return waits_for_memory_; }

private:
    Result<void> charge(MemoryBudget::Share& memory, std::size_t bytes);
    Result<void> fill(std::size_t wanted);
    void make_room(std::size_t wanted);

    env::Connection& connection_;
    MemoryBudget& budget_;
    PageHeap& pages_;  // For large frames.
    const Options options_;
    Buffer chunk_;
    std::size_t taken_ = 0;   // Of chunk_, cut into frames so far;
    std::size_t filled_ = 0;  // read from the connection so far.
    std::int32_t bad_length_ = 0;
    std::size_t largest_ = 0;  // Of the frames so far: who sent one whole will send another.
    bool waits_for_memory_ = false;
};

}  // namespace sluice::net
