#include "storage/log/read_buffers.h"

#include <algorithm>
#include <utility>

#include "storage/log/pages.h"

namespace sluice::storage {

Buffer ReadBuffers::take(std::size_t bytes) {
    // Not one that is much too large: who holds a little of it holds all of it.
    const auto fits = [&](const Kept& kept) {
        return kept.buffer.is_sole() && kept.buffer.size() >= bytes &&
               kept.buffer.size() / 2 <= bytes;
    };
    if (const auto found = std::ranges::find_if(kept_, fits); found != kept_.end()) {
        found->used = true;
        return found->buffer;
    }
    Buffer buffer = Buffer::allocate(page_ceil(bytes), page_bytes);
    if (bytes_ + buffer.size() <= bytes_max_) {
        bytes_ += buffer.size();
        kept_.push_back({.buffer = buffer});
    }
    return buffer;
}

void ReadBuffers::trim() {
    std::erase_if(kept_, [this](Kept& kept) {
        const bool idle = !std::exchange(kept.used, false) && kept.buffer.is_sole();
        if (idle) bytes_ -= kept.buffer.size();
        return idle;
    });
}

}  // namespace sluice::storage
