#include "storage/log/journal_record.h"

#include <algorithm>
#include <array>

#include "core/base/crc32c.h"
#include "core/base/endian.h"
#include "storage/log/pages.h"

namespace sluice::storage {
namespace {

constexpr std::array<std::uint8_t, 8> magic{'s', 'l', 'u', 'i', 'c', 'e', 'J', '1'};

// Of the head.
namespace at {
constexpr std::size_t journal = 8;
constexpr std::size_t sequence = 24;
constexpr std::size_t oldest_needed = 32;
constexpr std::size_t record_bytes = 40;
constexpr std::size_t head_bytes = 44;
constexpr std::size_t entry_count = 48;
constexpr std::size_t crc = 52;
}  // namespace at
static_assert(at::crc + sizeof(std::uint32_t) == journal_head_fixed_bytes);

// Of an entry.
namespace of {
constexpr std::size_t segment = 16;
constexpr std::size_t position = 24;
constexpr std::size_t next = 32;
constexpr std::size_t size = 40;
constexpr std::size_t at = 44;
constexpr std::size_t crc = 48;
constexpr std::size_t name_bytes = 52;
}  // namespace of
static_assert(of::name_bytes + sizeof(std::uint16_t) == journal_entry_fixed_bytes);

// The checksum covers all of the head but itself.
std::uint32_t head_crc(Slice head) {
    return crc32c(head.subspan(journal_head_fixed_bytes), crc32c(head.first(at::crc)));
}

void encode_entry(const JournalEntry& entry, std::uint8_t* to) {
    std::ranges::copy(entry.topic.bytes, to);
    store_big(to + of::segment, entry.segment.value);
    store_big(to + of::position, entry.position);
    store_big(to + of::next, entry.next.value);
    store_big(to + of::size, entry.size);
    store_big(to + of::at, entry.at);
    store_big(to + of::crc, entry.crc);
    store_big(to + of::name_bytes, static_cast<std::uint16_t>(entry.log.size()));
    std::ranges::copy(as_slice(entry.log), to + journal_entry_fixed_bytes);
}

std::optional<JournalEntry> parse_entry(Slice bytes) {
    if (bytes.size() < journal_entry_fixed_bytes) return std::nullopt;
    JournalEntry entry;
    const std::uint8_t* from = bytes.data();
    std::copy_n(from, entry.topic.bytes.size(), entry.topic.bytes.begin());
    entry.segment = Offset(load_big<std::int64_t>(from + of::segment));
    entry.position = load_big<std::uint64_t>(from + of::position);
    entry.next = Offset(load_big<std::int64_t>(from + of::next));
    entry.size = load_big<std::uint32_t>(from + of::size);
    entry.at = load_big<std::uint32_t>(from + of::at);
    entry.crc = load_big<std::uint32_t>(from + of::crc);
    const std::size_t name_bytes = load_big<std::uint16_t>(from + of::name_bytes);
    if (name_bytes > bytes.size() - journal_entry_fixed_bytes) return std::nullopt;
    entry.log = as_text(bytes.subspan(journal_entry_fixed_bytes, name_bytes));
    return entry;
}

bool makes_sense(const JournalEntry& entry, const JournalHead& head) {
    return entry.segment >= Offset(0) && entry.next >= entry.segment && entry.size > 0 &&
           std::uint64_t{entry.at} + entry.size <= head.record_bytes;
}

}  // namespace

std::size_t journal_entry_bytes(std::string_view log) {
    return journal_entry_fixed_bytes + log.size();
}

std::size_t encode_journal_head(const JournalHead& head, MutableSlice into) {
    std::size_t size = journal_head_fixed_bytes;
    for (const JournalEntry& entry : head.entries) {
        encode_entry(entry, into.data() + size);
        size += journal_entry_bytes(entry.log);
    }
    std::uint8_t* const to = into.data();
    std::ranges::copy(magic, to);
    std::ranges::copy(head.journal.bytes, to + at::journal);
    store_big(to + at::sequence, head.sequence);
    store_big(to + at::oldest_needed, head.oldest_needed);
    store_big(to + at::record_bytes, head.record_bytes);
    store_big(to + at::head_bytes, static_cast<std::uint32_t>(size));
    store_big(to + at::entry_count, static_cast<std::uint32_t>(head.entries.size()));
    store_big(to + at::crc, head_crc(into.first(size)));
    return size;
}

std::optional<std::size_t> journal_head_bytes(Slice bytes) {
    if (bytes.size() < journal_head_fixed_bytes) return std::nullopt;
    if (!std::ranges::equal(bytes.first(magic.size()), magic)) return std::nullopt;
    const std::size_t size = load_big<std::uint32_t>(bytes.data() + at::head_bytes);
    const std::size_t record = load_big<std::uint32_t>(bytes.data() + at::record_bytes);
    if (size < journal_head_fixed_bytes || size > record) return std::nullopt;
    if (record > journal_record_bytes_max || record % page_bytes != 0) return std::nullopt;
    return size;
}

std::optional<JournalHead> parse_journal_head(Slice bytes) {
    const auto size = journal_head_bytes(bytes);
    if (!size || *size > bytes.size()) return std::nullopt;
    const Slice all = bytes.first(*size);
    if (head_crc(all) != load_big<std::uint32_t>(all.data() + at::crc)) return std::nullopt;
    JournalHead head;
    std::copy_n(all.data() + at::journal, head.journal.bytes.size(), head.journal.bytes.begin());
    head.sequence = load_big<std::uint64_t>(all.data() + at::sequence);
    head.oldest_needed = load_big<std::uint64_t>(all.data() + at::oldest_needed);
    head.record_bytes = load_big<std::uint32_t>(all.data() + at::record_bytes);
    const std::uint32_t count = load_big<std::uint32_t>(all.data() + at::entry_count);
    Slice rest = all.subspan(journal_head_fixed_bytes);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto entry = parse_entry(rest);
        if (!entry || !makes_sense(*entry, head)) return std::nullopt;
        rest = rest.subspan(journal_entry_bytes(entry->log));
        head.entries.push_back(std::move(*entry));
    }
    if (!rest.empty()) return std::nullopt;
    return head;
}

}  // namespace sluice::storage
