// How a log loses its end.

#include <algorithm>

#include "core/base/probe.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/file_io.h"
#include "storage/log/names.h"
#include "storage/log/scan.h"
#include "storage/log/store.h"

namespace sluice::storage {

// The log is closed, which brings all of it to its segments; that the journal's part of it is over,
// and how much will stay, is recorded; then its files are cut, and recovery finds out what they
// come to. A start after a crash at any point of this does the same (docs/decisions/0033).
Result<std::unique_ptr<broker::PartitionLog>> Store::cut(
    std::unique_ptr<broker::PartitionLog> log, const Cut& what,
    const std::function<Result<void>()>& checkpoint) {
    Log& old = mine(*log);
    LogOpening opening{.root = root_,
                       .name = old.name(),
                       .topic = old.topic(),
                       .config = old.config(),
                       .hints = {.outdated = old.outdated()}};
    replication::LeaderEpochs epochs = old.epochs();
    const auto closed = old.close();
    // Until more is known, what was.
    closed_.push_back(old.checkpoint_of_now());
    log.reset();
    if (closed.failed()) return closed.error();
    if (!opening.config.skips_journal) CHECK_OK(mark_journal(opening));
    const std::string directory = opening.directory();
    NewEnd end{.segment = what.end, .position = 0, .offset = what.end};
    if (!what.all) {
        TRY(end, find_end(directory, what.end));
    }
    Checkpoint& known = closed_of(opening.name);
    if (what.all)
        known = {.name = opening.name, .recovery_point = {}, .start = {}, .synced = {}};
    else
        lower(known, end);
    known.outdated = opening.hints.outdated;
    if (!what.all) opening.hints.synced = known.synced;
    opening.hints.recovery_point = known.recovery_point;
    const auto record = [&]() -> Result<void> {
        if (PLANT("log.cut_before_it_is_recorded")) return {};
        return checkpoint();
    };
    CHECK_OK(record());
    if (epochs.truncate_from_end(what.all ? Offset(0) : end.offset))
        CHECK_OK(replace_file(resources_.doors.disk, directory, epochs_file,
                              as_slice(epochs_text(epochs))));
    CHECK_OK(what.all ? remove_segments(directory, Offset(-1)) : cut_files(directory, end));
    if (what.all) {
        const std::string text = start_text(what.end);
        CHECK_OK(replace_file(resources_.doors.disk, directory, start_file, as_slice(text)));
    }
    return open(opening.name, opening.topic, opening.config, opening.hints);
}

// A replay after a crash would bring back what is to go.
Result<void> Store::mark_journal(LogOpening& opening) {
    TRY(const broker::JournalMark mark, resources_.journal.mark());
    auto& outdated = opening.hints.outdated;
    std::erase_if(outdated, [&](const auto& older) { return older.journal == mark.journal; });
    if (!PLANT("log.cut_left_in_the_journal")) outdated.push_back(mark);
    return {};
}

broker::LogStore::Checkpoint& Store::closed_of(const std::string& name) {
    const auto found = std::ranges::find(closed_, name, &Checkpoint::name);
    ASSERT(found != closed_.end());
    return *found;
}

// Less is promised from now on.
void Store::lower(Checkpoint& known, const NewEnd& end) {
    known.recovery_point = std::min(known.recovery_point, end.offset);
    known.synced.end = end.offset;
    known.synced.segment = std::min(known.synced.segment, end.segment);
    known.summary = {};
}

// Behind the last batch that ends at or before `end`. Error::corrupt where a batch before is not
// whole: nothing would tell how much of the log is left.
Result<Store::NewEnd> Store::find_end(const std::string& directory, Offset end) {
    env::Disk& disk = resources_.doors.disk;
    TRY(const std::vector<Offset> bases, segments_in(directory));
    if (bases.empty()) return Error::corrupt;
    NewEnd found{.segment = bases.front(), .position = 0, .offset = bases.front()};
    for (const Offset base : bases)
        if (base < end) found = {.segment = base, .position = 0, .offset = base};
    TRY(const auto file,
        disk.open(join(directory, offset_file(found.segment, log_suffix)), env::OpenMode::read));
    TRY(const std::uint64_t size, file->size());
    Scan scan(*file, {.from = 0, .end = size}, resources_.options.scan_bytes);
    while (found.offset < end) {
        TRY(const auto batch, scan.next());
        if (!batch || batch->base_offset() != found.offset) return damaged_cut(directory, found);
        if (batch->next_offset() > end) break;
        found.offset = batch->next_offset();
        found.position = scan.position();
    }
    return found;
}

Error Store::damaged_cut(const std::string& directory, const NewEnd& sound) {
    resources_.doors.logger.error("log.damaged", {{"log", directory},
                                                  {"what", "what is to stay when the log is cut"},
                                                  {"offset", std::to_string(sound.offset.value)}});
    return Error::corrupt;
}

Result<std::vector<Offset>> Store::segments_in(const std::string& directory) {
    TRY(const auto entries, resources_.doors.disk.list(directory));
    std::vector<Offset> bases;
    for (const auto& entry : entries)
        if (const auto file = parse_offset_file(entry.name); file && file->suffix == log_suffix)
            bases.push_back(file->offset);
    std::ranges::sort(bases);
    return bases;
}

// Those behind the one that begins at `last`, the newest first, so that what is left is always a
// log; with what was noted of producers there.
Result<void> Store::remove_segments(const std::string& directory, Offset last) {
    env::Disk& disk = resources_.doors.disk;
    TRY(std::vector<Offset> bases, segments_in(directory));
    for (auto base = bases.rbegin(); base != bases.rend() && *base > last; ++base) {
        for (const auto suffix : {log_suffix, index_suffix, time_index_suffix, txn_index_suffix})
            CHECK_OK(remove_if_present(disk, join(directory, offset_file(*base, suffix))));
        CHECK_OK(disk.sync_directory(directory));
    }
    return {};
}

Result<void> Store::cut_files(const std::string& directory, const NewEnd& end) {
    env::Disk& disk = resources_.doors.disk;
    TRY(const auto entries, disk.list(directory));
    for (const auto& entry : entries) {
        const auto file = parse_offset_file(entry.name);
        if (file && file->suffix == snapshot_suffix && file->offset > end.offset)
            CHECK_OK(remove_if_present(disk, join(directory, entry.name)));
    }
    CHECK_OK(remove_segments(directory, end.segment));
    for (const auto suffix : {index_suffix, time_index_suffix})
        CHECK_OK(remove_if_present(disk, join(directory, offset_file(end.segment, suffix))));
    TRY(const auto file,
        disk.open(join(directory, offset_file(end.segment, log_suffix)), env::OpenMode::write));
    CHECK_OK(file->truncate(end.position));
    CHECK_OK(file->sync());
    return disk.sync_directory(directory);
}

}  // namespace sluice::storage
