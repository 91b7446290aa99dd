#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/assert.h"

namespace sluice {

// Bytes of somebody else, valid as long as the callee's contract says.
using Slice = std::span<const std::uint8_t>;
using MutableSlice = std::span<std::uint8_t>;

inline Slice as_slice(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Slice bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Who lent the memory of a buffer.
class BufferHome {
public:
    // Nobody has the buffer any more. From any thread.
    virtual void take_back(MutableSlice memory) = 0;

protected:
    ~BufferHome() = default;
};

// A counted block of memory. Whoever allocates it fills it; every Bytes cut from it keeps it alive.
// Writing to a part that no Bytes covers yet is allowed, also while other parts are being read.
class Buffer {
public:
    Buffer() = default;
    // `alignment` is a power of two; 4096 for blocks that may meet direct I/O.
    static Buffer allocate(std::size_t size, std::size_t alignment = 16);
    static Buffer copy_of(Slice bytes);
    // Somebody's memory, who gets it back.
    static Buffer lent(BufferHome& home, MutableSlice memory);

    Buffer(const Buffer& other) : block_(other.block_) { retain(); }
    Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    Buffer& operator=(Buffer other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~Buffer() { release(); }

    explicit operator bool() const { return block_ != nullptr; }
    // Nobody else has it, so it can be filled again.
    bool is_sole() const { return block_ && block_->count.load(std::memory_order_acquire) == 1; }
    std::size_t size() const { return block_ ? block_->size : 0; }
    std::uint8_t* data() { return block_ ? block_->data : nullptr; }
    const std::uint8_t* data() const { return block_ ? block_->data : nullptr; }
    MutableSlice all() { return {data(), size()}; }

private:
    struct Block {
        std::atomic<std::uint32_t> count;
        std::size_t size;
        std::uint8_t* data;
        BufferHome* home;
    };

    void retain() const {
        if (block_) block_->count.fetch_add(1, std::memory_order_relaxed);
    }
    void release();

    Block* block_ = nullptr;
};

// A read-only slice of a shared buffer. Copying a Bytes shares the buffer, so a record batch
// travels from the socket to the log and on to readers without its bytes being copied.
class Bytes {
public:
    Bytes() = default;
    explicit Bytes(Buffer owner)
        : owner_(std::move(owner)), view_(std::as_const(owner_).data(), owner_.size()) {}
    Bytes(Buffer owner, Slice view) : owner_(std::move(owner)), view_(view) {}
    static Bytes copy_of(Slice bytes) { return Bytes(Buffer::copy_of(bytes)); }
    static Bytes copy_of(std::string_view text) { return copy_of(as_slice(text)); }

    std::size_t size() const { return view_.size(); }
    bool empty() const { return view_.empty(); }
    const std::uint8_t* data() const { return view_.data(); }
    Slice view() const { return view_; }
    std::string_view text() const { return as_text(view_); }

    Bytes slice(std::size_t offset, std::size_t size) const {
        ASSERT(offset <= view_.size());
        ASSERT(size <= view_.size() - offset);
        return Bytes(owner_, view_.subspan(offset, size));
    }

    friend bool operator==(const Bytes& a, const Bytes& b) { return a.text() == b.text(); }

private:
    Buffer owner_;
    Slice view_;
};

}  // namespace sluice
