#include "cmd/sluice/journal_shelf.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/crc32c.h"
#include "storage/log/pages.h"

namespace sluice::cmd {
namespace {

Slice bytes_of(const JournalRecord& record, const storage::JournalEntry& entry) {
    return record.bytes.subspan(entry.at, entry.size);
}

std::optional<JournalRecord> record_at(Slice file, std::size_t position) {
    const Slice here = file.subspan(position);
    auto head = storage::parse_journal_head(here);
    if (!head || head->record_bytes > here.size()) return std::nullopt;
    JournalRecord record{position, std::move(*head), here.first(head->record_bytes)};
    for (const storage::JournalEntry& entry : record.head.entries)
        if (crc32c(bytes_of(record, entry)) != entry.crc) return std::nullopt;
    return record;
}

}  // namespace

std::vector<JournalRecord> journal_records_in(Slice file) {
    std::vector<JournalRecord> records;
    std::size_t position = 0;
    while (position + storage::page_bytes <= file.size()) {
        auto record = record_at(file, position);
        position += record ? record->bytes.size() : storage::page_bytes;
        if (record) records.push_back(std::move(*record));
    }
    return records;
}

Result<JournalShelf, std::string> JournalShelf::of(const std::vector<std::string>& paths) {
    JournalShelf shelf;
    for (const std::string& path : paths) {
        TRY(MappedFile file, MappedFile::open(path));
        shelf.files_.push_back(std::move(file));
        for (JournalRecord& record : journal_records_in(shelf.files_.back().bytes())) {
            const std::uint64_t number = record.head.sequence;
            shelf.journals_[record.head.journal][number] = std::move(record);
        }
    }
    return shelf;
}

JournalShelf::Segments JournalShelf::segments_of(const std::string& log,
                                                 const std::optional<TopicId>& topic) const {
    Segments segments;
    for (const auto& [id, records] : journals_) {
        const std::uint64_t needed = std::prev(records.end())->second.head.oldest_needed;
        for (auto each = records.lower_bound(needed); each != records.end(); ++each)
            for (const storage::JournalEntry& entry : each->second.head.entries) {
                if (entry.log != log || (topic && entry.topic != *topic)) continue;
                const Slice bytes = bytes_of(each->second, entry);
                // A broker that runs has written over it since: its segment has it now.
                if (crc32c(bytes) != entry.crc) continue;
                segments[entry.segment].push_back({entry.position, entry.next, bytes});
            }
    }
    for (auto& [base, pieces] : segments) std::ranges::sort(pieces, {}, &Piece::position);
    return segments;
}

std::vector<std::string> JournalShelf::lost_records() const {
    std::vector<std::string> lost;
    for (const auto& [id, records] : journals_) {
        // The newest one says from where on all are needed, and each proves the one before it.
        const auto newest = std::prev(records.end());
        std::uint64_t expected = newest->second.head.oldest_needed;
        for (auto each = records.lower_bound(expected); each != records.end(); ++each) {
            if (each->first != expected)
                lost.push_back(fmt::format("records {} to {} of journal {}", expected,
                                           each->first - 1, id.text()));
            expected = each->first + 1;
        }
    }
    return lost;
}

}  // namespace sluice::cmd
