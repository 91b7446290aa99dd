#include "storage/log/tail.h"

#include <algorithm>
#include <cstring>

#include "core/protocol/record_batch.h"

namespace sluice::storage {
namespace {

constexpr std::size_t block_alignment = 4096;
constexpr std::size_t mark_interval_bytes = 4096;
// A block that took less time to fill is followed by a larger one, one that took much more by a
// smaller one.
constexpr Duration block_fill_time = milliseconds(500);
// Blocks that wait for a disk, in front of others that could go.
constexpr int trim_misses_max = 64;

protocol::BatchView batch_at(Slice bytes) {
    const auto batch = protocol::first_batch(bytes);
    ASSERT(!batch.failed());
    return *batch;
}

}  // namespace

std::uint64_t TailBudget::added(Tail& tail, std::size_t bytes) {
    bytes_ += bytes;
    by_age_.emplace(++blocks_made_, &tail);
    return blocks_made_;
}

void TailBudget::removed(std::uint64_t age, std::size_t bytes) {
    bytes_ -= bytes;
    by_age_.erase(age);
}

void TailBudget::trim() {
    int misses = 0;
    auto oldest = by_age_.begin();
    while (bytes_ > bytes_max_ && oldest != by_age_.end() && misses < trim_misses_max) {
        Tail& tail = *(oldest++)->second;
        if (!tail.drop_first()) ++misses;
    }
}

MutableSlice Tail::add(Slice batch, const BatchPlace& place, Offset segment, std::uint64_t position,
                       Time now) {
    ASSERT(!batch.empty());
    Block& block = room_for(batch.size(), segment, now);
    if (block.filled == 0) {
        block.first = place.base;
        block.position = position;
    }
    ASSERT(block.position + block.filled == position);
    if (block.marks.empty() || block.filled - block.marks.back().at >= mark_interval_bytes)
        block.marks.push_back({place.base, block.filled});
    const MutableSlice copy = block.buffer.all().subspan(block.filled, batch.size());
    std::memcpy(copy.data(), batch.data(), batch.size());
    block.filled += batch.size();
    block.next = place.next;
    added_ += batch.size();
    return copy;
}

Tail::Block& Tail::room_for(std::size_t size, Offset segment, Time now) {
    if (!blocks_.empty()) {
        Block& last = blocks_.back();
        if (last.segment == segment && last.buffer.size() - last.filled >= size) return last;
    }
    block_bytes_ = next_block_bytes(now);
    Block block;
    block.buffer = Buffer::allocate(std::max(block_bytes_, size), block_alignment);
    block.segment = segment;
    block.begin = added_;
    block.made = now;
    block.age = budget_.added(*this, block.buffer.size());
    blocks_.push_back(std::move(block));
    budget_.trim();
    return blocks_.back();
}

std::size_t Tail::next_block_bytes(Time now) const {
    std::size_t bytes = options_.block_bytes_min;
    if (!blocks_.empty()) {
        const Duration filled_in = now - blocks_.back().made;
        bytes = block_bytes_;
        if (filled_in < block_fill_time) bytes *= 2;
        if (filled_in > 4 * block_fill_time) bytes /= 2;
    }
    return std::clamp(bytes, options_.block_bytes_min, options_.block_bytes_max);
}

Tail::Begin Tail::begin() const {
    ASSERT(!blocks_.empty());
    const Block& first = blocks_.front();
    return {first.first, first.segment, first.position};
}

const Tail::Block& Tail::block_of(Offset offset) const {
    const auto behind = std::ranges::upper_bound(blocks_, offset, {}, &Block::first);
    ASSERT(behind != blocks_.begin());
    return *(behind - 1);
}

std::size_t Tail::find_batch(const Block& block, Offset offset) {
    const auto behind = std::ranges::upper_bound(block.marks, offset, {}, &Mark::base);
    ASSERT(behind != block.marks.begin());
    std::size_t at = (behind - 1)->at;
    const Slice bytes(block.buffer.data(), block.filled);
    for (;;) {
        const auto batch = batch_at(bytes.subspan(at));
        if (batch.next_offset() > offset) return at;
        at += batch.size();
    }
}

broker::LogRead Tail::read(const broker::PartitionLog::ReadRange& range) const {
    broker::LogRead result;
    const Block* block = &block_of(range.from);
    std::size_t at = find_batch(*block, range.from);
    for (; block != blocks_.data() + blocks_.size(); ++block, at = 0) {
        const Slice bytes(block->buffer.data(), block->filled);
        std::size_t end = at;
        // Most reads take all of a block: then only its last batch matters.
        if (block->next <= range.before && result.size + block->filled - at <= range.bytes_max) {
            end = block->filled;
        } else {
            while (end < block->filled) {
                const auto batch = batch_at(bytes.subspan(end));
                const bool fits = result.size + (end - at) + batch.size() <= range.bytes_max;
                const bool first = result.size + (end - at) == 0;
                if (batch.base_offset() >= range.before) break;
                if (!fits && !(first && range.at_least_one)) break;
                end += batch.size();
            }
        }
        if (end > at) {
            result.pieces.emplace_back(block->buffer, bytes.subspan(at, end - at));
            result.size += end - at;
        }
        if (end < block->filled) break;
    }
    return result;
}

Tail::Chunk Tail::pending(std::size_t bytes_max) const {
    Chunk chunk;
    for (const Block& block : blocks_) {
        if (block.begin + block.filled <= written_) continue;
        if (chunk.size > 0 && (block.segment != chunk.segment || chunk.size >= bytes_max)) break;
        if (chunk.pieces.size() >= options_.write_pieces_max) break;
        const std::size_t from = written_ > block.begin ? written_ - block.begin : 0;
        if (chunk.size == 0) {
            chunk.segment = block.segment;
            chunk.position = block.position + from;
        }
        chunk.pieces.push_back(Slice(block.buffer.data() + from, block.filled - from));
        chunk.size += block.filled - from;
        chunk.end = block.next;
    }
    return chunk;
}

void Tail::written(const Chunk& chunk) {
    written_ += chunk.size;
    ASSERT(written_ <= added_);
    budget_.trim();
}

bool Tail::drop_first() {
    ASSERT(!blocks_.empty());
    const Block& first = blocks_.front();
    // A block without a batch was made just now and is about to get one.
    if (first.filled == 0 || first.begin + first.filled > written_) return false;
    budget_.removed(first.age, first.buffer.size());
    blocks_.erase(blocks_.begin());
    return true;
}

void Tail::evict() {
    while (!blocks_.empty() && blocks_.front().begin + blocks_.front().filled <= written_) {
        budget_.removed(blocks_.front().age, blocks_.front().buffer.size());
        blocks_.erase(blocks_.begin());
    }
    if (blocks_.empty()) blocks_.shrink_to_fit();
}

void Tail::clear() {
    for (const Block& block : blocks_) budget_.removed(block.age, block.buffer.size());
    blocks_.clear();
    written_ = added_;
}

}  // namespace sluice::storage
