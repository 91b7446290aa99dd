#include "cmd/sluice/dump_files.h"

#include <fmt/format.h>

#include "core/base/crc32c.h"
#include "core/base/endian.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/log_summary.h"
#include "storage/log/options.h"
#include "storage/log/summaries_file.h"

namespace sluice::cmd {
namespace {

// Takes big-endian numbers one behind the other.
class Fields {
public:
    explicit Fields(Slice bytes) : at_(bytes.data()) {}
    template <class Int>
    std::int64_t take() {
        const Int value = load_big<Int>(at_);
        at_ += sizeof(Int);
        return static_cast<std::int64_t>(value);
    }

private:
    const std::uint8_t* at_;
};

bool all_zero(Slice bytes) {
    for (const std::uint8_t byte : bytes)
        if (byte != 0) return false;
    return true;
}

// How many entries stand before the zeroes that Kafka makes room with.
std::size_t entries_in(DumpReport& report, Slice bytes, std::size_t entry_size) {
    std::size_t count = bytes.size() / entry_size;
    while (count > 1 && all_zero(bytes.subspan((count - 1) * entry_size, entry_size))) --count;
    if (count == 1 && bytes.size() > entry_size && all_zero(bytes)) count = 0;
    if (bytes.size() % entry_size != 0)
        report.damage(bytes.size() - bytes.size() % entry_size,
                      fmt::format("{} bytes of an entry", bytes.size() % entry_size));
    return count;
}

}  // namespace

void dump_offset_index(DumpReport& report, Slice bytes, Offset base, const BatchPositions& segment,
                       std::optional<Offset> proven) {
    constexpr std::size_t entry_size = 8;
    const std::size_t count = entries_in(report, bytes, entry_size);
    Offset last(-1);
    for (std::size_t i = 0; i < count; ++i) {
        Fields fields(bytes.subspan(i * entry_size, entry_size));
        const Offset offset = base.plus(fields.take<std::int32_t>());
        const auto position = static_cast<std::uint64_t>(fields.take<std::int32_t>());
        if (report.entries())
            report.line("entry", {fact("offset", offset.value),
                                  fact("position", static_cast<std::int64_t>(position))});
        const auto batch = segment.find(position);
        if (offset <= last) report.damage(i * entry_size, "not behind the entry before it");
        if (batch == segment.end() && proven && offset >= *proven)
            report.unfinished(i * entry_size, "its batch is not in the segment yet");
        else if (batch == segment.end())
            report.damage(i * entry_size,
                          fmt::format("no batch of the segment begins at {}", position));
        else if (batch->second > offset)
            report.damage(i * entry_size, fmt::format("the batch at {} begins at offset {}, not {}",
                                                      position, batch->second.value, offset.value));
        last = offset;
    }
    report.end_file({fact("entries", static_cast<std::int64_t>(count))});
}

void dump_time_index(DumpReport& report, Slice bytes, Offset base) {
    constexpr std::size_t entry_size = 12;
    const std::size_t count = entries_in(report, bytes, entry_size);
    std::int64_t last = INT64_MIN;
    for (std::size_t i = 0; i < count; ++i) {
        Fields fields(bytes.subspan(i * entry_size, entry_size));
        const std::int64_t time = fields.take<std::int64_t>();
        const Offset offset = base.plus(fields.take<std::int32_t>());
        if (report.entries())
            report.line("entry", {fact("timestamp", time), fact("offset", offset.value)});
        if (time < last) report.damage(i * entry_size, "earlier than the entry before it");
        last = time;
    }
    report.end_file({fact("entries", static_cast<std::int64_t>(count))});
}

void dump_transaction_index(DumpReport& report, Slice bytes) {
    constexpr std::size_t entry_size = 34;
    const std::size_t count = entries_in(report, bytes, entry_size);
    for (std::size_t i = 0; i < count && report.entries(); ++i) {
        Fields fields(bytes.subspan(i * entry_size, entry_size));
        Facts facts = {fact("version", fields.take<std::int16_t>())};
        facts.push_back(fact("producer", fields.take<std::int64_t>()));
        facts.push_back(fact("first", fields.take<std::int64_t>()));
        facts.push_back(fact("last", fields.take<std::int64_t>()));
        facts.push_back(fact("last_stable", fields.take<std::int64_t>()));
        report.line("aborted", facts);
    }
    report.end_file({fact("entries", static_cast<std::int64_t>(count))});
}

void dump_producer_snapshot(DumpReport& report, Slice bytes) {
    constexpr std::size_t head_size = 10;
    constexpr std::size_t crc_covers_from = 6;
    constexpr std::size_t entry_size = 46;
    if (bytes.size() < head_size) {
        report.damage(0, "too short for a snapshot of producers");
        return report.end_file({});
    }
    Fields head(bytes);
    head.take<std::int16_t>();
    const auto crc = static_cast<std::uint32_t>(head.take<std::uint32_t>());
    const std::int64_t count = head.take<std::int32_t>();
    if (crc != crc32c(bytes.subspan(crc_covers_from))) report.damage(2, "the CRC does not match");
    const bool fits =
        count >= 0 && bytes.size() == head_size + static_cast<std::size_t>(count) * entry_size;
    if (!fits) report.damage(head_size, fmt::format("it says {} entries, which do not fit", count));
    for (std::int64_t i = 0; i < count && fits && report.entries(); ++i) {
        Fields fields(bytes.subspan(head_size + static_cast<std::size_t>(i) * entry_size));
        Facts facts = {fact("producer", fields.take<std::int64_t>())};
        facts.push_back(fact("epoch", fields.take<std::int16_t>()));
        facts.push_back(fact("last_sequence", fields.take<std::int32_t>()));
        facts.push_back(fact("last_offset", fields.take<std::int64_t>()));
        facts.push_back(fact("offset_delta", fields.take<std::int32_t>()));
        facts.push_back(fact("timestamp", fields.take<std::int64_t>()));
        facts.push_back(fact("coordinator_epoch", fields.take<std::int32_t>()));
        facts.push_back(fact("transaction_start", fields.take<std::int64_t>()));
        report.line("producer", facts);
    }
    report.end_file({fact("entries", count)});
}

void dump_leader_epochs(DumpReport& report, Slice bytes) {
    const auto epochs = storage::parse_epochs(as_text(bytes));
    if (!epochs) {
        report.damage(0, "no checkpoint of leader epochs");
        return report.end_file({});
    }
    for (const auto& entry : epochs->entries())
        if (report.entries())
            report.line("epoch", {fact("epoch", std::int64_t{entry.epoch.value}),
                                  fact("start", entry.start.value)});
    report.end_file({fact("entries", static_cast<std::int64_t>(epochs->entries().size()))});
}

void dump_offset_checkpoint(DumpReport& report, Slice bytes) {
    if (bytes.empty()) return report.end_file({fact("entries", std::int64_t{0})});
    const auto offsets = storage::parse_offsets(as_text(bytes));
    if (!offsets) {
        report.damage(0, "no checkpoint of offsets");
        return report.end_file({});
    }
    for (const auto& [log, offset] : *offsets)
        if (report.entries()) report.line("log", {fact("log", log), fact("offset", offset.value)});
    report.end_file({fact("entries", static_cast<std::int64_t>(offsets->size()))});
}

void dump_summaries(DumpReport& report, Slice bytes) {
    const auto logs = storage::parse_summaries(Bytes::copy_of(bytes));
    if (!logs) {
        report.damage(0, "no summaries of logs");
        return report.end_file({});
    }
    for (const auto& [name, log] : *logs) {
        if (!report.entries()) break;
        Facts facts{fact("log", name), fact("topic_id", log.synced.topic.text()),
                    fact("synced", log.synced.end.value), fact("segment", log.synced.segment.value),
                    fact("start", log.synced.start.value)};
        const auto summary =
            storage::LogSummary::parse(log.summary.view(), storage::LogOptions().producers_max);
        if (summary) facts.push_back(fact("end", summary->end.value));
        facts.push_back(fact("summary_bytes", static_cast<std::int64_t>(log.summary.size())));
        report.line("log", facts);
    }
    report.end_file({fact("entries", static_cast<std::int64_t>(logs->size()))});
}

void dump_text(DumpReport& report, Slice bytes) {
    std::string_view text = as_text(bytes);
    std::int64_t lines = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (report.entries())
            report.line("line", {fact("text", std::optional(as_slice(text.substr(0, end))))});
        text.remove_prefix(std::min(end + 1, text.size()));
        ++lines;
    }
    report.end_file({fact("lines", lines)});
}

}  // namespace sluice::cmd
