#include "sim/file_image.h"

#include <algorithm>

namespace sluice::sim {
namespace {

// Of the unsynced blocks in a power cut that tears at all.
constexpr std::uint64_t torn_percent = 20;
constexpr std::uint64_t between_percent = 15;

bool all_zero(Slice bytes) {
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

// Sectors of both: the first ones new, as a write goes, or any.
Block torn(const Block& older, const Block& newer, Random& random) {
    Block mixed = older;
    const bool in_order = random.below(2) == 0;
    const std::uint64_t prefix = random.below(sectors_per_block);
    for (std::size_t sector = 0; sector < sectors_per_block; ++sector)
        if (in_order ? sector < prefix : random.below(2) == 0) mixed.copy_sector(sector, newer);
    return mixed;
}

}  // namespace

FileImage& FileImage::operator=(const FileImage& other) {
    if (this == &other) return *this;
    chunks_.clear();
    for (const auto& chunk : other.chunks_)
        chunks_.push_back(chunk ? std::make_unique<Chunk>(*chunk) : nullptr);
    size_ = other.size_;
    durable_size_ = other.durable_size_;
    durable_size_change_ = other.durable_size_change_;
    changes_ = other.changes_;
    allocated_ = other.allocated_;
    truncations_ = other.truncations_;
    dirty_ = other.dirty_;
    return *this;
}

FileImage::Cell& FileImage::cell(std::uint64_t block) {
    const std::uint64_t index = block / cells_per_chunk;
    if (index >= chunks_.size()) chunks_.resize(index + 1);
    if (!chunks_[index]) chunks_[index] = std::make_unique<Chunk>();
    return (*chunks_[index])[block % cells_per_chunk];
}

const FileImage::Cell* FileImage::find(std::uint64_t block) const {
    const std::uint64_t index = block / cells_per_chunk;
    if (index >= chunks_.size() || !chunks_[index]) return nullptr;
    return &(*chunks_[index])[block % cells_per_chunk];
}

FileImage::Cell* FileImage::find(std::uint64_t block) {
    return const_cast<Cell*>(std::as_const(*this).find(block));
}

template <class Visit>
void FileImage::each_cell(Visit visit) const {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
        if (!chunks_[i]) continue;
        for (std::uint64_t j = 0; j < cells_per_chunk; ++j)
            visit(i * cells_per_chunk + j, (*chunks_[i])[j]);
    }
}

std::uint64_t FileImage::new_blocks(std::uint64_t offset, std::uint64_t bytes) const {
    if (bytes == 0) return 0;
    std::uint64_t count = 0;
    for (std::uint64_t block = offset / block_bytes; block <= (offset + bytes - 1) / block_bytes;
         ++block) {
        const Cell* here = find(block);
        if (!here || !here->allocated) ++count;
    }
    return count;
}

void FileImage::read(std::uint64_t offset, MutableSlice into) const {
    ASSERT(offset + into.size() <= size_);
    while (!into.empty()) {
        const std::size_t within = offset % block_bytes;
        const std::size_t bytes = std::min(into.size(), block_bytes - within);
        const Cell* here = find(offset / block_bytes);
        (here ? here->cached : Block()).read(within, into.first(bytes));
        into = into.subspan(bytes);
        offset += bytes;
    }
}

void FileImage::write(std::uint64_t offset, Slice bytes, bool keep_between) {
    ++changes_;
    while (!bytes.empty()) {
        const std::size_t within = offset % block_bytes;
        const std::size_t count = std::min(bytes.size(), block_bytes - within);
        Cell& here = cell(offset / block_bytes);
        if (keep_between && here.dirty) {
            here.between = here.cached;
            here.has_between = true;
        }
        // Preallocated zeros cost no memory.
        if (count == block_bytes && all_zero(bytes.first(count)))
            here.cached = Block();
        else
            here.cached.write(within, bytes.first(count));
        mark_dirty(offset / block_bytes, here);
        here.unreadable = false;
        if (!here.allocated) ++allocated_;
        here.allocated = true;
        bytes = bytes.subspan(count);
        offset += count;
        size_ = std::max(size_, offset);
    }
}

void FileImage::truncate(std::uint64_t size) {
    ++changes_;
    if (size < size_) {
        truncations_.push_back({changes_, size});
        for (std::uint64_t block = size / block_bytes; block < blocks_in_size(); ++block) {
            Cell* here = find(block);
            if (!here || !here->allocated) continue;
            if (block * block_bytes >= size) {
                here->cached = Block();
                here->allocated = false;
                --allocated_;
            } else {
                here->cached.zero_from(size % block_bytes);
            }
            here->between = Block();
            here->has_between = false;
            mark_dirty(block, *here);
        }
    }
    size_ = size;
}

void FileImage::mark_dirty(std::uint64_t block, Cell& here) {
    here.version = changes_;
    if (!here.dirty) dirty_.push_back(block);
    here.dirty = true;
}

void FileImage::mark_clean(Cell& here) {
    here.dirty = false;
    here.between = Block();
    here.has_between = false;
}

void FileImage::forget_clean() {
    std::erase_if(dirty_, [this](std::uint64_t block) { return !find(block)->dirty; });
}

FileImage::Ticket FileImage::begin_sync() const {
    Ticket ticket{.change = changes_, .size = size_, .entries = {}};
    for (const std::uint64_t block : dirty_) {
        const Cell& here = *find(block);
        ticket.entries.push_back({block, here.version, here.cached});
    }
    return ticket;
}

FileImage::Ticket FileImage::begin_sync(std::uint64_t offset, std::uint64_t bytes) const {
    Ticket ticket = begin_sync();
    std::erase_if(ticket.entries, [&](const Ticket::Entry& entry) {
        return bytes == 0 || (entry.block + 1) * block_bytes <= offset ||
               entry.block * block_bytes >= offset + bytes;
    });
    return ticket;
}

// Sizes and truncations up to the ticket are in the journal.
void FileImage::settle(const Ticket& ticket) {
    // Of two syncs that overlapped, the one that began earlier may end later.
    if (ticket.change < durable_size_change_) return;
    durable_size_ = ticket.size;
    durable_size_change_ = ticket.change;
    std::erase_if(truncations_, [&](const Truncation& t) { return t.change <= ticket.change; });
}

void FileImage::end_sync(const Ticket& ticket) {
    for (const Ticket::Entry& entry : ticket.entries) {
        Cell& here = cell(entry.block);
        if (entry.version < here.durable_version) continue;
        here.durable = entry.content;
        here.durable_version = entry.version;
        if (here.version == entry.version) mark_clean(here);
    }
    forget_clean();
    settle(ticket);
}

void FileImage::fail_sync(const Ticket& ticket, bool drops, Random& random) {
    for (const Ticket::Entry& entry : ticket.entries) {
        Cell& here = cell(entry.block);
        const bool written = random.below(2) == 0;
        if (entry.version < here.durable_version) continue;
        if (written) {
            here.durable = entry.content;
            here.durable_version = entry.version;
        }
        if (here.version != entry.version) continue;
        mark_clean(here);
        if (drops) here.cached = here.durable;
    }
    forget_clean();
}

void FileImage::forget(const Ticket::Entry& entry) {
    Cell& here = cell(entry.block);
    if (here.version == entry.version) mark_clean(here);
    forget_clean();
}

void FileImage::misplace(std::uint64_t block, const Block& content) {
    Cell& here = cell(block);
    here.durable = content;
    here.cached = content;
}

void FileImage::evict(std::uint64_t offset, std::uint64_t bytes) {
    if (bytes == 0) return;
    for (std::uint64_t block = offset / block_bytes; block <= (offset + bytes - 1) / block_bytes;
         ++block) {
        Cell* here = find(block);
        if (here && !here->dirty) here->cached = here->durable;
    }
}

bool FileImage::has_unsynced() const {
    return size_ != durable_size_ || !truncations_.empty() || !dirty_.empty();
}

Block FileImage::survivor(const Cell& here, const Block& older, PowerCut& cut) {
    const std::uint32_t keep = cut.keep_unsynced_percent;
    if (!here.dirty || keep == 0) return older;
    if (keep >= 100) return here.cached;
    const std::uint64_t how = cut.random.below(100);
    if (how < torn_percent) return torn(older, here.cached, cut.random);
    if (how < torn_percent + between_percent && here.has_between)
        return cut.random.below(2) == 0 ? here.between
                                        : torn(here.between, here.cached, cut.random);
    return cut.random.below(100) < keep ? here.cached : older;
}

std::uint64_t FileImage::surviving_size(bool truncated, std::uint64_t cut_at, PowerCut& cut) const {
    const std::uint32_t keep = cut.keep_unsynced_percent;
    const std::uint64_t least = truncated ? std::min(cut_at, durable_size_) : durable_size_;
    if (keep >= 100) return size_;
    if (keep == 0 || size_ <= least) return least;
    if (cut.random.below(100) < keep) return size_;
    // Growth is journaled as blocks are written back.
    const std::uint64_t some = least + cut.random.below(size_ - least + 1);
    const std::uint64_t aligned = some / block_bytes * block_bytes;
    return cut.random.below(2) == 0 ? least : std::max(least, aligned);
}

FileImage FileImage::after_power_cut(PowerCut& cut) const {
    std::uint64_t cut_at = UINT64_MAX;
    for (const Truncation& t : truncations_) cut_at = std::min(cut_at, t.size);
    const bool pending = !truncations_.empty();
    const bool truncated = pending && (cut.keep_unsynced_percent >= 100 ||
                                       cut.random.below(100) < cut.keep_unsynced_percent);
    // What was truncated and perhaps written again stands as it did when the truncation is lost.
    const std::uint64_t old_from = pending && !truncated ? cut_at / block_bytes : UINT64_MAX;

    FileImage after;
    after.size_ = pending && !truncated ? durable_size_ : surviving_size(truncated, cut_at, cut);
    each_cell([&](std::uint64_t block, const Cell& here) {
        Block older = here.durable;
        // Behind a truncation that happened the old content is gone, whatever was written since.
        if (truncated && block * block_bytes >= cut_at)
            older = Block();
        else if (truncated && (block + 1) * block_bytes > cut_at)
            older.zero_from(cut_at % block_bytes);
        Block content = block >= old_from ? older : survivor(here, older, cut);
        if (block * block_bytes >= after.size_) return;
        if (after.size_ - block * block_bytes < block_bytes)
            content.zero_from(after.size_ % block_bytes);
        if (content.is_zero() && !here.allocated) return;
        Cell& kept = after.cell(block);
        kept.cached = content;
        kept.durable = content;
        kept.allocated = true;
        kept.unreadable = here.unreadable;
        ++after.allocated_;
    });
    after.durable_size_ = after.size_;
    return after;
}

bool FileImage::is_clean(std::uint64_t block) const {
    const Cell* here = find(block);
    return here && here->allocated && !here->dirty && here->cached.same(here->durable) &&
           block * block_bytes < std::min(size_, durable_size_);
}

void FileImage::flip_bit(std::uint64_t block, std::size_t bit) {
    Cell& here = cell(block);
    here.cached.flip_bit(bit);
    here.durable = here.cached;
}

void FileImage::set_unreadable(std::uint64_t block) {
    cell(block).unreadable = true;
}

bool FileImage::is_unreadable(std::uint64_t offset, std::uint64_t bytes) const {
    if (bytes == 0) return false;
    for (std::uint64_t block = offset / block_bytes; block <= (offset + bytes - 1) / block_bytes;
         ++block) {
        const Cell* here = find(block);
        if (here && here->unreadable) return true;
    }
    return false;
}

}  // namespace sluice::sim
