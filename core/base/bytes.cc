#include "core/base/bytes.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace sluice {
namespace {

constexpr std::size_t round_up(std::size_t n, std::size_t to) {
    return (n + to - 1) / to * to;
}

}  // namespace

Buffer Buffer::allocate(std::size_t size, std::size_t alignment) {
    ASSERT((alignment & (alignment - 1)) == 0);
    // The header stands behind the data when alignment is large, so that data begins at the
    // allocation.
    const std::size_t body = round_up(size, alignof(Block));
    void* memory = alignment <= alignof(std::max_align_t)
                       ? std::malloc(body + sizeof(Block))
                       : std::aligned_alloc(alignment, round_up(body + sizeof(Block), alignment));
    ASSERT(memory != nullptr);
    auto* data = static_cast<std::uint8_t*>(memory);
    Buffer buffer;
    buffer.block_ = new (data + body) Block{1, size, data, nullptr};
    return buffer;
}

Buffer Buffer::lent(BufferHome& home, MutableSlice memory) {
    Buffer buffer;
    buffer.block_ = new Block{1, memory.size(), memory.data(), &home};
    return buffer;
}

Buffer Buffer::copy_of(Slice bytes) {
    Buffer buffer = allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
    return buffer;
}

void Buffer::release() {
    if (!block_ || block_->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const Block block{0, block_->size, block_->data, block_->home};
    if (block.home != nullptr) {
        delete block_;
        block.home->take_back({block.data, block.size});
        return;
    }
    block_->~Block();
    std::free(block.data);
}

}  // namespace sluice
