#include "net/kafka/frame_reader.h"

#include <algorithm>
#include <cstring>

#include "core/base/endian.h"
#include "core/base/probe.h"

namespace sluice::net {

namespace {

constexpr std::size_t length_bytes = 4;
// Whatever a frame says it will be, there is only room for so many times what has come of it.
constexpr std::size_t growth = 4;

}  // namespace

Result<FrameReader::Frame> FrameReader::next() {
    CHECK_OK(fill(length_bytes));
    const auto length = load_big<std::int32_t>(chunk_.data() + taken_);
    if (length < 0 || static_cast<std::size_t>(length) > options_.frame_bytes_max) {
        bad_length_ = length;
        return Error::invalid;
    }
    const auto size = static_cast<std::size_t>(length);
    MemoryBudget::Share memory(budget_, size);
    for (std::size_t room = 0; partial() < length_bytes + size;) {
        room = std::min(size, std::max({options_.chunk_bytes, largest_, growth * partial()}));
        // Every connection has one chunk anyway.
        if (room > options_.chunk_bytes) CHECK_OK(charge(memory, room));
        CHECK_OK(fill(length_bytes + room));
    }
    CHECK_OK(charge(memory, size));
    largest_ = std::max(largest_, size);
    const Slice frame(chunk_.data() + taken_ + length_bytes, size);
    taken_ += length_bytes + size;
    Frame result{Bytes(chunk_, frame), std::move(memory)};
    // Not kept for a client that sends no more.
    if (partial() == 0 && chunk_.size() > options_.chunk_bytes) {
        chunk_ = {};
        taken_ = filled_ = 0;
    }
    return result;
}

Result<void> FrameReader::charge(MemoryBudget::Share& memory, std::size_t bytes) {
    waits_for_memory_ = true;
    const auto charged = budget_.extend(memory, bytes);
    waits_for_memory_ = false;
    return charged;
}

// Reads until `wanted` bytes lie behind what has been cut.
Result<void> FrameReader::fill(std::size_t wanted) {
    if (partial() >= wanted) return {};
    make_room(wanted);
    const bool large = chunk_.size() > options_.chunk_bytes;
    const std::size_t end = large ? taken_ + wanted : chunk_.size();
    while (partial() < wanted) {
        connection_.expect(large ? wanted - partial() : 0);
        TRY(const std::size_t count,
            connection_.read(chunk_.all().subspan(filled_, end - filled_)));
        if (count == 0) return Error::closed;
        filled_ += count;
    }
    return {};
}

void FrameReader::make_room(std::size_t wanted) {
    if (chunk_.size() >= taken_ + wanted) return;
    // Frames that were cut keep the old chunk alive; what is left of it moves to the new one.
    const bool large = wanted > options_.chunk_bytes;
    Buffer fresh = large ? pages_.take(wanted) : Buffer::allocate(options_.chunk_bytes);
    if (partial() > 0) std::memcpy(fresh.data(), chunk_.data() + taken_, partial());
    if (partial() > 8 && PLANT("connection.byte_lost_between_chunks"))
        std::memmove(fresh.data() + 8, fresh.data() + 9, partial() - 9);
    filled_ = partial();
    taken_ = 0;
    chunk_ = std::move(fresh);
}

}  // namespace sluice::net
