#include "storage/log/journal_scan.h"

#include <algorithm>

#include "core/base/crc32c.h"
#include "core/base/probe.h"
#include "storage/log/file_io.h"
#include "storage/log/pages.h"

namespace sluice::storage {
namespace {

bool is_sound(const JournalHead& head, Slice record) {
    if (PLANT("journal.torn_record_replayed")) return true;
    return std::ranges::all_of(head.entries, [&](const JournalEntry& entry) {
        return crc32c(record.subspan(entry.at, entry.size)) == entry.crc;
    });
}

}  // namespace

Result<std::optional<JournalScan::Found>> JournalScan::next() {
    while (position_ + page_bytes <= size_) {
        TRY(auto found, record_here());
        position_ += found ? found->head.record_bytes : page_bytes;
        if (found) return found;
    }
    return std::optional<Found>();
}

Result<std::optional<JournalScan::Found>> JournalScan::record_here() {
    TRY(const Slice page, bytes_here(page_bytes));
    const auto head_bytes = journal_head_bytes(page);
    if (!head_bytes || *head_bytes > size_ - position_) return std::optional<Found>();
    TRY(const Slice first, bytes_here(*head_bytes));
    auto head = parse_journal_head(first);
    if (!head || head->record_bytes > size_ - position_) return std::optional<Found>();
    TRY(const Slice record, bytes_here(head->record_bytes));
    if (!is_sound(*head, record)) return std::optional<Found>();
    return std::optional(Found{position_, std::move(*head), record});
}

Result<Slice> JournalScan::bytes_here(std::size_t size) {
    const bool is_there =
        position_ >= buffer_begin_ && position_ + size <= buffer_begin_ + buffer_filled_;
    if (!is_there) {
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(page_ceil(std::max(size, read_bytes_)), size_ - position_));
        if (buffer_.size() < wanted) buffer_ = Buffer::allocate(page_ceil(wanted), page_bytes);
        buffer_begin_ = position_;
        TRY(buffer_filled_, read_fully(file_, position_, buffer_.all().first(wanted)));
        if (buffer_filled_ < size) return Error::io;
    }
    return Slice(buffer_.data() + (position_ - buffer_begin_), size);
}

}  // namespace sluice::storage
