#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/broker/log.h"
#include "storage/log/file_cache.h"
#include "storage/log/journal_record.h"
#include "storage/log/log_summary.h"
#include "storage/log/resources.h"
#include "storage/log/summaries_file.h"

namespace sluice::storage {

// The logs that journals are replayed into: writes what they lack, syncs at the end.
class JournalTargets {
public:
    using Hints = std::map<std::string, broker::LogHints>;

    JournalTargets(const LogDoors& doors, const std::string& root, const Hints& hints);

    // Brings `bytes` to where the entry of that record says, unless the log is gone, was cut since,
    // or has them durably. Damage of one log is not a failure: it is among unreached() then.
    Result<void> write(const JournalHead& record, const JournalEntry& entry, Slice bytes);
    // The logs that could not be given what is theirs.
    const std::set<std::string>& unreached() const { return unreached_; }
    // Everything written is durable on return, with its names.
    Result<void> sync();
    // After that, of the logs in the journals: one begins where the segments are synced, so that
    // nothing before its last entry is in doubt. Summaries go on with the entries.
    KnownLogs known() const;
    std::uint64_t bytes_written() const { return bytes_written_; }

private:
    // One log as it is found.
    struct Target {
        std::optional<TopicId> topic;  // None when there is no such log any more.
        std::set<Offset> segments;     // Those that were seen,
        bool listed = false;           // or all of them.
        Offset durable{0};             // Everything before it was synced once.
        Offset end{0};                 // Of what the journals have.
        bool written = false;
        std::optional<broker::SyncedLog> synced;
        std::optional<LogSummary> summary;
    };

    bool is_outdated(const JournalHead& record, const std::string& log) const;
    Result<void> write_to_log(const JournalEntry& entry, Slice bytes);
    Result<Target*> find(const std::string& log);
    Result<void> load(const std::string& log, Target& target);
    Result<void> list(const std::string& log, Target& target);
    Result<std::optional<FileCache::Pin>> open(const JournalEntry& entry, Target& target);
    Result<void> sync_all(const std::set<std::string>& paths, bool directories);
    Result<void> sync_one(const std::string& path, bool is_directory);

    const LogDoors doors_;
    const std::string root_;
    const Hints& hints_;
    FileCache files_;
    std::map<std::string, Target> targets_;
    std::set<std::string> unreached_;
    std::set<std::string> written_files_;
    std::set<std::string> written_directories_;
    std::uint64_t bytes_written_ = 0;
};

}  // namespace sluice::storage
