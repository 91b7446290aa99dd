#include "storage/log/journal_scan.h"

#include <algorithm>

#include "core/base/crc32c.h"
#include "core/base/probe.h"
#include "storage/log/file_io.h"
#include "storage/log/pages.h"

namespace sluice::storage {
namespace {

// Reading a larger record takes longer than asking the disk for what is behind it.
constexpr std::size_t passed_over_bytes = 128 << 10;
constexpr std::size_t head_read_bytes = 16 << 10;

bool is_sound(const JournalHead& head, Slice record) {
    if (PLANT("journal.torn_record_replayed")) return true;
    return std::ranges::all_of(head.entries, [&](const JournalEntry& entry) {
        return crc32c(record.subspan(entry.at, entry.size)) == entry.crc;
    });
}

}  // namespace

Result<std::optional<JournalScan::Found>> JournalScan::next() {
    while (position_ + page_bytes <= size_) {
        const std::uint64_t position = position_;
        TRY(auto head, head_at(position, passed_over_ ? head_read_bytes : read_bytes_));
        position_ += head ? head->record_bytes : page_bytes;
        passed_over_ = head && head->record_bytes >= passed_over_bytes;
        if (head) return std::optional(Found{position, std::move(*head)});
    }
    return std::optional<Found>();
}

Result<std::optional<JournalScan::Record>> JournalScan::read(std::uint64_t position) {
    TRY(auto head, head_at(position, read_bytes_));
    if (!head) return std::optional<Record>();
    TRY(const Slice record, bytes_at(position, head->record_bytes, read_bytes_));
    if (!is_sound(*head, record)) return std::optional<Record>();
    return std::optional(Record{std::move(*head), record});
}

Result<std::optional<JournalHead>> JournalScan::head_at(std::uint64_t position, std::size_t ahead) {
    TRY(const Slice page, bytes_at(position, page_bytes, ahead));
    const auto head_bytes = journal_head_bytes(page);
    if (!head_bytes || *head_bytes > size_ - position) return std::optional<JournalHead>();
    TRY(const Slice bytes, bytes_at(position, *head_bytes, ahead));
    auto head = parse_journal_head(bytes);
    if (head && head->record_bytes > size_ - position) head.reset();
    return head;
}

// With what follows, if it must be read: `ahead` bytes in all.
Result<Slice> JournalScan::bytes_at(std::uint64_t position, std::size_t size, std::size_t ahead) {
    const bool is_there = buffer_.size() > 0 && position >= buffer_begin_ &&
                          position + size <= buffer_begin_ + buffer_filled_;
    if (!is_there) {
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(page_ceil(std::max(size, ahead)), size_ - position));
        if (buffer_.size() < wanted) buffer_ = Buffer::allocate(page_ceil(wanted), page_bytes);
        buffer_begin_ = position;
        TRY(buffer_filled_, read_fully(file_, position, buffer_.all().first(wanted)));
        if (buffer_filled_ < size) return Error::io;
    }
    return Slice(buffer_.data() + (position - buffer_begin_), size);
}

}  // namespace sluice::storage
