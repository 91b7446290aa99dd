#pragma once

#include <map>
#include <string>

#include "core/env/env.h"
#include "storage/log/committer.h"
#include "storage/log/disk_room.h"
#include "storage/log/file_cache.h"
#include "storage/log/index_cache.h"
#include "storage/log/journal.h"
#include "storage/log/options.h"
#include "storage/log/read_ahead.h"
#include "storage/log/tail.h"

namespace sluice::storage {

// The doors that logs use.
struct LogDoors {
    env::Scheduler& scheduler;
    const env::Clock& clock;
    env::Disk& disk;
    PageHeap& pages;
    env::Logger& logger;
    Random& random;

    static LogDoors of(const env::Env& env) {
        return {env.scheduler, env.clock, env.disk, env.pages, env.logger, env.random};
    }
};

// What all logs of one shard share, in the data directory `root`.
struct LogResources {
    LogResources(const LogDoors& doors_of_shard, const std::string& root, const LogOptions& limits)
        : doors(doors_of_shard),
          options(limits),
          files(doors.disk, options.idle_files_max),
          indexes(options.index_cache_bytes_max),
          read_ahead(doors.scheduler, options.read_ahead_bytes_max),
          tails(doors.pages, options.cache_bytes_max),
          committer(doors.scheduler, options.flushes_max),
          journal(doors, root, options, tails) {}

    const LogDoors doors;
    const LogOptions options;
    FileCache files;
    IndexCache indexes;
    ReadAhead read_ahead;
    TailBudget tails;
    Committer committer;
    Journal journal;
    // By name; a log is here from its making to its end.
    std::map<std::string, Log*> logs;
    std::uint64_t bytes_appended = 0;
    // Of segments; the journal counts its own.
    std::uint64_t segment_bytes_written = 0;
    std::uint64_t segment_syncs = 0;
    // The names of the logs that the last run left are durable.
    bool names_synced = false;
    // A log last began to bring to its segment what it has in the journal.
    Time wrote_behind_at{};
    // The disk is full, or nearly: appends are refused until it is not.
    bool disk_full = false;
    DiskRoom room;
};

}  // namespace sluice::storage
