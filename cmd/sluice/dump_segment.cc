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
    SegmentDump(DumpReport& report, const std::string& path, std::optional<Offset> base)
        : report_(report), words_(words_for(path)), next_(base.value_or(Offset(0))) {}

    void run(Slice bytes) {
        protocol::BatchSplitter splitter(bytes);
        while (const auto batch = splitter.next()) {
            const auto position = static_cast<std::uint64_t>(batch->bytes().data() - bytes.data());
            take(*batch, position);
        }
        if (!splitter.rest().empty()) say_rest(splitter, bytes.size() - splitter.rest().size());
    }
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
    void take(const BatchView& batch, std::uint64_t position) {
        if (report_.entries()) say(batch, position);
        if (batch.base_offset() < next_)
            report_.damage(position, fmt::format("the batch begins at {}, but {} is next",
                                                 batch.base_offset().value, next_.value));
        if (batches_++ == 0) first_ = batch.base_offset();
        next_ = batch.next_offset();
        records_ += batch.record_count();
        if (!batch.crc_matches())
            report_.damage(position, fmt::format("CRC is {:08x}, of these bytes it is {:08x}",
                                                 batch.crc(), batch.computed_crc()));
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
        report_.damage(position, fmt::format("{} in the last {} bytes", what, rest.size()));
    }

    DumpReport& report_;
    const RecordWords words_;
    Offset next_;
    Offset first_;
    std::int64_t batches_ = 0;
    std::int64_t records_ = 0;
    std::int64_t zeroes_ = 0;
};

}  // namespace

void dump_segment(DumpReport& report, const std::string& path, Slice bytes,
                  std::optional<Offset> base) {
    SegmentDump dump(report, path, base);
    dump.run(bytes);
    report.end_file(dump.totals());
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
