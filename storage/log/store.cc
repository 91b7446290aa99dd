#include "storage/log/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "storage/log/checkpoint_files.h"
#include "storage/log/file_io.h"
#include "storage/log/names.h"

namespace sluice::storage {

Store::Store(const LogDoors& doors, std::string root, const LogOptions& options)
    : resources_(doors, root, options),
      root_(std::move(root)),
      brought_up_to_date_(doors.scheduler.now()),
      stop_asked_(doors.scheduler),
      fibers_(doors.scheduler) {}

Store::~Store() {
    ASSERT(resources_.logs.empty());
}

Result<std::unique_ptr<broker::PartitionLog>> Store::open(const std::string& name,
                                                          const TopicId& topic,
                                                          const broker::LogConfig& config,
                                                          const broker::LogHints& hints) {
    if (stopping_) return Error::stopped;
    if (resources_.logs.contains(name)) return Error::exists;
    if (hints.lacks_journal) return Error::io;
    CHECK_OK(start());
    const LogOpening opening{
        .root = root_, .name = name, .topic = topic, .config = config, .hints = hints};
    auto log = Log::open(resources_, opening);
    if (log.failed() && log.error() == Error::invalid && name != broker::metadata_log_name) {
        CHECK_OK(set_aside(opening.directory()));
        log = Log::open(resources_, opening);
    }
    std::erase_if(closed_, [&](const Checkpoint& closed) { return closed.name == name; });
    if (log.failed()) {
        // What was durable once must not be cut by the start after the next checkpoint.
        if (hints.synced || hints.recovery_point)
            closed_.push_back({.name = name,
                               .recovery_point = hints.recovery_point.value_or(Offset(0)),
                               .start = {},
                               .synced = hints.synced.value_or(broker::SyncedLog{}),
                               .summary = hints.summary,
                               .outdated = hints.outdated});
        return log.error();
    }
    return std::unique_ptr<broker::PartitionLog>(std::move(*log));
}

// A directory of another topic: one of that name was deleted, and a crash came before its directory
// was renamed. Or somebody brought it here, so nothing of it is deleted.
Result<void> Store::set_aside(const std::string& directory) {
    const std::string stray = free_name(directory, directory_stray_suffix);
    CHECK_OK(resources_.doors.disk.rename(directory, stray));
    CHECK_OK(resources_.doors.disk.sync_directory(root_));
    SOMETIMES("log.stray_set_aside", true);
    resources_.doors.logger.warn(
        "log.stray", {{"directory", stray},
                      {"why", "it belongs to another topic of that name, deleted or foreign"},
                      {"remedy", "remove it when nobody misses it"}});
    return {};
}

// Unique however often a topic of that name comes and goes, and not longer than a file system
// takes.
std::string Store::free_name(std::string_view directory, std::string_view suffix) {
    Random& random = resources_.doors.random;
    // Drawn one behind the other: compilers disagree about the order of arguments.
    const std::uint64_t first = random.next();
    const std::uint64_t second = random.next();
    const std::string end = fmt::format(".{:016x}{:016x}{}", first, second, suffix);
    return std::string(directory.substr(0, name_bytes_max - end.size())) + end;
}

Log& Store::mine(broker::PartitionLog& log) const {
    const auto found = std::ranges::find_if(
        resources_.logs, [&](const auto& entry) { return entry.second == &log; });
    ASSERT(found != resources_.logs.end());
    return *found->second;
}

Result<void> Store::close(broker::PartitionLog& log) {
    Log& closed = mine(log);
    CHECK_OK(closed.close());
    closed_.push_back(closed.checkpoint_of_now());
    return {};
}

Result<void> Store::remove(std::unique_ptr<broker::PartitionLog> log) {
    Log& removed = mine(*log);
    removed.abandon(Log::Leaving::deleted);
    return leave_for_deletion(removed.directory(), removed.config().file_delete_delay);
}

Result<void> Store::remove_unopened(const std::string& name, Duration file_delete_delay) {
    ASSERT(!resources_.logs.contains(name));
    std::erase_if(closed_, [&](const Checkpoint& closed) { return closed.name == name; });
    return leave_for_deletion(join(root_, name), file_delete_delay);
}

Result<void> Store::leave_for_deletion(const std::string& directory, Duration delay) {
    std::string to = free_name(directory, directory_delete_suffix);
    CHECK_OK(resources_.doors.disk.rename(directory, to));
    CHECK_OK(resources_.doors.disk.sync_directory(root_));
    deleted_.push_back({std::move(to), resources_.doors.scheduler.now() + delay});
    return {};
}

std::vector<broker::LogStore::Checkpoint> Store::checkpoints() {
    bring_files_up_to_date();
    std::vector<Checkpoint> checkpoints = closed_;
    const std::size_t first = checkpoints.size();
    std::vector<Offset> ends;
    for (const auto& [name, log] : resources_.logs) {
        checkpoints.push_back(log->checkpoint_of_now());
        ends.push_back(log->offsets().end);
    }
    for (std::size_t i = 0; i < ends.size(); ++i) {
        Checkpoint& checkpoint = checkpoints[first + i];
        const bool has_summary = checkpoint.summary.size() > 0;
        if (has_summary && !is_secured(checkpoint, ends[i])) checkpoint.summary = {};
    }
    return checkpoints;
}

// A summary may be believed when what it is about survives a power cut. Others may have removed
// the log meanwhile, and made another.
bool Store::is_secured(const Checkpoint& checkpoint, Offset end) {
    const auto log = resources_.logs.find(checkpoint.name);
    if (log == resources_.logs.end() || log->second->topic() != checkpoint.synced.topic)
        return false;
    return !log->second->wait_secured(end).failed();
}

// Those that lag behind most first, until the rest is little enough.
void Store::bring_files_up_to_date() {
    std::vector<std::pair<std::uint64_t, std::string>> behind;
    std::uint64_t total = 0;
    std::size_t index_bytes = 0;
    for (const auto& [name, log] : resources_.logs) {
        if (log->bytes_since_checkpoint() == 0) continue;
        behind.emplace_back(log->bytes_since_checkpoint(), name);
        total += log->bytes_since_checkpoint();
        index_bytes += log->fresh_index_bytes();
    }
    const LogOptions& options = resources_.options;
    const Time now = resources_.doors.scheduler.now();
    const bool is_due = now - brought_up_to_date_ >= options.recovery_interval ||
                        index_bytes > options.fresh_index_bytes_max;
    if (!is_due) return;
    brought_up_to_date_ = now;
    std::ranges::sort(behind, std::greater<>());
    for (const auto& [bytes, name] : behind) {
        if (total <= options.recovery_bytes_max || stopping_) break;
        total -= bytes;
        const auto found = resources_.logs.find(name);
        if (found == resources_.logs.end()) continue;
        const auto kept = found->second->checkpoint();
        if (kept.failed() && kept.error() == Error::stopped) break;
    }
}

void Store::stop() {
    stopping_ = true;
    stop_asked_.set();
    fibers_.join();
    resources_.read_ahead.join();
    resources_.committer.join();
    resources_.journal.join();
    say_what_was_written();
}

// Beside what the journal says of itself: every other write and sync of records.
void Store::say_what_was_written() {
    if (resources_.segment_syncs == 0) return;
    resources_.doors.logger.info("segments.ended",
                                 {{"syncs", fmt::to_string(resources_.segment_syncs)},
                                  {"bytes", fmt::to_string(resources_.segment_bytes_written)}});
}

Result<void> Store::start() {
    if (keeping_house_) return {};
    CHECK_OK(resources_.journal.start());
    CHECK_OK(resources_.committer.start());
    CHECK_OK(fibers_.spawn("log-housekeeping", [this] { keep_house(); }));
    keeping_house_ = true;
    return {};
}

void Store::keep_house() {
    env::Scheduler& scheduler = resources_.doors.scheduler;
    find_deleted_directories();
    while (!stopping_) {
        watch_space();
        delete_due_directories();
        resources_.read_ahead.trim();
        resources_.doors.pages.trim();
        for (const auto& [name, log] : resources_.logs) log->write_if_due(scheduler.now());
        const Time next = scheduler.now() + resources_.options.housekeeping_interval;
        const auto asked = stop_asked_.wait_until(next);
        if (asked.failed() && asked.error() == Error::stopped) return;
    }
}

void Store::watch_space() {
    const auto space = resources_.doors.disk.space(root_);
    if (space.failed()) return;
    const std::uint64_t kept_free = resources_.options.free_bytes_min;
    const std::uint64_t unwritten = resources_.tails.written_behind();
    const bool refused = resources_.room.take_refusal();
    if (kept_free > 0) resources_.room.looked(space->usable_bytes, kept_free, unwritten);
    resources_.disk_full = space->usable_bytes < kept_free;
    // Those who are refused come again: it is over when nobody was for a while.
    constexpr Duration quiet = seconds(10);
    const Time now = resources_.doors.scheduler.now();
    if (refused) refused_at_ = now;
    const bool is_quiet = !refused_at_ || now - *refused_at_ >= quiet;
    if (resources_.disk_full || (refused && unwritten == 0))
        say_room(Room::full, space->usable_bytes);
    else if (is_quiet)
        say_room(Room::enough, space->usable_bytes);
    else if (room_ == Room::enough)
        say_room(Room::low, space->usable_bytes);
}

void Store::say_room(Room room, std::uint64_t usable_bytes) {
    if (room == std::exchange(room_, room)) return;
    env::Logger& logger = resources_.doors.logger;
    const std::string usable = fmt::to_string(usable_bytes);
    const std::string kept = fmt::to_string(resources_.options.free_bytes_min);
    switch (room) {
        case Room::enough:
            logger.info("disk.room", {{"usable_bytes", usable}, {"kept_free_bytes", kept}});
            break;
        case Room::low:
            logger.warn("disk.low", {{"usable_bytes", usable},
                                     {"kept_free_bytes", kept},
                                     {"remedy",
                                      "appends are refused until what was appended before is "
                                      "written; make room"}});
            break;
        case Room::full:
            logger.error("disk.full",
                         {{"usable_bytes", usable},
                          {"kept_free_bytes", kept},
                          {"remedy", "appends are refused until there is room again"}});
            break;
    }
}

// What an earlier process had no time to delete.
void Store::find_deleted_directories() {
    const auto entries = resources_.doors.disk.list(root_);
    if (entries.failed()) return;
    for (const auto& entry : *entries)
        if (entry.is_directory && entry.name.ends_with(directory_delete_suffix))
            deleted_.insert(deleted_.begin(), {join(root_, entry.name), {}});
}

void Store::delete_due_directories() {
    const Time now = resources_.doors.scheduler.now();
    while (!deleted_.empty() && deleted_.front().due <= now) {
        const std::string path = deleted_.front().path;
        // What stays behind is deleted by the next start.
        (void)delete_directory(path);
        deleted_.erase(deleted_.begin());
    }
}

Result<void> Store::delete_directory(const std::string& path) {
    env::Disk& disk = resources_.doors.disk;
    TRY(const auto entries, disk.list(path));
    for (const auto& entry : entries) CHECK_OK(remove_if_present(disk, join(path, entry.name)));
    return disk.remove(path);
}

Result<std::vector<LogDirectory>> list_logs(env::Disk& disk, const std::string& root) {
    constexpr std::size_t metadata_bytes_max = 4096;
    TRY(const auto entries, disk.list(root));
    std::vector<LogDirectory> logs;
    for (const auto& entry : entries) {
        if (!entry.is_directory || !parse_log_name(entry.name)) continue;
        const std::string path = join(join(root, entry.name), partition_metadata_file);
        const auto content = read_file(disk, path, metadata_bytes_max);
        if (content.failed() && content.error() != Error::not_found) return content.error();
        TopicId topic;
        if (content) {
            const auto parsed =
                parse_partition_metadata(as_text({content->data(), content->size()}));
            if (parsed) topic = *parsed;
        }
        logs.push_back({entry.name, topic});
    }
    return logs;
}

}  // namespace sluice::storage
