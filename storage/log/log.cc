#include "storage/log/log.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/protocol/record_batch.h"
#include "core/protocol/validate_batch.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/scan.h"

namespace sluice::storage {

Result<std::unique_ptr<Log>> Log::open(LogResources& resources, const LogOpening& opening) {
    Recovery recovery(resources, opening);
    TRY(auto recovered, recovery.run());
    std::unique_ptr<Log> log(new Log(resources, opening, std::move(recovered)));
    CHECK_OK(log->writer_.open());
    return log;
}

Log::Log(LogResources& resources, const LogOpening& opening, RecoveredLog recovered)
    : resources_(resources),
      name_(opening.name),
      directory_(opening.directory()),
      topic_(opening.topic),
      config_(opening.config),
      outdated_(opening.hints.outdated),
      segments_(std::move(recovered.segments)),
      epochs_(std::move(recovered.epochs)),
      producers_(std::move(recovered.producers)),
      tail_(resources.tails, resources.options),
      writer_(resources, directory_, tail_, segments_.active().base, recovered.end),
      index_files_(resources, directory_),
      progressed_(resources.doors.scheduler),
      upkeep_(resources.doors.scheduler),
      journaled_(recovered.end),
      appended_at_upkeep_(recovered.end),
      start_on_disk_(recovered.start),
      checkpointed_(recovered.checkpointed),
      bytes_since_checkpoint_(recovered.bytes_since_checkpoint),
      epoch_changes_(recovered.epochs_on_disk ? 0 : 1),
      snapshots_(std::move(recovered.snapshots)) {
    offsets_ = {recovered.start, recovered.end, recovered.end};
    size_bytes_ = segments_.size_bytes();
    if (recovered.epochs_on_disk && epochs_.latest())
        latest_epoch_on_disk_ = epochs_.latest()->epoch;
    resources_.logs[name_] = this;
}

Log::~Log() {
    ASSERT(visits_ == 0);
    resources_.committer.leave(*this);
    resources_.journal.forget(*this);
    resources_.read_ahead.forget(*this);
    const auto mine = resources_.logs.find(name_);
    if (mine != resources_.logs.end() && mine->second == this) resources_.logs.erase(mine);
}

Result<broker::AppendedBatch> Log::append(Slice batch, const protocol::ValidatedBatch& facts,
                                          LeaderEpoch epoch) {
    if (PLANT("log.producers_before_append"))
        producers_.apply(replication::ProducerBatch::of(facts), offsets_.end);
    CHECK_OK(room_for(batch.size()));
    if (batch.size() < protocol::batch_header_size || facts.last_offset_delta < 0)
        return Error::invalid;
    const BatchPlace place{.base = offsets_.end,
                           .next = offsets_.end.plus(facts.last_offset_delta).next(),
                           .size = static_cast<std::uint32_t>(batch.size()),
                           .max_timestamp = facts.max_timestamp};
    const bool early = segments_.active().size > 2048 && BUGGIFY("log.roll_early");
    const bool rolls = early || must_roll(segments_.active(), config_, place);
    if (rolls) begin_segment(place.base);
    Segment& segment = segments_.active();
    const MutableSlice copy =
        tail_.add(batch, place, segment.base, segment.size, resources_.doors.scheduler.now());
    protocol::place_batch(copy, place.base, epoch);
    if (facts.needs_stamp && !PLANT("log.append_time_not_stamped"))
        protocol::stamp_batch(copy, facts.timestamp_type, facts.max_timestamp);
    segment.add(place, config_.index_interval_bytes);

    const auto latest = epochs_.latest();
    if (!latest || latest->epoch != epoch) epoch_changes_ += epochs_.assign(epoch, place.base);
    producers_.apply(replication::ProducerBatch::of(facts), place.base);
    if (!rolls || !PLANT("log.offset_used_twice_at_roll")) offsets_.end = place.next;
    size_bytes_ += place.size;
    bytes_since_checkpoint_ += place.size;
    resources_.room.appended(place.size);
    resources_.bytes_appended += place.size;
    commit();
    return broker::AppendedBatch{place.base, place.next};
}

Result<void> Log::room_for(std::size_t size) const {
    if (ended_) return *ended_;
    if (is_full(size)) return Error::no_space;
    const std::uint64_t pending = waiting_bytes();
    // A batch larger than the limit passes when it is alone.
    if (pending > 0 && pending + size > resources_.options.pending_bytes_max) return Error::limit;
    return {};
}

bool Log::is_full(std::size_t size) const {
    if (full_ || journal_full_) {
        resources_.room.refused();
        return true;
    }
    return !config_.uses_reserve && (resources_.disk_full || !resources_.room.takes(size));
}

void Log::begin_segment(Offset base) {
    writer_.plan_roll(base, snapshot_bytes(producers_));
    segments_.roll(base);
}

void Log::commit() {
    if (is_lazy())
        resources_.committer.commit(*this);
    else
        resources_.journal.commit(*this);
}

// Appended and not durable, or excused from it.
std::uint64_t Log::waiting_bytes() const {
    return tail_.added_mark() - (is_lazy() ? tail_.written_mark() : tail_.secured_mark());
}

bool Log::commit_once() {
    if (ended_) return false;
    const Visit visit(*this);
    const std::uint64_t until = tail_.added_mark();
    resources_.wrote_behind_at = resources_.doors.scheduler.now();
    const LogWriter::Policy policy{
        .everything = is_lazy() || sync_now_ || std::exchange(write_all_, false),
        .flush_messages = is_lazy() ? config_.flush_messages : INT64_MAX,
        .sync_now = std::exchange(sync_now_, false),
    };
    const auto done = writer_.step(policy);
    if (policy.sync_now && writer_.synced_mark() < until) sync_now_ = true;
    publish();
    resources_.journal.segments_synced();
    if (done) {
        full_ = false;
        return sync_now_ || (is_lazy() ? writer_.has_work() : writes_behind());
    }
    if (done.error() != Error::no_space) {
        end(done.error());
        return false;
    }
    // Reads and deletions go on; what waits is written once there is room.
    SOMETIMES("log.disk_full", true);
    full_ = true;
    progressed_.notify_all();
    const auto& options = resources_.options;
    if (env::sleep_for(resources_.doors.scheduler, options.full_disk_backoff).failed())
        end(Error::stopped);
    return !ended_;
}

bool Log::writes_behind() const {
    const LogOptions& options = resources_.options;
    const Duration rest = resources_.doors.scheduler.now() - resources_.wrote_behind_at;
    const std::size_t limit =
        rest < options.write_behind_interval
            ? options.write_behind_bytes
            : std::min(options.write_behind_bytes_min, options.write_behind_bytes);
    // Less than a page may not end one.
    const std::size_t bytes = std::max(limit, page_bytes);
    return tail_.secured_mark() >= tail_.written_mark() + bytes || writer_.roll_due();
}

void Log::publish() {
    const Offset durable = std::max(journaled_, writer_.synced());
    const bool excused = config_.flush_messages > 1;
    offsets_.durable = std::max(offsets_.durable, excused ? writer_.written() : durable);
    if (PLANT("log.acknowledged_before_sync")) offsets_.durable = offsets_.end;
    if (BUGGIFY("log.evict_early")) tail_.evict();
    const auto note = [this](std::optional<Time>& since, bool holds) {
        if (!holds) since.reset();
        if (holds && !since) since = resources_.doors.scheduler.now();
    };
    note(unsynced_since_, writer_.written() != writer_.synced());
    note(behind_since_, tail_.secured_mark() > tail_.written_mark());
    for (const Offset snapshot : writer_.take_snapshots()) snapshots_.push_back(snapshot);
    progressed_.notify_all();
    tell_owner();
}

std::vector<Tail::Piece> Log::unsecured(std::size_t bytes_max) {
    if (ended_ || is_lazy() || tail_.secured_mark() == tail_.added_mark()) return {};
    auto pieces = tail_.unsecured(bytes_max);
    // It was lazy until now: what it wrote meanwhile is in its segments only.
    if (pieces.empty()) write_behind();
    return pieces;
}

void Log::journaled(std::uint64_t mark, Offset next) {
    if (ended_) return;
    tail_.secured(mark);
    journaled_ = std::max(journaled_, next);
    journal_full_ = false;
    publish();
    if (tail_.secured_mark() < tail_.added_mark()) commit();
    if (writes_behind()) resources_.committer.commit(*this);
}

void Log::journal_is_full() {
    journal_full_ = true;
    progressed_.notify_all();
}

void Log::write_behind() {
    if (ended_) return;
    sync_now_ = true;
    resources_.committer.commit(*this);
}

void Log::end(Error why) {
    if (ended_) return;
    SOMETIMES("log.offline", why != Error::stopped);
    ended_ = why == Error::stopped ? Error::stopped : Error::io;
    offline_ = ended_ == Error::io;
    // What the segments lack must stay in the journal.
    if (offline_ && tail_.secured_mark() > writer_.synced_mark()) resources_.journal.close();
    if (offline_) resources_.doors.logger.error("log.offline", {{"log", name_}});
    progressed_.notify_all();
    tell_owner();
}

Result<void> Log::wait_durable(Offset end) {
    if (end > offsets_.end) return Error::invalid;
    const Visit visit(*this);
    while (offsets_.durable < end) {
        if (ended_) return *ended_;
        CHECK_OK(progressed_.wait());
    }
    return {};
}

Result<void> Log::wait_synced(Offset end) {
    while (writer_.synced() < end) {
        if (ended_) return *ended_;
        // Whoever wants everything on disk, to stop or to delete, must not wait for room.
        if (full_) return Error::no_space;
        write_behind();
        CHECK_OK(progressed_.wait());
    }
    return {};
}

Result<void> Log::wait_secured(Offset end) {
    if (end > offsets_.end) return Error::invalid;
    const Visit visit(*this);
    while (std::max(journaled_, writer_.synced()) < end) {
        if (ended_) return *ended_;
        // That may last.
        if (is_full(0)) return Error::no_space;
        // Until so many more have come as its topic says.
        if (config_.flush_messages > 1) return Error::stopped;
        CHECK_OK(progressed_.wait());
    }
    return {};
}

Result<void> Log::wait_for_room() {
    const Visit visit(*this);
    // Half of it, or everybody who waits would come back for one batch.
    while (waiting_bytes() > resources_.options.pending_bytes_max / 2) {
        if (ended_) return *ended_;
        if (is_full(0)) return Error::no_space;
        CHECK_OK(progressed_.wait());
    }
    return room_for(0);
}

Result<broker::LogRead> Log::read(const ReadRange& range) {
    if (ended_) return *ended_;
    if (range.from < offsets_.start || range.from > offsets_.end) return Error::invalid;
    if (range.from == offsets_.end || range.from >= range.before) return broker::LogRead{};
    if (!tail_.empty() && range.from >= tail_.begin().offset) return tail_.read(range);
    const Visit visit(*this);
    auto ahead = resources_.read_ahead.take(*this, range);
    if (ended_) return *ended_;
    if (!ahead) {
        TRY(ahead, read_from_disk(range));
    }
    if (ahead->batches.size > 0) resources_.read_ahead.given(*this, range, ahead->next);
    return std::move(ahead->batches);
}

bool Log::has_on_disk(Offset offset) const {
    return !ended_ && offset >= offsets_.start && offset < offsets_.durable &&
           (tail_.empty() || offset < tail_.begin().offset);
}

Result<DiskRead> Log::read_ahead(const ReadRange& range) {
    if (!has_on_disk(range.from) || range.from >= range.before) return DiskRead{};
    const Visit visit(*this);
    return read_from_disk(range);
}

// As far as a segment is in its file for sure: readers find the rest in the tail.
IndexFiles::Written Log::written_part(const Segment& segment) const {
    std::uint64_t size = segment.size;
    if (!tail_.empty()) {
        const Tail::Begin tail = tail_.begin();
        if (tail.segment == segment.base) size = tail.position;
        if (tail.segment < segment.base) size = 0;
    }
    return {.base = segment.base,
            .size = size,
            .size_appended = segment.size,
            .offset_bytes = segment.offset_bytes_on_disk,
            .time_bytes = segment.time_bytes_on_disk,
            .index_interval_bytes = config_.index_interval_bytes};
}

// Where to look for `offset` in the segment that begins at `base`.
Result<std::uint64_t> Log::position_before(Offset base, Offset offset) {
    const Segment* const segment = segments_.find(base);
    if (segment == nullptr) return Error::invalid;
    if (const auto entry = segment->fresh.floor(offset)) return std::uint64_t{entry->position};
    if (segment->offset_bytes_on_disk == 0) return std::uint64_t{0};
    TRY(const SegmentIndex* const index, index_files_.load(written_part(*segment)));
    const auto entry = index->floor(offset);
    return std::uint64_t{entry ? entry->position : 0};
}

Result<DiskRead> Log::read_from_disk(const ReadRange& range) {
    SOMETIMES("log.read_from_disk", true);
    const Segment& segment = *segments_.list()[segments_.position_of(range.from)];
    const IndexFiles::Written written = written_part(segment);
    const std::string path = index_files_.path(written.base, log_suffix);
    for (int attempt = 0;; ++attempt) {
        auto position = position_before(written.base, range.from);
        auto result = Result<DiskRead>(Error::corrupt);
        if (position) {
            const auto file = resources_.files.open(path, env::OpenMode::read);
            if (file.failed())
                result = file.error();
            else
                result = read_segment(**file, resources_.doors.pages,
                                      {.position = *position,
                                       .end = written.size,
                                       .range = range,
                                       .slack_bytes = resources_.options.read_slack_bytes});
        } else {
            result = position.error();
        }
        if (result) return result;
        if (ended_) return *ended_;
        // Deleted while we read it.
        if (range.from < offsets_.start) return Error::invalid;
        if (result.error() != Error::corrupt) return result;
        // Perhaps only its index is wrong.
        if (attempt > 0 || index_files_.rebuild(written).failed()) {
            resources_.doors.logger.error("log.corrupt", {{"log", name_}, {"file", path}});
            return Error::corrupt;
        }
    }
}

}  // namespace sluice::storage
