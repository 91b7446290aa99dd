#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/bytes.h"

namespace sluice::sim {

// What a disk writes at once, and what it may tear a write into.
inline constexpr std::size_t block_bytes = 4096;
inline constexpr std::size_t sector_bytes = 512;
inline constexpr std::size_t sectors_per_block = block_bytes / sector_bytes;

// A 4 KiB block of a simulated disk, shared until it is written: the page cache, the platter and
// any number of clones hold the same one. None means zeros. For one thread only.
class Block {
public:
    Block() = default;
    Block(const Block& other) : body_(other.body_) {
        if (body_) ++body_->count;
    }
    Block(Block&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
    Block& operator=(Block other) noexcept {
        std::swap(body_, other.body_);
        return *this;
    }
    ~Block() {
        if (body_ && --body_->count == 0) delete body_;
    }

    bool is_zero() const { return body_ == nullptr; }
    bool same(const Block& other) const { return body_ == other.body_; }

    void read(std::size_t offset, MutableSlice into) const {
        ASSERT(offset + into.size() <= block_bytes);
        if (body_)
            std::memcpy(into.data(), body_->data + offset, into.size());
        else
            std::memset(into.data(), 0, into.size());
    }
    // Memory of this block alone, to be written to.
    std::uint8_t* own() {
        if (body_ && body_->count == 1) return body_->data;
        auto* copy = new Body;
        if (body_)
            std::memcpy(copy->data, body_->data, block_bytes);
        else
            std::memset(copy->data, 0, block_bytes);
        Block fresh;
        fresh.body_ = copy;
        *this = std::move(fresh);
        return body_->data;
    }
    void write(std::size_t offset, Slice from) {
        ASSERT(offset + from.size() <= block_bytes);
        std::memcpy(own() + offset, from.data(), from.size());
    }
    void zero_from(std::size_t offset) {
        if (body_ && offset < block_bytes) std::memset(own() + offset, 0, block_bytes - offset);
    }
    void copy_sector(std::size_t sector, const Block& from) {
        from.read(sector * sector_bytes, {own() + sector * sector_bytes, sector_bytes});
    }

private:
    struct Body {
        std::uint32_t count = 1;
        std::uint8_t data[block_bytes];
    };
    Body* body_ = nullptr;
};

}  // namespace sluice::sim
