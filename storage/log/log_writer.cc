#include "storage/log/log_writer.h"

#include "core/base/probe.h"
#include "storage/log/file_io.h"
#include "storage/log/names.h"

namespace sluice::storage {

Result<void> LogWriter::open() {
    const std::string path = join(directory_, offset_file(segment_, log_suffix));
    TRY(file_, resources_.files.open(path, env::OpenMode::write));
    return {};
}

void LogWriter::plan_roll(Offset base, std::vector<std::uint8_t> producers) {
    rolls_.push_back({base, tail_.added_mark(), std::move(producers)});
}

Result<void> LogWriter::step(const Policy& policy) {
    // A segment that ends does so in the middle of a page.
    const bool everything = policy.everything || roll_due();
    const std::uint64_t until = everything ? tail_.added_mark() : tail_.secured_mark();
    const Tail::Want want{.everything = everything,
                          .bytes_max = resources_.options.write_bytes_max};
    while (tail_.written_mark() < until) {
        const Tail::Chunk chunk = tail_.pending(want);
        if (chunk.size == 0 || chunk.segment != segment_) break;
        CHECK_OK(write(chunk));
    }
    const bool rolls = !rolls_.empty() && rolls_.front().mark == tail_.written_mark();
    const bool sync_due = written_.minus(synced_) >= policy.flush_messages || policy.sync_now;
    if (synced_mark_ < tail_.written_mark() && (sync_due || rolls)) CHECK_OK(sync());
    if (rolls) CHECK_OK(roll());
    return {};
}

Result<void> LogWriter::write(const Tail::Chunk& chunk) {
    CHECK_OK(write_pages(*file_, chunk.position, chunk.pieces));
    if (chunk.end) written_ = std::max(written_, *chunk.end);
    tail_.written(chunk);
    resources_.segment_bytes_written += chunk.size;
    return {};
}

Result<void> LogWriter::sync() {
    const Offset covered = written_;
    const std::uint64_t mark = tail_.written_mark();
    const auto synced = file_->sync();
    // The disk may have dropped what it could not write: there is no second try.
    if (synced.failed() && !PLANT("log.failed_sync_taken_for_done"))
        return synced.error() == Error::stopped ? Error::stopped : Error::io;
    ++resources_.segment_syncs;
    synced_ = covered;
    synced_mark_ = mark;
    tail_.secured(mark);
    return {};
}

// The segment that ends is synced by now, so that a crash never leaves a hole between two.
Result<void> LogWriter::roll() {
    ASSERT(written_ == synced_);
    Roll& roll = rolls_.front();
    const std::string path = join(directory_, offset_file(roll.base, log_suffix));
    TRY(auto file, resources_.files.open(path, env::OpenMode::create));
    CHECK_OK(file->truncate(0));
    SOMETIMES("log.rolled", true);
    if (PLANT("log.directory_not_synced_at_roll")) {
        file_ = std::move(file);
        segment_ = roll.base;
        rolls_.pop_front();
        return {};
    }
    CHECK_OK(resources_.doors.disk.sync_directory(directory_));
    const std::string snapshot = offset_file(roll.base, snapshot_suffix);
    const auto kept = replace_file(resources_.doors.disk, directory_, snapshot, roll.producers);
    // Without it a recovery reads from the one before.
    if (kept) snapshots_.push_back(roll.base);
    if (kept.failed() && kept.error() == Error::stopped) return Error::stopped;
    file_ = std::move(file);
    segment_ = roll.base;
    rolls_.pop_front();
    return {};
}

}  // namespace sluice::storage
