#pragma once

#include <optional>

#include "core/env/disk.h"
#include "storage/log/journal_record.h"

namespace sluice::storage {

// Finds the records in a journal file, wherever they begin: behind damage there may be others that
// tell what it means. Payload is not looked at before it is read: large records are passed over.
class JournalScan {
public:
    struct Found {
        std::uint64_t position = 0;  // In the file.
        JournalHead head;
    };
    struct Record {
        JournalHead head;
        Slice bytes;  // All of it, valid until the next call.
    };

    // Of a file of `size` bytes, `read_bytes` at a time or what a record takes.
    JournalScan(env::File& file, std::uint64_t size, std::size_t read_bytes)
        : file_(file), size_(size), read_bytes_(read_bytes) {}

    // The next sound head behind the last record; nothing when there is none.
    Result<std::optional<Found>> next();
    // The record there, if it is sound.
    Result<std::optional<Record>> read(std::uint64_t position);
    // Gives its memory back until it is read again.
    void rest() { buffer_ = Buffer(); }

private:
    Result<std::optional<JournalHead>> head_at(std::uint64_t position, std::size_t ahead);
    Result<Slice> bytes_at(std::uint64_t position, std::size_t size, std::size_t ahead);

    env::File& file_;
    const std::uint64_t size_;
    const std::size_t read_bytes_;
    std::uint64_t position_ = 0;  // Where next() goes on,
    bool passed_over_ = false;    // and that is behind a large record.
    Buffer buffer_;
    std::uint64_t buffer_begin_ = 0;  // In the file.
    std::size_t buffer_filled_ = 0;
};

}  // namespace sluice::storage
