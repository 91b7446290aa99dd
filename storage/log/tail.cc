#include "storage/log/tail.h"

#include <algorithm>
#include <cstring>

#include "core/base/probe.h"
#include "core/protocol/record_batch.h"

namespace sluice::storage {
namespace {

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
    Block& block = room_for(batch.size(), segment, position, now);
    if (block.empty()) block.first = place.base;
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

Tail::Block& Tail::room_for(std::size_t size, Offset segment, std::uint64_t position, Time now) {
    if (!blocks_.empty()) {
        Block& last = blocks_.back();
        if (last.segment == segment && last.buffer.size() - last.filled >= size) return last;
    }
    block_bytes_ = next_block_bytes(now);
    Block block;
    block.lead = block.filled = position % page_bytes;
    block.buffer = budget_.pages_.take(std::max(block_bytes_, block.lead + size));
    block.segment = segment;
    block.position = position - block.lead;
    block.begin = added_;
    block.made = now;
    block.age = budget_.added(*this, block.buffer.size());
    const bool follows = !blocks_.empty() && blocks_.back().segment == segment;
    block.lead_is_here = block.lead == 0;
    if (follows) share_page(block, blocks_.back());
    if (!block.lead_is_here) std::memset(block.buffer.data(), 0, block.lead);
    blocks_.push_back(std::move(block));
    budget_.trim();
    return blocks_.back();
}

void Tail::share_page(Block& block, const Block& before) {
    ASSERT(before.position + before.filled == block.position + block.lead);
    const std::size_t from = before.filled - block.lead;
    block.lead_is_here = before.lead_is_here || from >= before.lead;
    if (block.lead_is_here)
        std::memcpy(block.buffer.data(), before.buffer.data() + from, block.lead);
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
    return {first.first, first.segment, first.position + first.lead};
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
    for (; block != blocks_.data() + blocks_.size(); ++block) {
        if (block->first > range.from) at = block->lead;
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
                const bool at_end = batch.base_offset() == range.before;
                if (batch.base_offset() >= range.before &&
                    !(at_end && PLANT("log.tail_gives_one_batch_more")))
                    break;
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

Tail::Chunk Tail::pending(const Want& want) const {
    Chunk chunk;
    chunk.mark = written_;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        const Block& block = blocks_[i];
        if (block.end() <= written_) continue;
        if (chunk.size > 0 && block.segment != chunk.segment) break;
        if ((chunk.position + chunk.size) % page_bytes != 0) break;
        if (chunk.size >= want.bytes_max || chunk.pieces.size() >= options_.write_pieces_max) break;
        const std::size_t end =
            end_in(block, i + 1 < blocks_.size() ? &blocks_[i + 1] : nullptr, want);
        if (end <= block.at(chunk.mark)) continue;
        std::size_t from = block.at(chunk.mark);
        if (block.lead_is_here || page_floor(from) >= block.lead) from = page_floor(from);
        if (chunk.size == 0) {
            chunk.segment = block.segment;
            chunk.position = block.position + from;
        }
        ASSERT(block.position + from == chunk.position + chunk.size);
        chunk.pieces.push_back(Slice(block.buffer.data() + from, end - from));
        chunk.size += end - from;
        chunk.mark = block.begin + (end - block.lead);
    }
    for (const Block& block : blocks_)
        if (!block.empty() && block.end() <= chunk.mark) chunk.end = block.next;
    return chunk;
}

// How far to write of a block: not its last page when that is not full yet or the next block has
// all of it.
std::size_t Tail::end_in(const Block& block, const Block* follower, const Want& want) const {
    const std::uint64_t limit = want.everything ? added_ : secured_;
    const std::size_t end = block.at(std::min(limit, block.end()));
    const bool shares =
        follower != nullptr && follower->segment == block.segment && follower->lead_is_here;
    if (follower != nullptr && !shares && limit >= block.end()) return end;
    if (follower == nullptr && want.everything) return end;
    return page_floor(end);
}

template <class Move>
void Tail::move_marks(Move move) {
    const auto behind = [this] { return secured_ > written_ ? secured_ - written_ : 0; };
    const std::uint64_t before = behind();
    move();
    budget_.written_behind_ += behind() - before;
}

void Tail::written(const Chunk& chunk) {
    ASSERT(chunk.mark <= added_);
    move_marks([&] { written_ = std::max(written_, chunk.mark); });
    budget_.trim();
}

void Tail::secured(std::uint64_t mark) {
    ASSERT(mark <= added_);
    move_marks([&] { secured_ = std::max(secured_, mark); });
}

std::vector<Tail::Piece> Tail::unsecured(std::size_t bytes_max) {
    std::vector<Piece> pieces;
    std::size_t bytes = 0;
    std::uint64_t mark = secured_;
    for (Block& block : blocks_) {
        if (bytes >= bytes_max) break;
        if (block.end() <= mark) continue;
        if (block.begin > mark) return {};
        const std::size_t at = block.at(mark);
        // The rest of its last page is written with it, whatever that is by then.
        const MutableSlice rest = block.buffer.all().subspan(block.filled);
        std::ranges::fill(rest.first(page_ceil(block.filled) - block.filled), std::uint8_t{0});
        pieces.push_back({.segment = block.segment,
                          .position = block.position + at,
                          .next = block.next,
                          .buffer = block.buffer,
                          .at = at,
                          .size = block.filled - at});
        bytes += block.filled - at;
        mark = block.end();
    }
    return pieces;
}

bool Tail::drop_first() {
    ASSERT(!blocks_.empty());
    Block& first = blocks_.front();
    // A block without a batch was made just now and is about to get one.
    if (first.empty() || first.end() > written_) return false;
    drop(first);
    blocks_.erase(blocks_.begin());
    return true;
}

void Tail::drop(Block& block) {
    budget_.removed(block.age, block.buffer.size());
    block.buffer = {};
}

void Tail::evict() {
    while (!blocks_.empty() && blocks_.front().end() <= written_) {
        drop(blocks_.front());
        blocks_.erase(blocks_.begin());
    }
    if (blocks_.empty()) blocks_.shrink_to_fit();
}

void Tail::clear() {
    for (Block& block : blocks_) drop(block);
    blocks_.clear();
    move_marks([this] { written_ = secured_ = added_; });
}

}  // namespace sluice::storage
