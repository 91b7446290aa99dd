#include "storage/log/leftovers.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "storage/log/file_io.h"
#include "storage/log/names.h"
#include "storage/log/scan.h"

namespace sluice::storage {
namespace {

constexpr Offset no_end{INT64_MAX - 1};

}  // namespace

Leftovers::Leftovers(LogResources& resources, IndexFiles& indexes, std::string directory)
    : resources_(resources),
      disk_(resources.doors.disk),
      indexes_(indexes),
      directory_(std::move(directory)) {}

Result<void> Leftovers::tidy(std::vector<env::DirectoryEntry>& entries) {
    TRY(const bool changed, finish(entries));
    if (changed) {
        TRY(entries, disk_.list(directory_));
    }
    return remove_orphans(entries);
}

// Files that were to be deleted, or were being written, when the last process ended; and swaps of a
// cleaner that was done with its work, which are carried out.
Result<bool> Leftovers::finish(const std::vector<env::DirectoryEntry>& entries) {
    bool changed = false;
    Offset cleaned_from = no_end;
    for (const auto& entry : entries) {
        const auto file = parse_offset_file(entry.name);
        if (file && file->suffix.ends_with(cleaned_suffix))
            cleaned_from = std::min(cleaned_from, file->offset);
    }
    for (const auto& entry : entries) {
        const std::string_view name = entry.name;
        const auto file = parse_offset_file(name);
        const bool swap = name.ends_with(swap_suffix);
        // A swap beside a cleaned file is half of a segment that was being split.
        const bool finish = swap && file && file->offset < cleaned_from &&
                            file->suffix == std::string(log_suffix) + std::string(swap_suffix);
        if (finish) {
            CHECK_OK(finish_swap(file->offset));
            changed = true;
        } else if (swap || name.ends_with(deleted_suffix) || name.ends_with(cleaned_suffix) ||
                   name.ends_with(temporary_suffix)) {
            CHECK_OK(remove_if_present(disk_, join(directory_, name)));
            changed = true;
        }
    }
    return changed;
}

Result<void> Leftovers::finish_swap(Offset base) {
    const std::string swap = indexes_.path(base, log_suffix) + std::string(swap_suffix);
    Offset next = base.next();
    {
        TRY(const auto file, disk_.open(swap, env::OpenMode::read));
        TRY(const std::uint64_t size, file->size());
        Scan scan(*file, {.from = 0, .end = size}, resources_.options.scan_bytes);
        for (;;) {
            TRY(const auto batch, scan.next());
            if (!batch) break;
            next = batch->next_offset();
        }
        if (scan.damaged()) {
            resources_.doors.logger.error("log.damaged", {{"file", swap}});
            return Error::corrupt;
        }
    }
    TRY(const auto entries, disk_.list(directory_));
    for (const auto& entry : entries) {
        const auto file = parse_offset_file(entry.name);
        if (file && file->suffix == log_suffix && file->offset >= base && file->offset < next)
            CHECK_OK(remove_segment(file->offset));
    }
    CHECK_OK(disk_.rename(swap, indexes_.path(base, log_suffix)));
    return disk_.sync_directory(directory_);
}

// Indexes whose segment went in a deletion that was interrupted.
Result<void> Leftovers::remove_orphans(const std::vector<env::DirectoryEntry>& entries) {
    std::set<Offset> segments;
    for (const auto& entry : entries) {
        const auto file = parse_offset_file(entry.name);
        if (file && file->suffix == log_suffix) segments.insert(file->offset);
    }
    for (const auto& entry : entries) {
        const auto file = parse_offset_file(entry.name);
        if (!file || (file->suffix != index_suffix && file->suffix != time_index_suffix)) continue;
        if (!segments.contains(file->offset))
            CHECK_OK(remove_if_present(disk_, join(directory_, entry.name)));
    }
    return {};
}

Result<void> Leftovers::remove_segment(Offset base) {
    for (const auto suffix : {log_suffix, index_suffix, time_index_suffix, txn_index_suffix}) {
        resources_.files.forget(indexes_.path(base, suffix));
        CHECK_OK(remove_if_present(disk_, indexes_.path(base, suffix)));
    }
    indexes_.forget(base);
    return disk_.sync_directory(directory_);
}

}  // namespace sluice::storage
