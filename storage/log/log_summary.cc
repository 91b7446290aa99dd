#include "storage/log/log_summary.h"

#include <concepts>

#include "core/base/endian.h"
#include "core/base/probe.h"
#include "storage/log/producer_snapshot.h"

namespace sluice::storage {
namespace {

constexpr std::uint8_t has_first_timestamp = 1;
constexpr std::uint8_t has_latest = 2;
constexpr std::uint8_t epochs_in_file = 1;

class Writer {
public:
    template <std::integral Int>
    void put(Int value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof value);
        store_big(bytes_.data() + at, value);
    }
    void put_sized(Slice bytes) {
        put(static_cast<std::uint32_t>(bytes.size()));
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    Bytes take() { return Bytes::copy_of(Slice(bytes_)); }

private:
    std::vector<std::uint8_t> bytes_;
};

// The first read beyond the end makes everything after it zero.
class Reader {
public:
    explicit Reader(Slice bytes) : rest_(bytes) {}

    template <std::integral Int>
    Int take() {
        const Slice bytes = take_bytes(sizeof(Int));
        return bytes.empty() ? Int{0} : load_big<Int>(bytes.data());
    }
    Slice take_sized() { return take_bytes(take<std::uint32_t>()); }
    std::vector<std::uint8_t> take_vector() {
        const Slice bytes = take_sized();
        return {bytes.begin(), bytes.end()};
    }
    bool failed() const { return failed_; }
    bool finished_well() const { return !failed_ && rest_.empty(); }

private:
    Slice take_bytes(std::size_t size) {
        failed_ = failed_ || size > rest_.size();
        if (failed_) return {};
        const Slice bytes = rest_.first(size);
        rest_ = rest_.subspan(size);
        return bytes;
    }

    Slice rest_;
    bool failed_ = false;
};

// The index files of the others hold everything.
bool is_told(const Segments::List& segments, const Segment& segment) {
    return &segment == segments.back().get() || !segment.fresh.offset_bytes().empty() ||
           !segment.fresh.time_bytes().empty();
}

void put_segment(Writer& to, const Segment& segment) {
    to.put(segment.base.value);
    to.put(segment.size);
    to.put(segment.offset_bytes_on_disk);
    to.put(segment.time_bytes_on_disk);
    to.put_sized(segment.fresh.offset_bytes());
    to.put_sized(segment.fresh.time_bytes());
    to.put(static_cast<std::uint8_t>((segment.first_timestamp ? has_first_timestamp : 0) |
                                     (segment.latest ? has_latest : 0)));
    to.put(segment.first_timestamp.value_or(no_timestamp).value);
    const TimeEntry latest = segment.latest.value_or(TimeEntry{});
    to.put(latest.timestamp.value);
    to.put(latest.offset.value);
    to.put(segment.latest_indexed.value);
    to.put(segment.bytes_since_entry);
}

std::unique_ptr<Segment> take_segment(Reader& from) {
    auto segment = std::make_unique<Segment>(Offset(from.take<std::int64_t>()));
    segment->size = from.take<std::uint64_t>();
    segment->offset_bytes_on_disk = from.take<std::uint64_t>();
    segment->time_bytes_on_disk = from.take<std::uint64_t>();
    auto offsets = from.take_vector();
    auto times = from.take_vector();
    segment->fresh = SegmentIndex(segment->base, std::move(offsets), std::move(times));
    const auto has = from.take<std::uint8_t>();
    const Timestamp first(from.take<std::int64_t>());
    if ((has & has_first_timestamp) != 0) segment->first_timestamp = first;
    const Timestamp latest(from.take<std::int64_t>());
    const Offset latest_at(from.take<std::int64_t>());
    if ((has & has_latest) != 0) segment->latest = TimeEntry{latest, latest_at};
    segment->latest_indexed = Timestamp(from.take<std::int64_t>());
    segment->bytes_since_entry = from.take<std::uint64_t>();
    return segment;
}

bool makes_sense(const LogSummary& summary) {
    if (summary.segments.empty() || summary.end < summary.segments.back()->base) return false;
    for (std::size_t i = 0; i < summary.segments.size(); ++i) {
        const Segment& segment = *summary.segments[i];
        if (!segment.fresh.is_sound(segment.size)) return false;
        if (i > 0 && segment.base <= summary.segments[i - 1]->base) return false;
    }
    return true;
}

}  // namespace

Bytes summary_bytes(const SummaryFacts& facts) {
    Writer to;
    to.put(facts.end.value);
    to.put(facts.bytes_since_checkpoint);
    to.put(facts.index_interval_bytes);
    to.put(facts.epochs_on_disk ? epochs_in_file : std::uint8_t{0});
    std::uint32_t told = 0;
    for (const auto& segment : facts.segments) told += is_told(facts.segments, *segment);
    to.put(told);
    for (const auto& segment : facts.segments)
        if (is_told(facts.segments, *segment)) put_segment(to, *segment);
    to.put(static_cast<std::uint32_t>(facts.epochs.entries().size()));
    for (const auto& entry : facts.epochs.entries()) {
        to.put(entry.epoch.value);
        to.put(entry.start.value);
    }
    to.put_sized(snapshot_bytes(facts.producers));
    return to.take();
}

Bytes summary_bytes(const LogSummary& summary) {
    return summary_bytes(SummaryFacts{.end = summary.end,
                                      .segments = summary.segments,
                                      .epochs = summary.epochs,
                                      .producers = summary.producers,
                                      .epochs_on_disk = summary.epochs_on_disk,
                                      .bytes_since_checkpoint = summary.bytes_since_checkpoint,
                                      .index_interval_bytes = summary.index_interval_bytes});
}

std::optional<LogSummary> LogSummary::parse(Slice bytes, std::size_t producers_max) {
    Reader from(bytes);
    LogSummary summary;
    summary.end = Offset(from.take<std::int64_t>());
    summary.bytes_since_checkpoint = from.take<std::uint64_t>();
    summary.index_interval_bytes = from.take<std::uint32_t>();
    summary.epochs_on_disk = from.take<std::uint8_t>() == epochs_in_file;
    const auto segment_count = from.take<std::uint32_t>();
    for (std::uint32_t i = 0; i < segment_count && !from.failed(); ++i)
        summary.segments.push_back(take_segment(from));
    std::vector<replication::LeaderEpochs::Entry> epochs;
    const auto epoch_count = from.take<std::uint32_t>();
    for (std::uint32_t i = 0; i < epoch_count && !from.failed(); ++i) {
        const LeaderEpoch epoch(from.take<std::int32_t>());
        epochs.push_back({epoch, Offset(from.take<std::int64_t>())});
    }
    summary.epochs = replication::LeaderEpochs(epochs);
    summary.producers = replication::ProducerStates({producers_max});
    const Slice producers = from.take_sized();
    if (!from.finished_well() || !makes_sense(summary)) return std::nullopt;
    if (restore_snapshot(producers, summary.producers).failed()) return std::nullopt;
    return summary;
}

void LogSummary::follow(const JournalEntry& entry, Slice batches) {
    const bool rolls = entry.segment > segments.back()->base && entry.segment == end;
    if (rolls && entry.position == 0) {
        segments.back()->close();
        segments.push_back(std::make_unique<Segment>(entry.segment));
    }
    Segment& segment = *segments.back();
    if (entry.segment != segment.base) return;
    std::uint64_t position = entry.position;
    protocol::BatchSplitter splitter(batches);
    while (const auto batch = splitter.next()) {
        if (position == segment.size && batch->base_offset() == end) {
            segment.add({.base = batch->base_offset(),
                         .next = batch->next_offset(),
                         .size = static_cast<std::uint32_t>(batch->size()),
                         .max_timestamp = batch->max_timestamp()},
                        index_interval_bytes);
            took(*batch);
        }
        position += batch->size();
    }
}

void LogSummary::took(const protocol::BatchView& batch) {
    const auto latest = epochs.latest();
    const bool begins_epoch = !latest || batch.leader_epoch() > latest->epoch;
    if (begins_epoch && !PLANT("log.epochs_not_recovered") &&
        epochs.assign(batch.leader_epoch(), batch.base_offset()))
        epochs_on_disk = false;
    if (!PLANT("log.producers_not_recovered"))
        producers.apply(replication::ProducerBatch::of(batch), batch.base_offset());
    bytes_since_checkpoint += batch.size();
    end = batch.next_offset();
}

}  // namespace sluice::storage
