// Feeds the files that only this broker writes to their parsers: journals, and what is known of the
// logs. The first byte chooses. A fuzzer would never find a checksum, so each input is read once as
// it is and once with checksums that match.

#include <algorithm>
#include <cstdint>

#include "core/base/assert.h"
#include "core/base/crc32c.h"
#include "core/base/endian.h"
#include "storage/log/journal_scan.h"
#include "storage/log/log_summary.h"
#include "storage/log/pages.h"
#include "storage/log/summaries_file.h"

using namespace sluice;
using namespace sluice::storage;

namespace {

constexpr std::size_t producers_max = 1000;

class FileInMemory final : public env::File {
public:
    explicit FileInMemory(Slice bytes) : bytes_(bytes) {}

    Result<std::size_t> read(std::uint64_t offset, MutableSlice into) override {
        if (offset >= bytes_.size()) return std::size_t{0};
        const Slice rest = bytes_.subspan(offset);
        const std::size_t size = std::min(rest.size(), into.size());
        std::copy_n(rest.begin(), size, into.begin());
        return size;
    }
    Result<std::uint64_t> size() override { return bytes_.size(); }
    Result<std::size_t> write(std::uint64_t, std::span<const Slice>) override { return Error::io; }
    Result<std::size_t> write_durable(std::uint64_t, std::span<const Slice>) override {
        return Error::io;
    }
    Result<void> sync() override { return Error::io; }
    Result<void> truncate(std::uint64_t) override { return Error::io; }

private:
    const Slice bytes_;
};

void check_head(const JournalHead& head, Slice from) {
    std::size_t size = journal_head_fixed_bytes;
    for (const JournalEntry& entry : head.entries) {
        ASSERT(std::uint64_t{entry.at} + entry.size <= head.record_bytes);
        size += journal_entry_bytes(entry.log);
    }
    std::vector<std::uint8_t> written(size);
    ASSERT(encode_journal_head(head, written) == size);
    ASSERT(std::ranges::equal(written, from.first(size)));
}

// How many records are whole. However much is read at a time, the same are found.
std::size_t count_records(Slice bytes, std::size_t read_bytes) {
    FileInMemory file(bytes);
    JournalScan scan(file, bytes.size(), read_bytes);
    std::vector<std::uint64_t> positions;
    std::uint64_t behind = 0;
    for (;;) {
        const auto found = scan.next();
        ASSERT(found);
        if (!*found) break;
        const auto& [position, head] = **found;
        ASSERT(position >= behind && position % page_bytes == 0);
        behind = position + head.record_bytes;
        ASSERT(behind <= bytes.size());
        check_head(head, bytes.subspan(position));
        positions.push_back(position);
    }
    std::size_t whole = 0;
    for (const std::uint64_t position : positions) {
        const auto record = scan.read(position);
        ASSERT(record);
        if (!*record) continue;
        ASSERT((*record)->bytes.size() == (*record)->head.record_bytes);
        for (const JournalEntry& entry : (*record)->head.entries)
            ASSERT(crc32c((*record)->bytes.subspan(entry.at, entry.size)) == entry.crc);
        ++whole;
    }
    return whole;
}

void check_journal(Slice bytes) {
    const std::size_t whole = count_records(bytes, page_bytes);
    ASSERT(count_records(bytes, 16 * page_bytes) == whole);
}

// Gives every head a checksum that matches, and every entry that is within its record one as well.
void mend_journal(MutableSlice bytes) {
    constexpr std::size_t crc_at = journal_head_fixed_bytes - sizeof(std::uint32_t);
    for (std::size_t at = 0; at < bytes.size(); at += page_bytes) {
        const MutableSlice rest = bytes.subspan(at);
        const auto size = journal_head_bytes(rest);
        if (!size || *size > rest.size()) continue;
        const auto checksum =
            crc32c(rest.first(*size).subspan(journal_head_fixed_bytes), crc32c(rest.first(crc_at)));
        store_big(rest.data() + crc_at, checksum);
        auto head = parse_journal_head(rest);
        if (!head || head->record_bytes > rest.size()) continue;
        for (JournalEntry& entry : head->entries)
            entry.crc = crc32c(rest.subspan(entry.at, entry.size));
        encode_journal_head(*head, rest);
    }
}

void check_summary(Slice bytes) {
    const auto summary = LogSummary::parse(bytes, producers_max);
    if (!summary) return;
    const Bytes written = summary_bytes(*summary);
    const auto again = LogSummary::parse(written.view(), producers_max);
    ASSERT(again && summary_bytes(*again) == written);
}

void check_summaries(const Bytes& file) {
    const auto logs = parse_summaries(file);
    if (!logs) return;
    ASSERT(parse_summaries(Bytes::copy_of(Slice(summaries_bytes(*logs)))) == logs);
    for (const auto& [name, log] : *logs) check_summary(log.summary.view());
}

// The checksum stands behind the magic and covers what is behind it.
void mend_summaries(MutableSlice bytes) {
    constexpr std::size_t crc_at = 8;
    constexpr std::size_t covered_at = crc_at + sizeof(std::uint32_t);
    if (bytes.size() >= covered_at)
        store_big(bytes.data() + crc_at, crc32c(bytes.subspan(covered_at)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    Buffer bytes = Buffer::copy_of(Slice(data + 1, size - 1));
    switch (data[0] % 3) {
        case 0:
            check_journal(bytes.all());
            mend_journal(bytes.all());
            check_journal(bytes.all());
            break;
        case 1:
            check_summaries(Bytes(bytes));
            mend_summaries(bytes.all());
            check_summaries(Bytes(bytes));
            break;
        default:
            check_summary(bytes.all());
    }
    return 0;
}
