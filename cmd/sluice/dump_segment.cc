#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/dump_files.h"
#include "cmd/sluice/dump_words.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"
#include "core/protocol/record_batch.h"

namespace sluice::cmd {
namespace {

using protocol::BatchView;

constexpr std::size_t decompressed_bytes_max = std::size_t{1} << 30;

// Goes through a segment from its beginning to its end.
class SegmentDump {
public:
    SegmentDump(DumpReport& report, const std::string& path, Offset base,
                std::optional<Offset> proven)
        : report_(report), words_(words_for(path)), proven_(proven), next_(base) {}

    void run(Slice bytes) {
        protocol::BatchSplitter splitter(bytes);
        while (const auto batch = splitter.next()) {
            const auto position = static_cast<std::uint64_t>(batch->bytes().data() - bytes.data());
            take(*batch, position);
        }
        if (!splitter.rest().empty()) say_rest(splitter, bytes.size() - splitter.rest().size());
    }
    // Whole batches that follow, or are there already.
    void run_on(const JournalShelf::Piece& piece) {
        protocol::BatchSplitter splitter(piece.bytes);
        while (const auto batch = splitter.next()) {
            if (batch->base_offset() < next_) continue;
            const auto position = piece.position + static_cast<std::uint64_t>(
                                                       batch->bytes().data() - piece.bytes.data());
            if (batch->base_offset() > next_)
                report_.damage(position, fmt::format("offsets {} to {} are not there", next_.value,
                                                     batch->base_offset().value - 1));
            take(*batch, position);
        }
    }
    Offset next() const { return next_; }
    Facts totals() const {
        Facts facts = {fact("batches", batches_), fact("records", records_)};
        if (batches_ > 0) {
            facts.push_back(fact("first", first_.value));
            facts.push_back(fact("last", next_.value - 1));
        }
        if (zeroes_ > 0) facts.push_back(fact("zero_bytes_behind", zeroes_));
        return facts;
    }

private:
    void wrong(std::uint64_t position, Offset offset, const std::string& what) {
        if (proven_ && offset >= *proven_)
            report_.unfinished(position, what);
        else
            report_.damage(position, what);
    }
    void take(const BatchView& batch, std::uint64_t position) {
        if (report_.entries()) say(batch, position);
        if (batch.base_offset() < next_)
            report_.damage(position, fmt::format("the batch begins at {}, but {} is next",
                                                 batch.base_offset().value, next_.value));
        if (batches_++ == 0) first_ = batch.base_offset();
        next_ = batch.next_offset();
        records_ += batch.record_count();
        if (!batch.crc_matches())
            wrong(position, batch.base_offset(),
                  fmt::format("CRC is {:08x}, of these bytes it is {:08x}", batch.crc(),
                              batch.computed_crc()));
        else if (report_.records())
            say_records(batch, position);
    }

    void say(const BatchView& batch, std::uint64_t position) {
        const auto codec = batch.compression();
        Facts facts = {fact("first", batch.base_offset().value),
                       fact("last", batch.last_offset().value),
                       fact("position", static_cast<std::int64_t>(position)),
                       fact("size", static_cast<std::int64_t>(batch.size())),
                       fact("records", std::int64_t{batch.record_count()}),
                       fact("codec", std::string(codec ? protocol::name_of(*codec) : "unknown")),
                       fact("leader_epoch", std::int64_t{batch.leader_epoch().value}),
                       fact("timestamp", batch.max_timestamp().value)};
        if (batch.timestamp_type() == protocol::TimestampType::log_append_time)
            facts.push_back(fact("log_append_time", true));
        if (batch.has_producer_id()) {
            facts.push_back(fact("producer", batch.producer_id().value));
            facts.push_back(fact("epoch", std::int64_t{batch.producer_epoch().value}));
            facts.push_back(fact("sequence", std::int64_t{batch.base_sequence().value}));
        }
        if (batch.is_transactional()) facts.push_back(fact("transactional", true));
        if (batch.is_control()) facts.push_back(fact("control", true));
        report_.line("batch", facts);
    }

    void say_records(const BatchView& batch, std::uint64_t position) {
        const auto plain =
            protocol::records_of(Bytes::copy_of(batch.bytes()), decompressed_bytes_max);
        if (plain.failed()) return report_.damage(position, "its records do not decompress");
        protocol::RecordReader reader(batch, plain->view());
        while (const auto record = reader.next()) {
            Facts facts = {fact("offset", reader.offset_of(*record).value),
                           fact("timestamp", reader.timestamp_of(*record).value)};
            add_words(facts, words_, batch, *record);
            report_.line("record", facts);
        }
        if (!reader.finished_well())
            report_.damage(position, "its records are not as many, or not as long, as it says");
    }

    void say_rest(const protocol::BatchSplitter& splitter, std::uint64_t position) {
        const Slice rest = splitter.rest();
        if (std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == 0; })) {
            zeroes_ = static_cast<std::int64_t>(rest.size());  // Room that was made in advance.
            return;
        }
        const auto why = splitter.fault();
        const std::string_view what =
            why == protocol::BatchFault::old_magic    ? "messages of format 0 or 1"
            : why == protocol::BatchFault::incomplete ? "a batch that ends too soon"
                                                      : "no batch";
        wrong(position, next_, fmt::format("{} in the last {} bytes", what, rest.size()));
    }

    DumpReport& report_;
    const RecordWords words_;
    const std::optional<Offset> proven_;
    Offset next_;
    Offset first_;
    std::int64_t batches_ = 0;
    std::int64_t records_ = 0;
    std::int64_t zeroes_ = 0;
};

// Whole batches that stand in a journal.
void say_entry(DumpReport& report, const JournalRecord& record,
               const storage::JournalEntry& entry) {
    const Slice batches = record.bytes.subspan(entry.at, entry.size);
    protocol::BatchSplitter splitter(batches);
    const auto first = splitter.next();
    report.line("entry",
                {fact("log", entry.log), fact("topic_id", entry.topic.text()),
                 fact("segment", entry.segment.value),
                 fact("position", static_cast<std::int64_t>(entry.position)),
                 fact("first", first ? first->base_offset().value : -1),
                 fact("last", entry.next.value - 1), fact("size", std::int64_t{entry.size})});
    if (!report.records()) return;
    SegmentDump dump(report, entry.log + "/", first ? first->base_offset() : Offset(0),
                     std::nullopt);
    dump.run_on({entry.position, entry.next, batches});
}

}  // namespace

Offset dump_segment(DumpReport& report, const std::string& path, Slice bytes,
                    std::optional<Offset> base, std::optional<Offset> proven) {
    SegmentDump dump(report, path, base.value_or(Offset(0)), proven);
    dump.run(bytes);
    report.end_file(dump.totals());
    return dump.next();
}

void dump_journal_pieces(DumpReport& report, const std::string& path,
                         const std::vector<JournalShelf::Piece>& pieces, Offset next) {
    const auto begin =
        std::ranges::find_if(pieces, [&](const auto& each) { return each.next > next; });
    if (begin == pieces.end()) return;
    report.begin_part(path, "in the journals");
    SegmentDump dump(report, path, next, std::nullopt);
    for (auto each = begin; each != pieces.end(); ++each) dump.run_on(*each);
    report.end_file(dump.totals());
}

void dump_journal(DumpReport& report, Slice bytes) {
    std::int64_t entries = 0;
    std::int64_t payload = 0;
    const auto records = journal_records_in(bytes);
    for (const JournalRecord& record : records) {
        const storage::JournalHead& head = record.head;
        if (report.entries())
            report.line("commit",
                        {fact("number", static_cast<std::int64_t>(head.sequence)),
                         fact("position", static_cast<std::int64_t>(record.position)),
                         fact("size", std::int64_t{head.record_bytes}),
                         fact("oldest_needed", static_cast<std::int64_t>(head.oldest_needed)),
                         fact("journal", head.journal.text())});
        for (const storage::JournalEntry& entry : head.entries) {
            ++entries;
            payload += entry.size;
            if (report.entries()) say_entry(report, record, entry);
        }
    }
    Facts facts = {fact("commits", static_cast<std::int64_t>(records.size())),
                   fact("entries", entries), fact("payload_bytes", payload)};
    report.end_file(facts);
}

BatchPositions positions_of(Slice segment) {
    BatchPositions positions;
    protocol::BatchSplitter splitter(segment);
    while (const auto batch = splitter.next())
        positions[static_cast<std::uint64_t>(batch->bytes().data() - segment.data())] =
            batch->base_offset();
    return positions;
}

}  // namespace sluice::cmd
