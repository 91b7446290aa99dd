#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/random.h"
#include "sim/block.h"

namespace sluice::sim {

// How much of what was not synced a power cut leaves behind: 0 nothing, 100 all; between, every
// block, size and name is drawn for itself, and blocks may be torn as well.
struct PowerCut {
    std::uint32_t keep_unsynced_percent = 50;
    Random random{0};
};

// One file of a simulated disk: what the page cache shows, and what the platter holds.
//
// After a power cut an unsynced block is new, old (zeros where it never was synced), some earlier
// unsynced version, or a mix of old and new sectors; sectors themselves are never torn, and bytes
// that were synced once and not written since are always there. The size is the old, the new or one
// between. Truncations are journaled in order with growth: when one is lost, everything behind it
// stands as it did.
class FileImage {
public:
    FileImage() = default;
    FileImage(const FileImage& other) { *this = other; }
    FileImage(FileImage&&) noexcept = default;
    FileImage& operator=(const FileImage& other);
    FileImage& operator=(FileImage&&) noexcept = default;
    ~FileImage() = default;

    std::uint64_t size() const { return size_; }
    std::uint64_t allocated_blocks() const { return allocated_; }
    // How many blocks writing there would add.
    std::uint64_t new_blocks(std::uint64_t offset, std::uint64_t bytes) const;

    // Bytes within the size only.
    void read(std::uint64_t offset, MutableSlice into) const;
    // With `keep_between` a version that is overwritten unsynced may surface after a power cut.
    void write(std::uint64_t offset, Slice bytes, bool keep_between);
    void truncate(std::uint64_t size);

    // What a sync that begins now would make durable.
    struct Ticket {
        struct Entry {
            std::uint64_t block;
            std::uint32_t version;
            Block content;
        };
        std::uint32_t change = 0;
        std::uint64_t size = 0;
        std::vector<Entry> entries;
    };
    Ticket begin_sync() const;
    // The same of the blocks there only; the size goes with them.
    Ticket begin_sync(std::uint64_t offset, std::uint64_t bytes) const;
    void end_sync(const Ticket& ticket);
    // A sync that failed: some blocks made it; the others are clean from now on, so that no later
    // sync writes them. `drops` them from the cache as well, or leaves them readable.
    void fail_sync(const Ticket& ticket, bool drops, Random& random);
    // Memory pressure: blocks that are clean but never reached the platter are read from there.
    void evict(std::uint64_t offset, std::uint64_t bytes);

    bool has_unsynced() const;
    FileImage after_power_cut(PowerCut& cut) const;

    // A block of a sync that never reached its place: clean from now on, and not written.
    void forget(const Ticket::Entry& entry);
    // A block that another's content was written over.
    void misplace(std::uint64_t block, const Block& content);

    // Damage at rest, to a block that is clean and within the size.
    bool is_clean(std::uint64_t block) const;
    void flip_bit(std::uint64_t block, std::size_t bit);
    void set_unreadable(std::uint64_t block);
    bool is_unreadable(std::uint64_t offset, std::uint64_t bytes) const;
    std::uint64_t blocks_in_size() const { return (size_ + block_bytes - 1) / block_bytes; }

private:
    struct Cell {
        Block cached;   // What reads see,
        Block durable;  // what the platter holds,
        Block between;  // and perhaps a version that was written and overwritten unsynced.
        std::uint32_t version = 0;  // The change that wrote `cached`,
        std::uint32_t durable_version = 0;
        bool dirty = false;
        bool has_between = false;
        bool allocated = false;
        bool unreadable = false;
    };
    static constexpr std::uint64_t cells_per_chunk = 8;
    using Chunk = std::array<Cell, cells_per_chunk>;
    struct Truncation {
        std::uint32_t change;
        std::uint64_t size;
    };

    Cell& cell(std::uint64_t block);
    const Cell* find(std::uint64_t block) const;
    Cell* find(std::uint64_t block);
    template <class Visit>
    void each_cell(Visit visit) const;
    void settle(const Ticket& ticket);
    void mark_dirty(std::uint64_t block, Cell& cell);
    void mark_clean(Cell& cell);
    void forget_clean();
    static Block survivor(const Cell& cell, const Block& older, PowerCut& cut);
    std::uint64_t surviving_size(bool truncated, std::uint64_t cut_at, PowerCut& cut) const;

    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::uint64_t size_ = 0;
    std::uint64_t durable_size_ = 0;
    std::uint32_t durable_size_change_ = 0;
    std::uint32_t changes_ = 0;
    std::uint64_t allocated_ = 0;
    std::vector<Truncation> truncations_;  // Not durable yet.
    std::vector<std::uint64_t> dirty_;     // The blocks whose cells are.
};

}  // namespace sluice::sim
