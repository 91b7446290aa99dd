#include <algorithm>

#include "core/base/probe.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/file_io.h"
#include "storage/log/log.h"
#include "storage/log/log_summary.h"
#include "storage/log/names.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/retention.h"

// What a log does beside appending and reading: checkpoints, retention, its start, its end.

namespace sluice::storage {

Result<void> Log::checkpoint() {
    if (ended_) return *ended_;
    const Visit visit(*this);
    TRY(const auto guard, upkeep_.lock());
    return checkpoint_locked();
}

// Everything is taken at one moment, without a wait; then it is written, and only then counts.
Result<void> Log::checkpoint_locked() {
    const Offset end = offsets_.end;
    if (end == checkpointed_ && epoch_changes_ == epoch_changes_on_disk_ && has_snapshot(end))
        return {};
    const std::uint64_t bytes = bytes_since_checkpoint_;
    const auto producers = snapshot_bytes(producers_);
    const std::string epochs = epochs_text(epochs_);
    const std::uint64_t epoch_changes = epoch_changes_;
    const LeaderEpoch latest_epoch =
        epochs_.entries().empty() ? no_leader_epoch : epochs_.entries().back().epoch;
    if (!PLANT("log.checkpoint_ahead_of_sync")) CHECK_OK(wait_synced(end));
    CHECK_OK(checkpoint_indexes(end));
    if (epoch_changes != epoch_changes_on_disk_) {
        CHECK_OK(replace_file(resources_.doors.disk, directory_, epochs_file, as_slice(epochs)));
        epoch_changes_on_disk_ = epoch_changes;
        latest_epoch_on_disk_ = latest_epoch;
    }
    CHECK_OK(replace_snapshot(end, producers));
    checkpointed_ = end;
    bytes_since_checkpoint_ -= bytes;
    return {};
}

Result<void> Log::checkpoint_indexes(Offset before) {
    // We look for a later timestamp behind the last entry; Kafka, after a clean stop, does not.
    if (segments_.list().back()->base < before) segments_.list().back()->index_latest();
    std::vector<Offset> bases;
    for (const auto& segment : segments_.list())
        if (segment->base < before &&
            (!segment->fresh.offset_bytes().empty() || !segment->fresh.time_bytes().empty()))
            bases.push_back(segment->base);
    for (const Offset base : bases) {
        const Segment& segment = *segments_.find(base);
        const SegmentIndex entries = segment.fresh;
        CHECK_OK(index_files_.append(written_part(segment), entries));
        Segment& after = *segments_.find(base);
        after.offset_bytes_on_disk += entries.offset_bytes().size();
        after.time_bytes_on_disk += entries.time_bytes().size();
        after.fresh.drop_front(entries.offset_bytes().size(), entries.time_bytes().size());
        index_files_.forget(base);
    }
    return {};
}

// Beside the snapshots at segments' begins there is one at the last checkpoint.
Result<void> Log::replace_snapshot(Offset offset, Slice bytes) {
    CHECK_OK(replace_file(resources_.doors.disk, directory_, offset_file(offset, snapshot_suffix),
                          bytes));
    std::vector<Offset> keep{offset};
    std::vector<Offset> drop;
    for (const Offset snapshot : snapshots_) {
        if (snapshot == offset) continue;
        const bool at_segment = segments_.find(snapshot) != nullptr;
        (at_segment || snapshot > offset ? keep : drop).push_back(snapshot);
    }
    std::ranges::sort(keep);
    snapshots_ = std::move(keep);
    for (const Offset snapshot : drop) {
        const std::string path = join(directory_, offset_file(snapshot, snapshot_suffix));
        CHECK_OK(remove_if_present(resources_.doors.disk, path));
    }
    return {};
}

broker::LogStore::Checkpoint Log::checkpoint_of_now() const {
    return {.name = name_,
            .recovery_point = checkpointed_,
            .start = offsets_.start,
            .synced = {.topic = topic_,
                       .end = writer_.synced(),
                       .segment = writer_.segment(),
                       .start = start_on_disk_},
            .summary = summary_of_now(),
            .outdated = outdated_};
}

// It counts once everything up to the log's end is secured.
Bytes Log::summary_of_now() const {
    const bool is_synced = writer_.synced() == offsets_.end;
    // Nothing secures more of a lazy log, or of one that has ended.
    if ((ended_ || is_lazy()) && !is_synced) return {};
    return summary_bytes(SummaryFacts{.end = offsets_.end,
                                      .segments = segments_.list(),
                                      .epochs = epochs_,
                                      .producers = producers_,
                                      .epochs_on_disk = epoch_changes_ == epoch_changes_on_disk_,
                                      .bytes_since_checkpoint = bytes_since_checkpoint_,
                                      .index_interval_bytes = config_.index_interval_bytes});
}

std::size_t Log::fresh_index_bytes() const {
    std::size_t bytes = 0;
    for (const auto& segment : segments_.list()) bytes += segment->fresh.memory_bytes();
    return bytes;
}

void Log::write_if_due(Time now) {
    if (ended_) return;
    const bool sync =
        is_lazy() && unsynced_since_ && now - *unsynced_since_ >= config_.flush_interval;
    const bool write =
        behind_since_ && now - *behind_since_ >= resources_.options.write_behind_delay;
    if (!sync && !write) return;
    sync_now_ |= sync;
    write_all_ = true;
    resources_.committer.commit(*this);
}

Result<void> Log::close() {
    Result<void> closed;
    if (ended_) {
        closed = offline_ ? Result<void>(Error::io) : Result<void>(Error::stopped);
    } else {
        closed = checkpoint();
    }
    abandon(Leaving::stopped);
    return closed;
}

void Log::abandon(Leaving why) {
    end(Error::stopped);
    resources_.committer.leave(*this);
    const bool needs_replay = tail_.secured_mark() > writer_.synced_mark();
    if (needs_replay && why != Leaving::deleted) resources_.journal.close();
    resources_.journal.forget(*this);
    if (visits_ > 0) {
        env::Completion left(resources_.doors.scheduler);
        left_ = &left;
        left.wait();
        left_ = nullptr;
    }
    resources_.logs.erase(name_);
    writer_.close();
    for (const auto& segment : segments_.list()) {
        if (PLANT("log.deleted_files_stay_open")) continue;
        resources_.files.forget(index_files_.path(segment->base, log_suffix));
        index_files_.forget(segment->base);
    }
}

Result<void> Log::advance_start(Offset start) {
    if (ended_) return *ended_;
    if (start > offsets_.end) return Error::invalid;
    if (start <= start_on_disk_) return {};
    const Visit visit(*this);
    TRY(const auto guard, upkeep_.lock());
    CHECK_OK(wait_durable(start));
    if (start <= start_on_disk_) return {};
    const std::string text = start_text(start);
    if (!PLANT("log.start_not_saved"))
        CHECK_OK(replace_file(resources_.doors.disk, directory_, start_file, as_slice(text)));
    start_on_disk_ = start;
    offsets_.start = std::max(offsets_.start, start);
    epoch_changes_ += epochs_.truncate_from_start(start_on_disk_);
    return {};
}

void Log::begin_epoch(LeaderEpoch epoch) {
    if (!ended_) epoch_changes_ += epochs_.assign(epoch, offsets_.end);
}

void Log::forget_unwritten_epochs() {
    if (!ended_) epoch_changes_ += epochs_.truncate_from_end(offsets_.end);
}

void Log::configure(const broker::LogConfig& config) {
    if (ended_) return;
    const bool was_lazy = is_lazy();
    if (!PLANT("log.config_change_not_taken")) config_ = config;
    if (was_lazy != is_lazy()) commit();
}

Result<void> Log::maintain(Offset high_watermark, Timestamp wall) {
    if (ended_) return *ended_;
    const Visit visit(*this);
    TRY(const auto guard, upkeep_.lock());
    CHECK_OK(delete_expired(std::min(high_watermark, offsets_.durable), wall));
    CHECK_OK(delete_due_files());
    producers_.expire(wall, config_.producer_id_expiration);
    // A log that nobody writes to leaves the memory to others.
    if (std::exchange(appended_at_upkeep_, offsets_.end) == offsets_.end) tail_.evict();
    return {};
}

Result<void> Log::delete_expired(Offset high_watermark, Timestamp wall) {
    for (std::size_t i = 0; i < segments_.list().size(); ++i) {
        Segment& segment = *segments_.list()[i];
        CHECK_OK(load_latest(segment));
        if (!is_expired(*segment.latest, config_, wall)) break;
    }
    const Expired expired = choose_expired(segments_, config_,
                                           {.start = offsets_.start,
                                            .end = offsets_.end,
                                            .high_watermark = high_watermark,
                                            .wall = wall});
    if (expired.roll) begin_segment(offsets_.end);
    if (expired.roll) resources_.committer.commit(*this);
    for (std::size_t i = 0; i < expired.segments; ++i) {
        // The writer may not be done with it.
        while (writer_.segment() <= segments_.first()) {
            if (ended_) return *ended_;
            if (full_) return Error::no_space;
            CHECK_OK(progressed_.wait());
        }
        CHECK_OK(keep_what_it_tells(segments_.list()[1]->base));
        CHECK_OK(delete_first_segment());
    }
    return {};
}

bool Log::has_snapshot(Offset from) const {
    return from == segments_.first() || (!snapshots_.empty() && snapshots_.back() >= from);
}

// Epochs and producers that only the records before `next` tell must be on disk before those go.
Result<void> Log::keep_what_it_tells(Offset next) {
    const auto is_lost = [&](const replication::LeaderEpochs::Entry& entry) {
        return entry.epoch > latest_epoch_on_disk_ && entry.start <= next;
    };
    if (has_snapshot(next) && std::ranges::none_of(epochs_.entries(), is_lost)) return {};
    const auto kept = checkpoint_locked();
    // A full disk needs the room more than a few producers their past.
    if (kept.failed() && kept.error() == Error::no_space) return {};
    return kept;
}

Result<void> Log::load_latest(Segment& segment) {
    if (segment.latest) return {};
    if (segment.size == 0) {
        segment.latest = TimeEntry{no_timestamp, segment.base};
        return {};
    }
    const IndexFiles::Written written = written_part(segment);
    TRY(const SegmentIndex* const index, index_files_.load(written));
    segment.latest = index->last_time().value_or(TimeEntry{no_timestamp, written.base});
    return {};
}

// Renames its files first, the segment itself before the others, one segment at a time: however it
// is interrupted, no hole is left.
Result<void> Log::delete_first_segment() {
    const Offset base = segments_.first();
    env::Disk& disk = resources_.doors.disk;
    const Offset start = segments_.list()[1]->base;
    offsets_.start = std::max(offsets_.start, start);
    DeletedFiles files{resources_.doors.scheduler.now() + config_.file_delete_delay, {}};
    for (const auto suffix :
         {log_suffix, index_suffix, time_index_suffix, txn_index_suffix, snapshot_suffix}) {
        const std::string from = index_files_.path(base, suffix);
        const std::string to = from + std::string(deleted_suffix);
        resources_.files.forget(from);
        const auto renamed = disk.rename(from, to);
        if (renamed) files.paths.push_back(to);
        if (renamed.failed() && renamed.error() != Error::not_found) return renamed;
        if (suffix == log_suffix) CHECK_OK(disk.sync_directory(directory_));
    }
    SOMETIMES("log.segment_deleted", true);
    start_on_disk_ = std::max(start_on_disk_, start);
    epoch_changes_ += epochs_.truncate_from_start(start_on_disk_);
    index_files_.forget(base);
    std::erase(snapshots_, base);
    size_bytes_ -= segments_.take_first()->size;
    deleted_.push_back(std::move(files));
    return {};
}

Result<void> Log::delete_due_files() {
    const Time now = resources_.doors.scheduler.now();
    while (!deleted_.empty() && deleted_.front().due <= now) {
        for (const std::string& path : deleted_.front().paths)
            CHECK_OK(remove_if_present(resources_.doors.disk, path));
        deleted_.erase(deleted_.begin());
    }
    return {};
}

}  // namespace sluice::storage
