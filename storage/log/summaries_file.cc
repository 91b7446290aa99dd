#include "storage/log/summaries_file.h"

#include <algorithm>
#include <array>

#include "core/base/crc32c.h"
#include "core/base/endian.h"

namespace sluice::storage {
namespace {

constexpr std::string_view summaries_magic = "sluiceS1";
constexpr std::size_t summaries_crc_at = summaries_magic.size();
constexpr std::size_t summaries_count_at = summaries_crc_at + sizeof(std::uint32_t);
constexpr std::size_t logs_at = summaries_count_at + sizeof(std::uint32_t);

// Where the parts of one log's entry begin. Its name and its summary follow.
constexpr std::size_t topic_at = 0;
constexpr std::size_t end_at = topic_at + 16;
constexpr std::size_t segment_at = end_at + sizeof(std::int64_t);
constexpr std::size_t start_at = segment_at + sizeof(std::int64_t);
constexpr std::size_t name_bytes_at = start_at + sizeof(std::int64_t);
constexpr std::size_t summary_bytes_at = name_bytes_at + sizeof(std::uint16_t);
constexpr std::size_t entry_bytes = summary_bytes_at + sizeof(std::uint32_t);
static_assert(entry_bytes == 46);

void put_log(std::vector<std::uint8_t>& file, const std::string& name, const KnownLog& log) {
    std::array<std::uint8_t, entry_bytes> entry;
    std::ranges::copy(log.synced.topic.bytes, entry.data() + topic_at);
    store_big(entry.data() + end_at, log.synced.end.value);
    store_big(entry.data() + segment_at, log.synced.segment.value);
    store_big(entry.data() + start_at, log.synced.start.value);
    store_big(entry.data() + name_bytes_at, static_cast<std::uint16_t>(name.size()));
    store_big(entry.data() + summary_bytes_at, static_cast<std::uint32_t>(log.summary.size()));
    file.insert(file.end(), entry.begin(), entry.end());
    file.insert(file.end(), name.begin(), name.end());
    file.insert(file.end(), log.summary.data(), log.summary.data() + log.summary.size());
}

}  // namespace

std::vector<std::uint8_t> summaries_bytes(const KnownLogs& logs) {
    std::size_t size = logs_at;
    for (const auto& [name, log] : logs) size += entry_bytes + name.size() + log.summary.size();
    std::vector<std::uint8_t> file;
    file.reserve(size);
    file.assign(summaries_magic.begin(), summaries_magic.end());
    file.resize(logs_at);
    for (const auto& [name, log] : logs) put_log(file, name, log);
    store_big(file.data() + summaries_count_at, static_cast<std::uint32_t>(logs.size()));
    store_big(file.data() + summaries_crc_at, crc32c(Slice(file).subspan(summaries_count_at)));
    return file;
}

std::optional<KnownLogs> parse_summaries(const Bytes& file) {
    const Slice all = file.view();
    if (all.size() < logs_at || as_text(all.first(summaries_magic.size())) != summaries_magic)
        return std::nullopt;
    if (load_big<std::uint32_t>(all.data() + summaries_crc_at) !=
        crc32c(all.subspan(summaries_count_at)))
        return std::nullopt;
    KnownLogs logs;
    std::size_t at = logs_at;
    while (at < all.size()) {
        if (all.size() - at < entry_bytes) return std::nullopt;
        const std::uint8_t* const entry = all.data() + at;
        const std::size_t name_bytes = load_big<std::uint16_t>(entry + name_bytes_at);
        const std::size_t summary_bytes = load_big<std::uint32_t>(entry + summary_bytes_at);
        at += entry_bytes;
        if (all.size() - at < name_bytes + summary_bytes) return std::nullopt;
        KnownLog log;
        std::copy_n(entry + topic_at, log.synced.topic.bytes.size(),
                    log.synced.topic.bytes.begin());
        log.synced.end = Offset(load_big<std::int64_t>(entry + end_at));
        log.synced.segment = Offset(load_big<std::int64_t>(entry + segment_at));
        log.synced.start = Offset(load_big<std::int64_t>(entry + start_at));
        log.summary = file.slice(at + name_bytes, summary_bytes);
        logs.emplace(as_text(all.subspan(at, name_bytes)), std::move(log));
        at += name_bytes + summary_bytes;
    }
    if (logs.size() != load_big<std::uint32_t>(all.data() + summaries_count_at))
        return std::nullopt;
    return logs;
}

}  // namespace sluice::storage
