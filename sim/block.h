#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/bytes.h"

namespace sluice::sim {

// What a disk writes at once, and what it may tear a write into.
inline constexpr std::size_t block_bytes = 4096;
inline constexpr std::size_t sector_bytes = 512;
inline constexpr std::size_t sectors_per_block = block_bytes / sector_bytes;

// A 4 KiB block of a simulated disk, shared until it is written: the page cache, the platter and
// any number of clones hold the same one. None means zeros, and of a block of which only the
// beginning was written no more than that is kept. For one thread only.
class Block {
public:
    Block() = default;
    Block(const Block& other) : body_(other.body_) {
        if (body_) ++body_->count;
    }
    Block(Block&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
    Block& operator=(const Block& other) {
        Block copy(other);
        std::swap(body_, copy.body_);
        return *this;
    }
    Block& operator=(Block&& other) noexcept {
        std::swap(body_, other.body_);
        return *this;
    }
    ~Block() {
        if (body_ && --body_->count == 0) std::free(body_);
    }

    bool is_zero() const { return body_ == nullptr; }
    bool same(const Block& other) const { return body_ == other.body_; }

    void read(std::size_t offset, MutableSlice into) const {
        ASSERT(offset + into.size() <= block_bytes);
        const std::size_t kept = body_ && offset < body_->bytes ? body_->bytes - offset : 0;
        const std::size_t count = std::min(kept, into.size());
        if (count > 0) std::memcpy(into.data(), body_->data() + offset, count);
        std::memset(into.data() + count, 0, into.size() - count);
    }
    void write(std::size_t offset, Slice from) {
        ASSERT(offset + from.size() <= block_bytes);
        std::memcpy(own(offset + from.size()) + offset, from.data(), from.size());
    }
    void zero_from(std::size_t offset) {
        if (body_ && offset < body_->bytes)
            std::memset(own(body_->bytes) + offset, 0, body_->bytes - offset);
    }
    void flip_bit(std::size_t bit) {
        ASSERT(bit < block_bytes * 8);
        own(bit / 8 + 1)[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    }
    void copy_sector(std::size_t sector, const Block& from) {
        const std::size_t begin = sector * sector_bytes;
        from.read(begin, {own(begin + sector_bytes) + begin, sector_bytes});
    }

private:
    struct Body {
        std::uint32_t count;
        std::uint32_t bytes;  // Kept; whole sectors.
        std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
    };

    // Memory of this block alone, so many bytes of it at least, to be written to.
    std::uint8_t* own(std::size_t bytes) {
        const std::size_t kept = body_ ? body_->bytes : 0;
        if (body_ && body_->count == 1 && kept >= bytes) return body_->data();
        const std::size_t sectors = (std::max(bytes, kept) + sector_bytes - 1) / sector_bytes;
        const std::size_t size = sectors * sector_bytes;
        auto* fresh = static_cast<Body*>(std::malloc(sizeof(Body) + size));
        ASSERT(fresh != nullptr);
        fresh->count = 1;
        fresh->bytes = static_cast<std::uint32_t>(size);
        read(0, {fresh->data(), size});
        Block whole;
        whole.body_ = fresh;
        *this = std::move(whole);
        return body_->data();
    }

    Body* body_ = nullptr;
};

}  // namespace sluice::sim
