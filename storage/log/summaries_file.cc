#include "storage/log/summaries_file.h"

#include <algorithm>
#include <array>

#include "core/base/assert.h"
#include "core/base/crc32c.h"
#include "core/base/endian.h"

namespace sluice::storage {
namespace {

constexpr std::string_view magic = "sluiceS2";
// Without what is outdated in journals.
constexpr std::string_view older_magic = "sluiceS1";
static_assert(magic.size() == older_magic.size());
constexpr std::size_t crc_at = magic.size();
constexpr std::size_t count_at = crc_at + sizeof(std::uint32_t);
constexpr std::size_t logs_at = count_at + sizeof(std::uint32_t);

// Where the parts of one log's entry begin. Its name, its marks and its summary follow.
constexpr std::size_t topic_at = 0;
constexpr std::size_t end_at = topic_at + 16;
constexpr std::size_t segment_at = end_at + sizeof(std::int64_t);
constexpr std::size_t start_at = segment_at + sizeof(std::int64_t);
constexpr std::size_t name_bytes_at = start_at + sizeof(std::int64_t);
constexpr std::size_t summary_bytes_at = name_bytes_at + sizeof(std::uint16_t);
constexpr std::size_t marks_at = summary_bytes_at + sizeof(std::uint32_t);
constexpr std::size_t older_entry_bytes = marks_at;
constexpr std::size_t entry_bytes = marks_at + sizeof(std::uint16_t);
static_assert(entry_bytes == 48);
// A journal and a sequence number.
constexpr std::size_t mark_bytes = 16 + sizeof(std::uint64_t);

void put_log(std::vector<std::uint8_t>& file, const std::string& name, const KnownLog& log) {
    std::array<std::uint8_t, entry_bytes> entry;
    std::ranges::copy(log.synced.topic.bytes, entry.data() + topic_at);
    store_big(entry.data() + end_at, log.synced.end.value);
    store_big(entry.data() + segment_at, log.synced.segment.value);
    store_big(entry.data() + start_at, log.synced.start.value);
    store_big(entry.data() + name_bytes_at, static_cast<std::uint16_t>(name.size()));
    store_big(entry.data() + summary_bytes_at, static_cast<std::uint32_t>(log.summary.size()));
    store_big(entry.data() + marks_at, static_cast<std::uint16_t>(log.outdated.size()));
    file.insert(file.end(), entry.begin(), entry.end());
    file.insert(file.end(), name.begin(), name.end());
    for (const broker::JournalMark& mark : log.outdated) {
        std::array<std::uint8_t, mark_bytes> bytes;
        std::ranges::copy(mark.journal.bytes, bytes.data());
        store_big(bytes.data() + mark.journal.bytes.size(), mark.sequence);
        file.insert(file.end(), bytes.begin(), bytes.end());
    }
    file.insert(file.end(), log.summary.data(), log.summary.data() + log.summary.size());
}

std::vector<broker::JournalMark> take_marks(Slice bytes) {
    std::vector<broker::JournalMark> marks;
    for (std::size_t at = 0; at < bytes.size(); at += mark_bytes) {
        broker::JournalMark mark;
        std::copy_n(bytes.data() + at, mark.journal.bytes.size(), mark.journal.bytes.begin());
        mark.sequence = load_big<std::uint64_t>(bytes.data() + at + mark.journal.bytes.size());
        marks.push_back(mark);
    }
    return marks;
}

}  // namespace

std::vector<std::uint8_t> summaries_bytes(const KnownLogs& logs) {
    std::size_t size = logs_at;
    for (const auto& [name, log] : logs) {
        ASSERT(log.outdated.size() <= UINT16_MAX);
        size += entry_bytes + name.size() + log.outdated.size() * mark_bytes + log.summary.size();
    }
    std::vector<std::uint8_t> file;
    file.reserve(size);
    file.assign(magic.begin(), magic.end());
    file.resize(logs_at);
    for (const auto& [name, log] : logs) put_log(file, name, log);
    store_big(file.data() + count_at, static_cast<std::uint32_t>(logs.size()));
    store_big(file.data() + crc_at, crc32c(Slice(file).subspan(count_at)));
    return file;
}

std::optional<KnownLogs> parse_summaries(const Bytes& file) {
    const Slice all = file.view();
    if (all.size() < logs_at) return std::nullopt;
    const bool is_older = as_text(all.first(magic.size())) == older_magic;
    if (!is_older && as_text(all.first(magic.size())) != magic) return std::nullopt;
    const std::size_t fixed_bytes = is_older ? older_entry_bytes : entry_bytes;
    if (load_big<std::uint32_t>(all.data() + crc_at) != crc32c(all.subspan(count_at)))
        return std::nullopt;
    KnownLogs logs;
    std::size_t at = logs_at;
    while (at < all.size()) {
        if (all.size() - at < fixed_bytes) return std::nullopt;
        const std::uint8_t* const entry = all.data() + at;
        const std::size_t name_bytes = load_big<std::uint16_t>(entry + name_bytes_at);
        const std::size_t summary_bytes = load_big<std::uint32_t>(entry + summary_bytes_at);
        const std::size_t marks =
            is_older ? 0 : load_big<std::uint16_t>(entry + marks_at) * mark_bytes;
        at += fixed_bytes;
        if (all.size() - at < name_bytes + marks + summary_bytes) return std::nullopt;
        KnownLog log;
        std::copy_n(entry + topic_at, log.synced.topic.bytes.size(),
                    log.synced.topic.bytes.begin());
        log.synced.end = Offset(load_big<std::int64_t>(entry + end_at));
        log.synced.segment = Offset(load_big<std::int64_t>(entry + segment_at));
        log.synced.start = Offset(load_big<std::int64_t>(entry + start_at));
        log.outdated = take_marks(all.subspan(at + name_bytes, marks));
        log.summary = file.slice(at + name_bytes + marks, summary_bytes);
        logs.emplace(as_text(all.subspan(at, name_bytes)), std::move(log));
        at += name_bytes + marks + summary_bytes;
    }
    if (logs.size() != load_big<std::uint32_t>(all.data() + count_at)) return std::nullopt;
    return logs;
}

}  // namespace sluice::storage
