#include "net/kafka/frame_reader.h"

#include <cstring>

#include "core/base/endian.h"
#include "core/base/probe.h"

namespace sluice::net {

constexpr std::size_t length_bytes = 4;

Result<FrameReader::Frame> FrameReader::next() {
    CHECK_OK(fill(length_bytes));
    const auto length = load_big<std::int32_t>(chunk_.data() + taken_);
    if (length < 0 || static_cast<std::size_t>(length) > options_.frame_bytes_max) {
        bad_length_ = length;
        return Error::invalid;
    }
    const auto size = static_cast<std::size_t>(length);
    TRY(MemoryBudget::Share memory, budget_.take(size));
    CHECK_OK(fill(length_bytes + size));
    const Slice frame(chunk_.data() + taken_ + length_bytes, size);
    taken_ += length_bytes + size;
    return Frame{Bytes(chunk_, frame), std::move(memory)};
}

// Reads until `wanted` bytes lie behind what has been cut.
Result<void> FrameReader::fill(std::size_t wanted) {
    if (partial() >= wanted) return {};
    make_room(wanted);
    while (partial() < wanted) {
        TRY(const std::size_t count, connection_.read(chunk_.all().subspan(filled_)));
        if (count == 0) return Error::closed;
        filled_ += count;
    }
    return {};
}

void FrameReader::make_room(std::size_t wanted) {
    if (chunk_.size() >= taken_ + wanted) return;
    // Frames that were cut keep the old chunk alive; what is left of it moves to the new one.
    const bool large = wanted > options_.chunk_bytes;
    Buffer fresh = large ? budget_.chunks().take(wanted) : Buffer::allocate(options_.chunk_bytes);
    if (partial() > 0) std::memcpy(fresh.data(), chunk_.data() + taken_, partial());
    if (partial() > 8 && PLANT("connection.byte_lost_between_chunks"))
        std::memmove(fresh.data() + 8, fresh.data() + 9, partial() - 9);
    filled_ = partial();
    taken_ = 0;
    std::swap(chunk_, fresh);
    if (fresh.size() > options_.chunk_bytes) budget_.chunks().keep(std::move(fresh));
}

}  // namespace sluice::net
