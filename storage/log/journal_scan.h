#pragma once

#include <optional>

#include "core/env/disk.h"
#include "storage/log/journal_record.h"

namespace sluice::storage {

// Finds the sound records in a journal file, wherever they begin: behind damage there may be others
// that tell what it means.
class JournalScan {
public:
    struct Found {
        std::uint64_t position = 0;  // In the file.
        JournalHead head;
        Slice record;  // All of it, valid until the next call.
    };

    // Of a file of `size` bytes, `read_bytes` at a time or what a record takes.
    JournalScan(env::File& file, std::uint64_t size, std::size_t read_bytes)
        : file_(file), size_(size), read_bytes_(read_bytes) {}

    // The next one from there on; nothing when there is none.
    Result<std::optional<Found>> next();
    void go_to(std::uint64_t position) { position_ = position; }

private:
    Result<std::optional<Found>> record_here();
    Result<Slice> bytes_here(std::size_t size);

    env::File& file_;
    const std::uint64_t size_;
    const std::size_t read_bytes_;
    std::uint64_t position_ = 0;
    Buffer buffer_;
    std::uint64_t buffer_begin_ = 0;  // In the file.
    std::size_t buffer_filled_ = 0;
};

}  // namespace sluice::storage
