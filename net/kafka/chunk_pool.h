#pragma once

#include <algorithm>
#include <vector>

#include "core/base/bytes.h"

namespace sluice::net {

// Blocks that large requests of one shard were read into, to be read into again: new memory is
// cleared by the system first, and costs more than what is then read. A block is free as soon as
// nobody but the pool has it.
class ChunkPool {
public:
    explicit ChunkPool(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // At least `size` bytes, for the caller alone.
    Buffer take(std::size_t size) {
        for (Buffer& chunk : chunks_)
            if (chunk.size() >= size && chunk.size() / 2 <= size && chunk.is_sole()) {
                std::swap(chunk, chunks_.back());
                Buffer taken = std::move(chunks_.back());
                chunks_.pop_back();
                bytes_ -= taken.size();
                return taken;
            }
        // Requests of one client are of about one size, and the next may be a little larger.
        return Buffer::allocate((size + step_bytes) / step_bytes * step_bytes);
    }

    // A block that nobody writes to any more, though somebody may have parts of it.
    void keep(Buffer chunk) {
        std::erase_if(chunks_, [&](const Buffer& other) {
            const bool goes = bytes_ + chunk.size() > bytes_max_ && other.is_sole();
            if (goes) bytes_ -= other.size();
            return goes;
        });
        if (bytes_ + chunk.size() > bytes_max_) return;
        bytes_ += chunk.size();
        chunks_.push_back(std::move(chunk));
    }
    std::size_t bytes() const { return bytes_; }

private:
    static constexpr std::size_t step_bytes = 16 << 10;

    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::vector<Buffer> chunks_;
};

}  // namespace sluice::net
