#include "storage/log/journal_replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "storage/log/file_io.h"
#include "storage/log/journal_files.h"
#include "storage/log/journal_scan.h"
#include "storage/log/journal_target.h"
#include "storage/log/names.h"

namespace sluice::storage {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 20;

class Replay {
public:
    Replay(const LogDoors& doors, const std::string& root, const JournalTargets::Hints& hints)
        : doors_(doors), root_(root), targets_(doors, root, hints) {}

    Result<void> run(const std::vector<std::string>& paths);
    Replayed result() const { return {targets_.unreached(), targets_.synced()}; }

private:
    struct Place {
        std::size_t file = 0;
        std::uint64_t position = 0;
        std::uint64_t oldest_needed = 0;
    };
    using Records = std::map<std::uint64_t, Place>;
    struct JournalFile {
        std::string path;
        std::unique_ptr<env::File> file;
        std::uint64_t size = 0;
        JournalScan scan;
    };

    Result<void> find_records(std::size_t number);
    Result<void> replay(const Records& records);
    Result<void> replay_record(const Place& place);

    const LogDoors doors_;
    const std::string root_;
    JournalTargets targets_;
    std::vector<JournalFile> files_;
    std::map<Uuid, Records> journals_;
    std::uint64_t records_replayed_ = 0;
};

Result<void> Replay::run(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        TRY(auto file, doors_.disk.open(path, env::OpenMode::read));
        TRY(const std::uint64_t size, file->size());
        JournalScan scan(*file, size, read_bytes);
        files_.push_back({path, std::move(file), size, std::move(scan)});
        CHECK_OK(find_records(files_.size() - 1));
    }
    for (const auto& [id, records] : journals_) {
        CHECK_OK(replay(records));
        if (PLANT("journal.only_one_replayed")) break;
    }
    CHECK_OK(targets_.sync());
    doors_.logger.info("journal.replayed",
                       {{"files", fmt::to_string(files_.size())},
                        {"records", fmt::to_string(records_replayed_)},
                        {"bytes_written", fmt::to_string(targets_.bytes_written())}});
    return {};
}

Result<void> Replay::find_records(std::size_t number) {
    JournalFile& of = files_[number];
    std::uint64_t end = 0;
    for (;;) {
        TRY(const auto found, of.scan.next());
        if (!found) break;
        journals_[found->head.journal][found->head.sequence] = {number, found->position,
                                                                found->head.oldest_needed};
        end = found->position + found->head.record_bytes;
    }
    SOMETIMES("journal.torn_end_cut", end < of.size);
    return {};
}

// The newest record says from where on all are needed, and each proves that the one before it was
// durable.
Result<void> Replay::replay(const Records& records) {
    const auto newest = std::prev(records.end());
    std::uint64_t expected = newest->second.oldest_needed;
    for (auto record = records.lower_bound(expected); record != records.end(); ++record) {
        if (record->first != expected) {
            doors_.logger.error("journal.damaged", {{"record", fmt::to_string(expected)},
                                                    {"before", files_[record->second.file].path}});
            return Error::corrupt;
        }
        ++expected;
    }
    for (auto record = records.lower_bound(newest->second.oldest_needed); record != records.end();
         ++record) {
        if (record == newest && PLANT("journal.newest_record_left_out")) break;
        CHECK_OK(replay_record(record->second));
    }
    return {};
}

Result<void> Replay::replay_record(const Place& place) {
    JournalScan& scan = files_[place.file].scan;
    scan.go_to(place.position);
    TRY(const auto found, scan.next());
    // It was sound a moment ago.
    if (!found || found->position != place.position) return Error::corrupt;
    for (const JournalEntry& entry : found->head.entries)
        CHECK_OK(targets_.write(entry, found->record.subspan(entry.at, entry.size)));
    ++records_replayed_;
    return {};
}

struct Found {
    std::vector<std::string> paths;  // Of journals.
    bool replayed = false;
};

Result<Found> find_journals(env::Disk& disk, const std::string& root) {
    Found found;
    TRY(const auto entries, disk.list(root));
    for (const auto& entry : entries) {
        if (entry.name == journals_replayed_file) found.replayed = true;
        if (entry.name.starts_with(journal_prefix) && !entry.is_directory)
            found.paths.push_back(join(root, entry.name));
    }
    return found;
}

Result<void> remove_journals(env::Disk& disk, const std::string& root, const Found& found) {
    for (const std::string& path : found.paths) CHECK_OK(remove_if_present(disk, path));
    return disk.sync_directory(root);
}

}  // namespace

Result<Replayed> replay_journals(const LogDoors& doors, const std::string& root,
                                 const std::map<std::string, broker::LogHints>& hints) {
    env::Disk& disk = doors.disk;
    const std::string mark = join(root, journals_replayed_file);
    TRY(const Found found, find_journals(disk, root));
    Replayed replayed;
    if (found.paths.empty() && !found.replayed) return replayed;
    if (!found.replayed) {
        Replay replay(doors, root, hints);
        CHECK_OK(replay.run(found.paths));
        replayed = replay.result();
        if (!replayed.unreached.empty()) return replayed;
    }
    { TRY(const auto file, disk.open(mark, env::OpenMode::create)); }
    CHECK_OK(disk.sync_directory(root));
    CHECK_OK(remove_journals(disk, root, found));
    CHECK_OK(disk.remove(mark));
    CHECK_OK(disk.sync_directory(root));
    return replayed;
}

Result<void> discard_journals(const LogDoors& doors, const std::string& root) {
    TRY(const Found found, find_journals(doors.disk, root));
    if (found.paths.empty()) return {};
    return remove_journals(doors.disk, root, found);
}

}  // namespace sluice::storage
