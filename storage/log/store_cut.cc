// How a log loses its end.

#include <algorithm>

#include "storage/log/checkpoint_files.h"
#include "storage/log/file_io.h"
#include "storage/log/names.h"
#include "storage/log/scan.h"
#include "storage/log/store.h"

namespace sluice::storage {

// The log is closed, its files are cut, and recovery finds out what they come to: what is cut is
// rare and short, and a start after a crash at any point of this does the same.
Result<std::unique_ptr<broker::PartitionLog>> Store::cut(
    std::unique_ptr<broker::PartitionLog> log, const Cut& what,
    const std::function<Result<void>()>& checkpoint) {
    Log& old = mine(*log);
    ASSERT(old.config().skips_journal);
    const LogOpening opening{.root = root_,
                             .name = old.name(),
                             .topic = old.topic(),
                             .config = old.config(),
                             .hints = {.recovery_point = Offset(0)}};
    CHECK_OK(old.close());
    log.reset();
    // Nothing is known of it any more but what its files say.
    closed_.push_back({.name = opening.name, .recovery_point = {}, .start = {}, .synced = {}});
    CHECK_OK(checkpoint());
    CHECK_OK(cut_files(opening.directory(), what));
    if (what.all) {
        const std::string text = start_text(what.end);
        CHECK_OK(
            replace_file(resources_.doors.disk, opening.directory(), start_file, as_slice(text)));
    }
    return open(opening.name, opening.topic, opening.config, opening.hints);
}

// The last segment first, so that what is left is always a log.
Result<void> Store::cut_files(const std::string& directory, const Cut& what) {
    env::Disk& disk = resources_.doors.disk;
    TRY(const auto entries, disk.list(directory));
    std::vector<Offset> bases;
    for (const auto& entry : entries) {
        const auto file = parse_offset_file(entry.name);
        if (!file) continue;
        if (file->suffix == log_suffix) bases.push_back(file->offset);
        // What producers came to behind the end.
        if (file->suffix == snapshot_suffix && (what.all || file->offset > what.end))
            CHECK_OK(remove_if_present(disk, join(directory, entry.name)));
    }
    std::ranges::sort(bases, std::greater<>());
    for (const Offset base : bases) {
        const bool holds_end = base < what.end || base == bases.back();
        if (holds_end && !what.all) return cut_segment(directory, base, what.end);
        for (const auto suffix : {log_suffix, index_suffix, time_index_suffix, txn_index_suffix})
            CHECK_OK(remove_if_present(disk, join(directory, offset_file(base, suffix))));
        CHECK_OK(disk.sync_directory(directory));
    }
    return {};
}

Result<void> Store::cut_segment(const std::string& directory, Offset base, Offset end) {
    env::Disk& disk = resources_.doors.disk;
    for (const auto suffix : {index_suffix, time_index_suffix})
        CHECK_OK(remove_if_present(disk, join(directory, offset_file(base, suffix))));
    TRY(const auto file,
        disk.open(join(directory, offset_file(base, log_suffix)), env::OpenMode::write));
    TRY(const std::uint64_t size, file->size());
    Scan scan(*file, {.from = 0, .end = size}, resources_.options.scan_bytes);
    for (;;) {
        TRY(const auto batch, scan.next());
        if (batch && batch->base_offset() < end) continue;
        if (batch) CHECK_OK(file->truncate(scan.batch_position()));
        break;
    }
    CHECK_OK(file->sync());
    return disk.sync_directory(directory);
}

}  // namespace sluice::storage
