#include "storage/log/journal_replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "core/env/event.h"
#include "storage/log/file_io.h"
#include "storage/log/journal_files.h"
#include "storage/log/journal_scan.h"
#include "storage/log/journal_target.h"
#include "storage/log/names.h"

namespace sluice::storage {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 20;
constexpr std::size_t files_at_once = 8;

class Replay {
public:
    Replay(const LogDoors& doors, const std::string& root, const JournalTargets::Hints& hints)
        : doors_(doors), root_(root), targets_(doors, root, hints) {}

    Result<void> run(const std::vector<std::string>& paths);
    Replayed result() const;

private:
    struct Place {
        std::size_t file = 0;
        std::uint64_t position = 0;
    };
    // By sequence. A write that failed may have left a torn one beside the one that followed it.
    using Records = std::multimap<std::uint64_t, Place>;
    struct JournalFile {
        std::size_t number = 0;
        std::string path;
        std::unique_ptr<env::File> file;
        std::uint64_t size = 0;
        JournalScan scan;
    };

    Result<void> open_files(const std::vector<std::string>& paths);
    Result<void> find_all_records();
    Result<void> find_records(JournalFile& of);
    Result<void> replay(Records& records);
    Result<std::optional<JournalScan::Record>> read(const Records& records, std::uint64_t sequence);
    Result<void> write(const JournalScan::Record& record);
    Error damaged(std::uint64_t sequence);

    const LogDoors doors_;
    const std::string root_;
    JournalTargets targets_;
    std::vector<JournalFile> files_;
    std::map<Uuid, Records> journals_;
    std::uint64_t records_replayed_ = 0;
};

Result<void> Replay::run(const std::vector<std::string>& paths) {
    CHECK_OK(open_files(paths));
    CHECK_OK(find_all_records());
    for (auto& [id, records] : journals_) {
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

Replayed Replay::result() const {
    Replayed result{targets_.unreached(), targets_.known(), {}};
    for (const auto& [id, records] : journals_) result.journals.push_back(id);
    return result;
}

Result<void> Replay::open_files(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        TRY(auto file, doors_.disk.open(path, env::OpenMode::read));
        TRY(const std::uint64_t size, file->size());
        JournalScan scan(*file, size, read_bytes);
        files_.push_back({files_.size(), path, std::move(file), size, std::move(scan)});
    }
    return {};
}

// In several files at once: a disk that is asked for one thing at a time is slow.
Result<void> Replay::find_all_records() {
    Result<void> outcome;
    std::size_t next = 0;
    const auto work = [&] {
        while (next < files_.size() && !outcome.failed()) {
            JournalFile& file = files_[next++];
            if (const auto found = find_records(file); found.failed()) outcome = found;
        }
    };
    env::FiberGroup fibers(doors_.scheduler);
    for (std::size_t i = 1; i < std::min(files_at_once, files_.size()); ++i)
        if (fibers.spawn("journal-scan", work).failed()) break;
    work();
    fibers.join();
    return outcome;
}

Result<void> Replay::find_records(JournalFile& of) {
    std::uint64_t end = 0;
    for (;;) {
        TRY(const auto found, of.scan.next());
        if (!found) break;
        journals_[found->head.journal].emplace(found->head.sequence,
                                               Place{of.number, found->position});
        end = found->position + found->head.record_bytes;
    }
    of.scan.rest();
    SOMETIMES("journal.torn_end_cut", end < of.size);
    return {};
}

// The newest record says from where on all are needed, and each proves that the one before it was
// durable: only the newest can be torn, and then nobody was told of it.
Result<void> Replay::replay(Records& records) {
    std::uint64_t newest = records.rbegin()->first;
    TRY(auto last, read(records, newest));
    if (!last) {
        SOMETIMES("journal.newest_is_torn", true);
        records.erase(newest);
        if (records.empty()) return {};
        newest = records.rbegin()->first;
        TRY(last, read(records, newest));
        if (!last) return damaged(newest);
    }
    const std::uint64_t oldest_needed = last->head.oldest_needed;
    for (std::uint64_t sequence = oldest_needed; sequence <= newest; ++sequence)
        if (!records.contains(sequence)) return damaged(sequence);
    for (std::uint64_t sequence = oldest_needed; sequence <= newest; ++sequence) {
        if (sequence == newest && PLANT("journal.newest_record_left_out")) break;
        TRY(const auto record, read(records, sequence));
        // After a write that failed, only memory may have had it.
        if (!record && sequence == newest) break;
        if (!record) return damaged(sequence);
        CHECK_OK(write(*record));
    }
    return {};
}

// Nothing when there is none that is sound.
Result<std::optional<JournalScan::Record>> Replay::read(const Records& records,
                                                        std::uint64_t sequence) {
    const auto [begin, end] = records.equal_range(sequence);
    for (auto place = begin; place != end; ++place) {
        TRY(auto record, files_[place->second.file].scan.read(place->second.position));
        // Where only memory had it after a write that failed, an older one may have come back.
        if (record && record->head.sequence == sequence) return std::optional(std::move(*record));
    }
    return std::optional<JournalScan::Record>();
}

Result<void> Replay::write(const JournalScan::Record& record) {
    for (const JournalEntry& entry : record.head.entries)
        CHECK_OK(targets_.write(record.head, entry, record.bytes.subspan(entry.at, entry.size)));
    ++records_replayed_;
    return {};
}

Error Replay::damaged(std::uint64_t sequence) {
    std::string files;
    for (const JournalFile& file : files_) files += files.empty() ? file.path : ", " + file.path;
    doors_.logger.error("journal.damaged",
                        {{"record", fmt::to_string(sequence)}, {"of", std::move(files)}});
    return Error::corrupt;
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
