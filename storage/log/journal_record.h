#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/base/uuid.h"

namespace sluice::storage {

// One commit of a journal on disk: a head that says what is in it, and the bytes themselves. Begins
// at a page and fills whole ones. docs/formats.md has it with an example. Pure.

// A record never fills more, whatever the options say.
inline constexpr std::size_t journal_record_bytes_max = std::size_t{1} << 30;

// Where some bytes of a log belong: whole batches, of one segment.
struct JournalEntry {
    TopicId topic;
    Offset segment;              // The base offset of the segment,
    std::uint64_t position = 0;  // and where in its file they stand.
    Offset next;                 // The offset behind the last batch.
    std::uint32_t size = 0;
    std::uint32_t at = 0;  // Where they begin in the record.
    std::uint32_t crc = 0;
    std::string log;  // Its name.

    friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

// What stands before the batches of a record; docs/formats.md has it byte by byte.
struct JournalHead {
    Uuid journal;                // Of one shard's journal in one life of a process.
    std::uint64_t sequence = 0;  // Counts its records. It proves that the one before was durable.
    // Of the oldest record that may hold something the segments do not have.
    std::uint64_t oldest_needed = 0;
    std::uint32_t record_bytes = 0;  // All of it, in whole pages.
    std::vector<JournalEntry> entries = {};

    friend bool operator==(const JournalHead&, const JournalHead&) = default;
};

// How large a head with such entries is, before its name.
inline constexpr std::size_t journal_head_fixed_bytes = 56;
inline constexpr std::size_t journal_entry_fixed_bytes = 54;
std::size_t journal_entry_bytes(std::string_view log);

// Writes the head at the begin of `into`, which has room for it, and returns its size.
std::size_t encode_journal_head(const JournalHead& head, MutableSlice into);

// How large the head is that begins here; nothing when none does.
std::optional<std::size_t> journal_head_bytes(Slice bytes);
// The head that begins here, all of it in `bytes`; nothing when it is damaged. What its entries
// point to is within the record.
std::optional<JournalHead> parse_journal_head(Slice bytes);

}  // namespace sluice::storage
