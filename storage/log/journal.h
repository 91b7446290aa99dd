#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/base/uuid.h"
#include "core/env/event.h"
#include "core/env/logger.h"
#include "storage/log/journal_files.h"
#include "storage/log/journal_record.h"
#include "storage/log/standby.h"
#include "storage/log/tail.h"

namespace sluice::storage {

class Log;
struct LogDoors;

// Makes durable what the logs of one shard appended, all of it with one durable write: at once when
// the disk is idle, otherwise with the next record, never after a fixed delay. The segments are
// written behind it; after a crash replay_journals() gives them what they lack.
//
// After a failed write nothing more can be made durable here, and every log that wants it
// goes offline.
class Journal {
public:
    Journal(const LogDoors& doors, std::string root, const LogOptions& options, TailBudget& tails);

    // Error::limit when no fiber can be had.
    Result<void> start() { return writer_.start(); }
    // The log has something to secure. Never waits.
    void commit(Log& log);
    // Segments are synced further: a file may be free.
    void segments_synced() { synced_.notify_all(); }
    // The journal uses the log no more and forgets what it holds of it.
    void forget(Log& log);
    // What it holds must stay for the next start, because a log could not bring it to its segment:
    // from now on logs are secured by their segments alone.
    void close();
    bool failed() const { return failed_; }
    // Of a log that was forgotten nothing stands in records from this one on. May wait for one that
    // is being written.
    Result<broker::JournalMark> mark();
    // Waits for its end, and says what it did.
    void join();

private:
    struct Part {
        Log* log;  // None when it left meanwhile.
        std::vector<Tail::Piece> pieces;
        std::uint64_t mark = 0;  // Of its tail, behind the pieces.
    };
    struct Size {
        std::size_t entries = 0;
        std::size_t head = journal_head_fixed_bytes;
        std::size_t copied = 0;
        std::size_t spanned = 0;  // In whole pages.

        void add(const Log& log, const Part& part, std::size_t copy_bytes_max);
        std::size_t payload_bytes() const { return copied + spanned; }
        std::size_t record_bytes() const { return page_ceil(head + copied) + spanned; }
    };
    // In the making.
    struct Record {
        std::vector<Part> parts;
        Size size;
    };

    void run();
    Result<void> commit_once();
    Record gather();
    void queue_first(Log& log);
    void put_back(const Record& record);
    Result<void> make_room();
    Result<void> wait_for_segments();
    Result<void> write(Record& record);
    std::vector<Slice> encode(const Record& record, std::uint64_t oldest_needed);
    void tell(const Record& record);
    void relieve();
    void relieve_memory();
    void hand_over();
    void fail();

    env::Scheduler& scheduler_;
    env::Logger& logger_;
    const LogOptions& options_;
    TailBudget& tails_;
    const Uuid id_;
    JournalFiles files_;
    std::uint64_t next_sequence_ = 1;
    std::deque<Log*> queue_;
    Record* writing_ = nullptr;
    env::Signal synced_;  // Segments were.
    env::Signal moved_;   // A record was written, or there will be none.
    // A record of this number must be written though nothing waits for it.
    std::uint64_t wanted_sequence_ = 0;
    bool retrying_ = false;  // A record with the next number may be on disk, from a failed attempt.
    Buffer head_;
    bool failed_ = false;
    bool closed_;  // Or there never was one.
    std::uint64_t bytes_written_ = 0;
    std::uint64_t relieved_at_ = 0;  // So much was written behind when memory was last asked for.
    Standby writer_;
};

}  // namespace sluice::storage
