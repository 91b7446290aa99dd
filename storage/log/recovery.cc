#include "storage/log/recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/file_io.h"
#include "storage/log/names.h"
#include "storage/log/pages.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/scan.h"

namespace sluice::storage {
namespace {

constexpr Offset all_checked{INT64_MAX - 1};

std::vector<std::uint8_t> bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

}  // namespace

Recovery::Recovery(LogResources& resources, LogOpening opening)
    : resources_(resources),
      disk_(resources.doors.disk),
      opening_(std::move(opening)),
      directory_(opening_.directory()),
      index_files_(resources, directory_),
      leftovers_(resources, index_files_, directory_) {
    if (PLANT("log.clean_stop_taken_for_granted")) opening_.hints.clean = true;
    log_.producers = replication::ProducerStates({resources.options.producers_max});
}

Result<RecoveredLog> Recovery::run() {
    CHECK_OK(prepare_directory());
    CHECK_OK(check_topic());
    CHECK_OK(load_segments());
    CHECK_OK(load_start());
    const Offset first = log_.segments.front()->base;
    const Offset snapshot = log_.snapshots.empty() ? first : log_.snapshots.back();
    checkpointed_ =
        std::max(first, std::min(snapshot, opening_.hints.recovery_point.value_or(first)));
    if (opening_.hints.clean) checkpointed_ = all_checked;
    log_.checkpointed = checkpointed_;
    proven_ = std::max(checkpointed_, synced_ ? synced_->end : Offset(0));
    auto summary =
        synced_ ? LogSummary::parse(opening_.hints.summary.view(), resources_.options.producers_max)
                : std::nullopt;
    if (summary && may_resume(*summary) && !BUGGIFY("log.summary_left_unread"))
        CHECK_OK(resume(std::move(*summary)));
    else
        CHECK_OK(read_from_checkpoint());
    // An epoch may begin where the log ends: one without records yet, or whose records were
    // deleted.
    log_.epochs.truncate_from_end(log_.end.next());
    if (log_.start > log_.end) CHECK_OK(restart_at(log_.start));
    log_.epochs.truncate_from_start(log_.start);
    CHECK_OK(note_first_timestamp(*log_.segments.back()));
    log_.checkpointed = std::min(log_.checkpointed, log_.end);
    log_.epochs_on_disk = log_.epochs_on_disk && log_.epochs == stored_epochs_;
    return std::move(log_);
}

Result<void> Recovery::read_from_checkpoint() {
    TRY(const bool epochs_known, load_epochs());
    log_.epochs_on_disk = true;
    const Offset first = log_.segments.front()->base;
    // A snapshot may turn out to be about records that were cut, which only Kafka leaves behind:
    // then an older one serves.
    for (;;) {
        TRY(snapshot_from_, load_producers());
        log_.bytes_since_checkpoint = 0;
        CHECK_OK(walk_from(epochs_known ? std::min(checkpointed_, snapshot_from_) : first));
        if (snapshot_from_ <= log_.end) return {};
    }
}

// A recovery point that is newer knows more. The segment may have been deleted since.
bool Recovery::may_resume(const LogSummary& summary) const {
    if (!opening_.hints.clean && summary.end < checkpointed_) return false;
    return std::ranges::any_of(log_.segments, [&](const auto& segment) {
        return segment->base == summary.segments.back()->base;
    });
}

// What is in the summary is as good as read.
Result<void> Recovery::resume(LogSummary summary) {
    SOMETIMES("log.resumed_from_a_summary", true);
    proven_ = std::max(proven_, summary.end);
    for (auto& told : summary.segments) {
        // The others were deleted since.
        if (told->base < log_.segments.front()->base) continue;
        const auto found = std::ranges::find_if(
            log_.segments, [&](const auto& segment) { return segment->base == told->base; });
        if (found == log_.segments.end()) return damaged("a segment", told->base);
        if ((*found)->size < told->size) {
            CHECK_OK(walk_segment(**found, (*found)->size, summary.end));
            return damaged("the end of a segment", expected_);
        }
        resumed_ = {told->base, (*found)->size, summary.end};
        *found = std::move(told);
    }
    log_.epochs = stored_epochs_ = std::move(summary.epochs);
    log_.epochs_on_disk = summary.epochs_on_disk;
    log_.producers = std::move(summary.producers);
    log_.bytes_since_checkpoint = summary.bytes_since_checkpoint;
    snapshot_from_ = summary.end;
    CHECK_OK(walk_from(summary.end));
    while (!log_.snapshots.empty() && log_.snapshots.back() > log_.end)
        CHECK_OK(drop_last_snapshot());
    return {};
}

std::string Recovery::path(Offset base, std::string_view suffix) const {
    return join(directory_, offset_file(base, suffix));
}

// `offset` is the first that is missing or cannot be read.
Error Recovery::damaged(std::string_view what, Offset offset) {
    resources_.doors.logger.error("log.damaged", {{"log", opening_.name},
                                                  {"what", std::string(what)},
                                                  {"offset", fmt::to_string(offset.value)}});
    return Error::corrupt;
}

Result<void> Recovery::prepare_directory() {
    TRY(auto entries, list_directory());
    // Its own name may be there only since the process that made it was killed.
    // One sync is enough for all that were there before it.
    if (entries.empty() || (!opening_.hints.clean && !resources_.names_synced)) {
        CHECK_OK(disk_.sync_directory(opening_.root));
        resources_.names_synced = resources_.names_synced || !entries.empty();
    }
    CHECK_OK(leftovers_.tidy(entries));
    for (const auto& entry : entries) {
        files_.insert(entry.name);
        const auto file = parse_offset_file(entry.name);
        if (!file) continue;
        if (file->suffix == log_suffix)
            log_.segments.push_back(std::make_unique<Segment>(file->offset));
        if (file->suffix == snapshot_suffix) log_.snapshots.push_back(file->offset);
    }
    return {};
}

// What is in it, which is nothing when it is made.
Result<std::vector<env::DirectoryEntry>> Recovery::list_directory() {
    auto entries = disk_.list(directory_);
    if (!entries.failed() || entries.error() != Error::not_found) return entries;
    CHECK_OK(disk_.make_directory(directory_));
    return disk_.list(directory_);
}

// Nothing when the directory has no such file.
Result<std::optional<Buffer>> Recovery::read_if_there(std::string_view name) {
    if (!files_.contains(name)) return std::optional<Buffer>();
    const std::size_t size_max = resources_.options.small_file_bytes_max;
    TRY(auto content, read_file(disk_, join(directory_, name), size_max));
    return std::optional(std::move(content));
}

Result<void> Recovery::check_topic() {
    TRY(const auto content, read_if_there(partition_metadata_file));
    if (!content)
        return replace_file(disk_, directory_, partition_metadata_file,
                            bytes_of(partition_metadata_text(opening_.topic)));
    const auto topic = parse_partition_metadata(as_text({content->data(), content->size()}));
    if (!topic) return damaged("partition.metadata", Offset(0));
    if (!opening_.topic.is_zero() && *topic != opening_.topic) return Error::invalid;
    if (opening_.hints.synced && opening_.hints.synced->topic == *topic)
        synced_ = opening_.hints.synced;
    return {};
}

Result<void> Recovery::load_segments() {
    for (const auto& segment : log_.segments) {
        const bool active = segment == log_.segments.back();
        TRY(const auto file,
            resources_.files.open(path(segment->base, log_suffix),
                                  active ? env::OpenMode::write : env::OpenMode::read));
        TRY(segment->size, file->size());
        segment->offset_bytes_on_disk = IndexFiles::whole;
        segment->time_bytes_on_disk = IndexFiles::whole;
    }
    if (!log_.segments.empty()) {
        names_synced_ = synced_ && log_.segments.back()->base <= synced_->segment;
        return {};
    }
    names_synced_ = true;
    const Offset base(0);
    {
        TRY(const auto file, disk_.open(path(base, log_suffix), env::OpenMode::create));
        CHECK_OK(file->sync());
    }
    log_.segments.push_back(std::make_unique<Segment>(base));
    return disk_.sync_directory(directory_);
}

Result<void> Recovery::load_start() {
    log_.start = log_.segments.front()->base;
    TRY(const auto content, read_if_there(start_file));
    if (!content) return {};
    const auto start = parse_start(as_text({content->data(), content->size()}));
    if (!start) return damaged(start_file, log_.start);
    log_.start = std::max(log_.start, *start);
    if (synced_ && *start > synced_->start) names_synced_ = false;
    return {};
}

// False when there is no usable file although the log has records: then they tell.
Result<bool> Recovery::load_epochs() {
    TRY(const auto content, read_if_there(epochs_file));
    if (content) {
        auto epochs = parse_epochs(as_text({content->data(), content->size()}));
        if (epochs) log_.epochs = stored_epochs_ = std::move(*epochs);
        return epochs.has_value();
    }
    const Offset first = log_.segments.front()->base;
    return !opening_.hints.clean && opening_.hints.recovery_point.value_or(first) <= first;
}

// From the newest snapshot that is sound. Returns the offset it stands for.
Result<Offset> Recovery::load_producers() {
    log_.producers.clear();
    // Snapshots behind the end of the log, as far as that is known by now.
    while (!log_.snapshots.empty()) {
        const Offset offset = log_.snapshots.back();
        const bool ahead = walked_ && offset > log_.end;
        if (!ahead) {
            const auto content = read_file(disk_, path(offset, snapshot_suffix),
                                           resources_.options.small_file_bytes_max);
            if (content.failed() && content.error() != Error::not_found &&
                content.error() != Error::corrupt)
                return content.error();
            if (content && restore_snapshot({content->data(), content->size()}, log_.producers))
                return offset;
        }
        CHECK_OK(drop_last_snapshot());
    }
    return log_.segments.front()->base;
}

Result<void> Recovery::drop_last_snapshot() {
    CHECK_OK(remove_if_present(disk_, path(log_.snapshots.back(), snapshot_suffix)));
    log_.snapshots.pop_back();
    return {};
}

Result<void> Recovery::walk_from(Offset from) {
    log_.epochs.truncate_from_end(std::max(from, checkpointed_).next());
    bytes_to_sync_ = 0;
    TRY(const auto cut_at, walk(from));
    if (cut_at) CHECK_OK(cut(*cut_at));
    log_.end = expected_;
    walked_ = true;
    if (synced_ && log_.end < synced_->end) return damaged("the end of the log", log_.end);
    if (opening_.hints.clean) return {};
    if (log_.end < checkpointed_) return damaged("the end of the log", log_.end);
    if (PLANT("log.recovered_tail_not_synced")) return {};
    return make_durable(from);
}

Result<std::optional<Recovery::Cut>> Recovery::walk(Offset from) {
    auto& segments = log_.segments;
    std::size_t position = 0;
    const Offset begin = resumed_ ? resumed_->segment : from;
    while (position + 1 < segments.size() && segments[position + 1]->base <= begin) ++position;
    expected_ = segments[position]->base;
    for (; position < segments.size(); ++position) {
        Segment& segment = *segments[position];
        if (segment.base != expected_) {
            if (segment.base < proven_ || expected_ < proven_)
                return damaged("offsets between segments", expected_);
            return std::optional<Cut>({position - 1, segments[position - 1]->size});
        }
        const std::uint64_t file_bytes = segment.size;
        TRY(const bool whole, walk_segment(segment, file_bytes, from));
        if (whole && position + 1 < segments.size()) segment.close();
        if (whole) continue;
        // Ours have a successor only when they are synced to their ends.
        const bool is_sealed = synced_ && position + 1 < segments.size();
        if (expected_ < proven_ || is_sealed) return damaged("a batch", expected_);
        return std::optional<Cut>({position, segment.size});
    }
    return std::optional<Cut>();
}

// Goes through a segment from about `from` on, noting what its indexes, epochs and producers need.
// False when it ends in something that is no batch; its size is then where that begins.
Result<bool> Recovery::walk_segment(Segment& segment, std::uint64_t file_bytes, Offset from) {
    const bool resumes = resumed_ && resumed_->segment == segment.base;
    std::uint64_t begin = segment.size;
    if (resumes) {
        expected_ = resumed_->end;
        file_bytes = resumed_->file_bytes;
    } else {
        TRY(begin, begin_segment(segment, from));
    }
    if (file_bytes == begin) return true;
    TRY(const auto file,
        resources_.files.open(path(segment.base, log_suffix), env::OpenMode::write));
    Scan scan(*file, {.from = begin, .end = file_bytes}, resources_.options.scan_bytes);
    bool first = begin > 0 && !resumes;
    for (;;) {
        TRY(const auto batch, scan.next());
        // Behind an index entry the first batch says itself where it is.
        const bool follows = batch && (first || batch->base_offset() == expected_);
        if (!follows) {
            CHECK_OK(scan.write_again());
            return !batch && !scan.damaged();
        }
        first = false;
        // Where a sync failed, pages may count as clean that never reached the disk: no sync writes
        // them any more, and once memory is short they are gone.
        if (batch->base_offset() >= proven_ && !PLANT("log.recovered_tail_not_synced"))
            scan.write_again_from_here();
        took(segment, *batch, from);
    }
}

// Where to begin in a segment: at the last index entry before `from`. What the index says about
// later batches is forgotten.
Result<std::uint64_t> Recovery::begin_segment(Segment& segment, Offset from) {
    const IndexFiles::Written written{.base = segment.base,
                                      .size = segment.size,
                                      .size_appended = segment.size,
                                      .index_interval_bytes = opening_.config.index_interval_bytes};
    const std::uint64_t file_bytes = segment.size;
    segment.offset_bytes_on_disk = segment.time_bytes_on_disk = 0;
    segment.fresh = SegmentIndex(segment.base);
    segment.latest.reset();
    segment.latest_indexed = no_timestamp;
    segment.first_timestamp.reset();
    segment.bytes_since_entry = 0;
    segment.size = 0;
    expected_ = segment.base;
    index_files_.forget(segment.base);
    if (from <= segment.base || file_bytes == 0) return std::uint64_t{0};
    TRY(const auto index, index_files_.read_sound(written));
    const auto entry = index ? index->floor(from) : std::nullopt;
    if (!entry) return std::uint64_t{0};
    // The entry must be true, or the walk begins nowhere.
    Buffer pages;
    TRY(const Slice header, header_at(segment, entry->position, pages));
    if (header.size() < protocol::batch_header_size) return std::uint64_t{0};
    const protocol::BatchView batch(header);
    if (batch.last_offset() != entry->offset) return std::uint64_t{0};
    SegmentIndex kept = *index;
    kept.truncate(entry->offset.next());
    segment.offset_bytes_on_disk = kept.offset_bytes().size();
    segment.time_bytes_on_disk = kept.time_bytes().size();
    segment.latest = kept.last_time();
    if (segment.latest) segment.latest_indexed = segment.latest->timestamp;
    segment.size = entry->position;
    expected_ = batch.base_offset();
    return std::uint64_t{entry->position};
}

// Of the batch there, as far as the file has it. It is in `pages`.
Result<Slice> Recovery::header_at(const Segment& segment, std::uint64_t position, Buffer& pages) {
    TRY(const auto file,
        resources_.files.open(path(segment.base, log_suffix), env::OpenMode::read));
    const auto lead = static_cast<std::size_t>(position - page_floor(position));
    pages = resources_.doors.pages.take(page_ceil(lead + protocol::batch_header_size));
    TRY(const Slice read,
        read_pages(*file, position - lead, lead + protocol::batch_header_size, pages));
    return read.subspan(std::min(lead, read.size()));
}

void Recovery::took(Segment& segment, const protocol::BatchView& batch, Offset from) {
    segment.add({.base = batch.base_offset(),
                 .next = batch.next_offset(),
                 .size = static_cast<std::uint32_t>(batch.size()),
                 .max_timestamp = batch.max_timestamp()},
                opening_.config.index_interval_bytes);
    expected_ = batch.next_offset();
    if (batch.base_offset() >= checkpointed_) log_.bytes_since_checkpoint += batch.size();
    if (batch.base_offset() >= proven_) bytes_to_sync_ += batch.size();
    if (batch.next_offset() <= from) return;
    const auto latest = log_.epochs.latest();
    if ((!latest || batch.leader_epoch() > latest->epoch) && !PLANT("log.epochs_not_recovered"))
        log_.epochs.assign(batch.leader_epoch(), batch.base_offset());
    const bool at_snapshot =
        batch.base_offset() == snapshot_from_ && PLANT("log.batch_at_snapshot_skipped");
    if (batch.base_offset() >= snapshot_from_ && !at_snapshot &&
        !PLANT("log.producers_not_recovered"))
        log_.producers.apply(replication::ProducerBatch::of(batch), batch.base_offset());
}

// What stands behind the last whole batch was never acknowledged.
Result<void> Recovery::cut(const Cut& cut) {
    while (log_.segments.size() > cut.segment + 1) {
        CHECK_OK(leftovers_.remove_segment(log_.segments.back()->base));
        log_.segments.pop_back();
    }
    SOMETIMES("log.cut_a_tail", true);
    const Segment& last = *log_.segments.back();
    TRY(const auto file, resources_.files.open(path(last.base, log_suffix), env::OpenMode::write));
    TRY(const std::uint64_t size, file->size());
    resources_.doors.logger.warn("log.cut", {{"log", opening_.name},
                                             {"end", fmt::to_string(expected_.value)},
                                             {"bytes", fmt::to_string(size - cut.size)}});
    CHECK_OK(file->truncate(cut.size));
    return file->sync();
}

// A process that was killed may have left bytes and names that only the page cache has.
Result<void> Recovery::make_durable(Offset from) {
    SOMETIMES("log.recovered_without_a_sync", bytes_to_sync_ == 0 && names_synced_);
    for (std::size_t i = log_.segments.size(); i-- > 0;) {
        const Offset base = log_.segments[i]->base;
        // Everything in it was synced before.
        if (bytes_to_sync_ == 0) break;
        TRY(const auto file, resources_.files.open(path(base, log_suffix), env::OpenMode::write));
        CHECK_OK(file->sync());
        if (base <= from) break;
    }
    if (names_synced_) return {};
    return disk_.sync_directory(directory_);
}

// The log's start was moved behind everything it has: it goes on there, empty.
Result<void> Recovery::restart_at(Offset start) {
    while (!log_.segments.empty()) {
        CHECK_OK(leftovers_.remove_segment(log_.segments.back()->base));
        log_.segments.pop_back();
    }
    log_.epochs.clear();
    TRY(const auto file, disk_.open(path(start, log_suffix), env::OpenMode::create));
    CHECK_OK(file->sync());
    CHECK_OK(disk_.sync_directory(directory_));
    log_.segments.push_back(std::make_unique<Segment>(start));
    log_.end = start;
    return {};
}

Result<void> Recovery::note_first_timestamp(Segment& segment) {
    if (segment.size == 0 || segment.first_timestamp) return {};
    Buffer pages;
    TRY(const Slice header, header_at(segment, 0, pages));
    if (header.size() < protocol::batch_header_size)
        return damaged("a segment's first batch", segment.base);
    segment.first_timestamp = protocol::BatchView(header).max_timestamp();
    return {};
}

}  // namespace sluice::storage
