#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/env/disk.h"
#include "storage/log/journal_record.h"
#include "storage/log/options.h"
#include "storage/log/pages.h"

namespace sluice::storage {

class Log;

// Journals are plain files at the top of the data directory, where Kafka looks at directories only:
// "sluice-journal-<number>". The number means nothing.
inline constexpr std::string_view journal_prefix = "sluice-journal-";
// There while the journals beside it are worth nothing any more: they are removed one by one, and a
// part of them looks like damage.
inline constexpr std::string_view journals_replayed_file = "sluice-journals-replayed";

// What a journal notes at each log.
struct JournalPlace {
    bool queued = false;     // For the next record.
    std::uint64_t file = 0;  // The last one with something of the log, counted from 1,
    std::size_t index = 0;   // and where in its list.
};

// The files of one shard's journal: written one after the other, and again when the segments hold
// everything that is in them, on disk. Owned by the Journal, used by its one fiber.
class JournalFiles {
public:
    JournalFiles(env::Disk& disk, std::string root, const LogOptions& options);

    // Nothing that is larger ever fits.
    std::size_t record_bytes_max() const {
        return std::min<std::uint64_t>(file_bytes_ - page_bytes, journal_record_bytes_max);
    }
    bool fits(std::size_t record_bytes) const;
    // Writes one record behind the last one in the current file; it is durable on return.
    // Error::no_space: try again.
    Result<void> write(std::span<const Slice> pieces, std::size_t record_bytes);
    // The record with this head was written: the next one goes behind it.
    void written(const JournalHead& head);
    // It has batches of `log` up to `end`.
    void holds(Log& log, Offset end);

    // Lets files go that nobody needs any more.
    void recycle();
    // The oldest record that somebody needs when `next` is the sequence number of the next one.
    std::uint64_t oldest_needed(std::uint64_t next) const;
    // What must be known to be true before the next file is written over: that none of its old
    // records is needed. False when no record on disk says so yet.
    bool may_begin_next() const;
    // Goes on in another file. Error::limit when all are in use.
    Result<void> begin_next(std::uint64_t sequence);
    bool is_scarce() const;

    // Logs that the oldest file waits for.
    std::vector<Log*> awaited() const;
    // The log is deleted, or has everything in its segments.
    void forget(const Log& log);

private:
    struct Holding {
        Log* log;
        Offset end;
    };
    struct File {
        std::uint64_t number = 0;
        std::unique_ptr<env::File> file;
        std::uint64_t size = 0;            // Of it, on disk.
        std::uint64_t first_sequence = 0;  // In this lap,
        std::uint64_t last_sequence = 0;   // or in the last one.
        std::vector<Holding> holdings;
    };

    Result<void> make_file();
    bool is_needed(const File& file) const;

    env::Disk& disk_;
    const std::string root_;
    const LogOptions& options_;
    const std::uint64_t file_bytes_;
    std::deque<File> used_;  // Oldest first; the last one is written to.
    std::deque<File> free_;
    std::uint64_t position_ = 0;
    std::uint64_t next_name_ = 0;
    std::uint64_t files_begun_ = 0;
    std::uint64_t needed_on_disk_ = 0;  // What the newest durable record says.
    Buffer zeros_;
};

}  // namespace sluice::storage
