#include "storage/log/journal_target.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/env/event.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/file_io.h"
#include "storage/log/names.h"

namespace sluice::storage {
namespace {

constexpr std::size_t idle_files_max = 8192;
constexpr std::size_t syncs_max = 64;
constexpr std::size_t metadata_bytes_max = 4096;

}  // namespace

JournalTargets::JournalTargets(const LogDoors& doors, const std::string& root, const Hints& hints)
    : doors_(doors), root_(root), hints_(hints), files_(doors.disk, idle_files_max) {}

bool JournalTargets::is_outdated(const JournalHead& record, const std::string& log) const {
    const auto hint = hints_.find(log);
    if (hint == hints_.end()) return false;
    return std::ranges::any_of(hint->second.outdated, [&](const broker::JournalMark& mark) {
        return mark.journal == record.journal && record.sequence < mark.sequence;
    });
}

Result<void> JournalTargets::write(const JournalHead& record, const JournalEntry& entry,
                                   Slice bytes) {
    if (unreached_.contains(entry.log)) return {};
    const bool outdated = is_outdated(record, entry.log);
    SOMETIMES("journal.replay_skips_what_was_cut", outdated);
    if (outdated) return {};
    const auto written = write_to_log(entry, bytes);
    if (!written.failed()) return {};
    if (written.error() == Error::stopped || written.error() == Error::no_space)
        return written.error();
    SOMETIMES("journal.log_not_reached", true);
    doors_.logger.error("journal.kept",
                        {{"log", entry.log},
                         {"why", std::string(name_of(written.error()))},
                         {"remedy",
                          "the log stays offline and the journals stay for it: repair its "
                          "directory and start again, or delete the topic"}});
    unreached_.insert(entry.log);
    return {};
}

Result<void> JournalTargets::write_to_log(const JournalEntry& entry, Slice bytes) {
    TRY(Target* const found, find(entry.log));
    Target& target = *found;
    const bool same = target.topic == entry.topic || PLANT("journal.replay_ignores_topic_id");
    SOMETIMES("journal.replay_skips_a_deleted_log", !target.topic || !same);
    if (!target.topic || !same) return {};
    target.end = std::max(target.end, entry.next);
    if (target.summary) target.summary->follow(entry, bytes);
    if (entry.next <= target.durable.plus(PLANT("journal.replay_skips_one_more") ? 1 : 0))
        return {};
    TRY(const auto file, open(entry, target));
    if (!file) return {};
    CHECK_OK(write_fully(**file, entry.position, bytes));
    SOMETIMES("journal.replay_writes", true);
    const std::string directory = join(root_, entry.log);
    written_files_.insert(join(directory, offset_file(entry.segment, log_suffix)));
    const bool has_durable_name = target.synced && entry.segment <= target.synced->segment;
    if (!has_durable_name) written_directories_.insert(directory);
    target.written = true;
    bytes_written_ += bytes.size();
    return {};
}

// The segment that the entry belongs to. Nothing when it was deleted since, with everything before.
Result<std::optional<FileCache::Pin>> JournalTargets::open(const JournalEntry& entry,
                                                           Target& target) {
    using Pin = FileCache::Pin;
    const std::string path = join(join(root_, entry.log), offset_file(entry.segment, log_suffix));
    if (!target.listed || target.segments.contains(entry.segment)) {
        auto file = files_.open(path, env::OpenMode::write);
        if (file) {
            target.segments.insert(entry.segment);
            return std::optional<Pin>(std::move(*file));
        }
        if (file.error() != Error::not_found) return file.error();
    }
    if (!target.listed) CHECK_OK(list(entry.log, target));
    const bool deleted = target.segments.empty() || entry.segment < *target.segments.begin();
    if (deleted && !PLANT("journal.replay_makes_deleted_segments")) return std::optional<Pin>();
    SOMETIMES("journal.replay_makes_a_segment", true);
    TRY(auto file, files_.open(path, env::OpenMode::create));
    target.segments.insert(entry.segment);
    return std::optional<Pin>(std::move(file));
}

Result<JournalTargets::Target*> JournalTargets::find(const std::string& log) {
    const auto [found, is_new] = targets_.try_emplace(log);
    if (is_new) CHECK_OK(load(log, found->second));
    return &found->second;
}

Result<void> JournalTargets::load(const std::string& log, Target& target) {
    const std::string directory = join(root_, log);
    const auto text =
        read_file(doors_.disk, join(directory, partition_metadata_file), metadata_bytes_max);
    // Deleted; or made again after a deletion, and not far yet.
    if (text.failed() && text.error() == Error::not_found) return {};
    if (text.failed()) return text.error();
    target.topic = parse_partition_metadata(as_text({text->data(), text->size()}));
    if (!target.topic) return Error::corrupt;
    const auto hint = hints_.find(log);
    const bool is_known =
        hint != hints_.end() && hint->second.synced && hint->second.synced->topic == *target.topic;
    if (!is_known) return list(log, target);
    target.synced = hint->second.synced;
    target.durable = target.synced->end;
    target.summary = LogSummary::parse(hint->second.summary.view(), LogOptions().producers_max);
    return {};
}

Result<void> JournalTargets::list(const std::string& log, Target& target) {
    TRY(const auto entries, doors_.disk.list(join(root_, log)));
    Offset snapshot{0};
    for (const auto& entry : entries) {
        const auto file = parse_offset_file(entry.name);
        if (file && file->suffix == log_suffix) target.segments.insert(file->offset);
        if (file && file->suffix == snapshot_suffix) snapshot = std::max(snapshot, file->offset);
    }
    target.listed = true;
    // As recovery does: a recovery point alone may be about a deleted log of the same name.
    const auto hint = hints_.find(log);
    if (hint == hints_.end()) return {};
    const Offset point = hint->second.recovery_point.value_or(Offset(0));
    target.durable = std::max(target.durable, std::min(snapshot, point));
    return {};
}

KnownLogs JournalTargets::known() const {
    KnownLogs logs;
    for (const auto& [log, target] : targets_) {
        if (!target.topic || unreached_.contains(log)) continue;
        if (!target.written && !target.synced) continue;
        const broker::SyncedLog nothing{
            .topic = *target.topic, .end = Offset(0), .segment = Offset(-1), .start = Offset(0)};
        broker::SyncedLog synced = target.synced.value_or(nothing);
        if (target.written) synced.end = std::max(synced.end, target.end);
        // Names made later are not meant, however often this is handed on.
        if (written_directories_.contains(join(root_, log)))
            synced.segment = std::max(synced.segment, *target.segments.rbegin());
        logs[log] = {synced, target.summary ? summary_bytes(*target.summary) : Bytes()};
    }
    return logs;
}

Result<void> JournalTargets::sync() {
    if (PLANT("journal.replay_not_synced")) return {};
    CHECK_OK(sync_all(written_files_, false));
    return sync_all(written_directories_, true);
}

Result<void> JournalTargets::sync_all(const std::set<std::string>& paths, bool directories) {
    Result<void> outcome;
    auto next = paths.begin();
    env::FiberGroup fibers(doors_.scheduler);
    const auto work = [&] {
        while (next != paths.end() && !outcome.failed()) {
            const std::string& path = *next++;
            if (const auto done = sync_one(path, directories); done.failed()) outcome = done;
        }
    };
    for (std::size_t i = 1; i < std::min(syncs_max, paths.size()); ++i)
        if (fibers.spawn("journal-replay", work).failed()) break;
    work();
    fibers.join();
    return outcome;
}

Result<void> JournalTargets::sync_one(const std::string& path, bool is_directory) {
    if (is_directory) return doors_.disk.sync_directory(path);
    TRY(const auto file, files_.open(path, env::OpenMode::write));
    return file->sync();
}

}  // namespace sluice::storage
