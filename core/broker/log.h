#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/strong.h"
#include "core/base/time.h"
#include "core/base/uuid.h"

namespace sluice::protocol {
struct ValidatedBatch;
}
namespace sluice::replication {
class LeaderEpochs;
class ProducerStates;
}  // namespace sluice::replication

namespace sluice::broker {

// What the broker needs from below to keep partitions; storage/log implements it.

// The topic's settings that change how its log behaves; may be replaced while it is open.
struct LogConfig {
    std::uint64_t segment_bytes = std::uint64_t{1} << 30;
    Duration segment_age_max = std::chrono::hours(168);
    std::uint32_t segment_index_bytes = 10 << 20;
    std::uint32_t index_interval_bytes = 4096;
    std::int64_t retention_bytes = -1;                 // -1: no limit.
    Duration retention_age = std::chrono::hours(168);  // Negative: no limit.
    Duration file_delete_delay = std::chrono::seconds(60);
    Duration producer_id_expiration = std::chrono::hours(24);
    // How many records may be acknowledged before they are synced: 1 is durable, more is Kafka's
    // way.
    std::int64_t flush_messages = 1;
    Duration flush_interval = Duration::max();
    // Durable in its segments alone. Never changes.
    bool skips_journal = false;
    // May use what is kept free for it when the disk is nearly full: without the metadata nothing
    // could be deleted any more.
    bool uses_reserve = false;
};

// Offsets of one log: start <= durable <= end.
struct LogOffsets {
    Offset start;    // The first record that may be read; may stand inside a batch.
    Offset durable;  // Everything before it is on disk (or was excused by flush.messages).
    Offset end;      // The next record gets it.
};

// The offsets that a batch got.
struct AppendedBatch {
    Offset base;  // Of its first record.
    Offset next;  // The offset behind its last record.
};

// Whole batches in wire form, one behind the other over all pieces, the first of them holding the
// offset asked for. Nothing when there is none. The pieces share the log's memory or own what was
// read; they stay good however long they are kept, and whatever becomes of the log.
struct LogRead {
    std::vector<Bytes> pieces;
    std::size_t size = 0;
};

// A record that was found by its time.
struct TimestampOffset {
    Timestamp timestamp;
    Offset offset;
    LeaderEpoch leader_epoch = no_leader_epoch;
};

// Whoever owns a log hears from it what nobody may be waiting for.
class LogOwner {
public:
    // `durable` has moved, or the log went offline. On the log's shard, at once; must not wait.
    virtual void progressed() = 0;

protected:
    ~LogOwner() = default;
};

// The log of one partition, on its home shard. A Partition owns it.
//
// Appending orders and keeps a batch in memory; a writer of the log's own carries it to disk, many
// batches with one sync, and moves `durable` (decisions 0005). After a failed write or sync the log
// is offline for good: append, read and wait_durable answer Error::io.
class PartitionLog {
public:
    virtual ~PartitionLog() = default;

    // Who hears of it from now on; nobody when null.
    void belongs_to(LogOwner* owner) { owner_ = owner; }

    // Takes the next offsets for `batch`, one valid batch in wire form that checked out as `facts`,
    // and notes its producer and epoch. Copies the bytes; never waits. Error::no_space while the
    // disk is full, Error::limit while too much waits for the disk: wait_for_room first.
    virtual Result<AppendedBatch> append(Slice batch, const protocol::ValidatedBatch& facts,
                                         LeaderEpoch epoch) = 0;
    // Waits until everything before `end` is durable. Error::io when it will never be.
    virtual Result<void> wait_durable(Offset end) = 0;
    // Waits until append() takes more again: after Error::limit. Error::no_space when the disk is
    // full meanwhile, Error::io when the log is offline.
    virtual Result<void> wait_for_room() = 0;

    // Whole batches from the one holding `from`, none of which begins at or after `before`,
    // together at most `bytes_max`; the first one whatever its size when `at_least_one`. May wait.
    // Error::invalid outside [start, end], Error::corrupt when a batch comes back damaged.
    struct ReadRange {
        Offset from;
        Offset before;
        std::size_t bytes_max = 1 << 20;
        bool at_least_one = true;
    };
    virtual Result<LogRead> read(const ReadRange& range) = 0;
    // The first record at or after `time` among those before `before`; the one with the greatest
    // timestamp when `time` is empty. May wait.
    virtual Result<std::optional<TimestampOffset>> find_timestamp(std::optional<Timestamp> time,
                                                                  Offset before) = 0;
    // Forgets every record before `start`: durable when it returns. Segments go later.
    virtual Result<void> advance_start(Offset start) = 0;
    // Notes that `epoch` begins at the log's end, though nothing is written in it yet; on disk with
    // the next checkpoint.
    virtual void begin_epoch(LeaderEpoch epoch) = 0;
    // Forgets epochs that begin there.
    virtual void forget_unwritten_epochs() = 0;

    // For every batch from now on; what retention does not allow any more goes with maintain().
    // Never waits.
    virtual void configure(const LogConfig& config) = 0;
    // Rolls an old segment, deletes what retention allows below `high_watermark`, and deletes files
    // whose delay has passed. May wait.
    virtual Result<void> maintain(Offset high_watermark, Timestamp wall) = 0;

    // State beside the interface: cheap, never waits.
    const LogOffsets& offsets() const { return offsets_; }
    std::uint64_t size_bytes() const { return size_bytes_; }
    bool offline() const { return offline_; }
    // As of the last append; good until the next one.
    virtual const replication::LeaderEpochs& epochs() const = 0;
    virtual const replication::ProducerStates& producers() const = 0;

protected:
    void tell_owner() {
        if (owner_ != nullptr) owner_->progressed();
    }

    LogOffsets offsets_;
    std::uint64_t size_bytes_ = 0;
    bool offline_ = false;

private:
    LogOwner* owner_ = nullptr;
};

// The metadata log is a log like the others, under this name.
inline constexpr std::string_view metadata_log_name = "__cluster_metadata-0";

// What of a log survives a power cut whatever else is known about it.
struct SyncedLog {
    TopicId topic;   // Another one's log of the same name is not meant.
    Offset end;      // Every byte before it,
    Offset segment;  // the names of the segments up to the one that begins there,
    Offset start;    // and the file that says where it starts, if it says no more than this.

    friend bool operator==(const SyncedLog&, const SyncedLog&) = default;
};

// What a journal has of a log before this record is worth nothing: the log was cut since.
struct JournalMark {
    Uuid journal;
    std::uint64_t sequence = 0;

    friend bool operator==(const JournalMark&, const JournalMark&) = default;
};

// What a start knows about a log before it is opened, from the checkpoints of its directory.
struct LogHints {
    bool clean = false;  // The last stop flushed everything: nothing to recover.
    // What is acknowledged is not all in its files, and cannot be brought there: not to be opened.
    bool lacks_journal = false;
    std::optional<Offset> recovery_point = {};
    // What is known to be on disk, though it may have to be read,
    std::optional<SyncedLog> synced = {};
    // and what reading most of it would tell: only the store that wrote it knows how.
    Bytes summary = {};
    // Records before it were committed.
    std::optional<Offset> high_watermark = {};
    std::vector<JournalMark> outdated = {};  // Of journals that are still there.
};

// What the log of a partition is called, and its directory.
inline std::string log_name(const std::string& topic, PartitionIndex index) {
    return topic + "-" + std::to_string(index.value);
}

// The logs of one shard in one data directory.
class LogStore {
public:
    virtual ~LogStore() = default;

    // Makes the store's own fibers. Before clients are served, who could take the last ones.
    virtual Result<void> start() = 0;
    // Opens `name` ("topic-0"), making it when it is new, and recovers it: what may not have been
    // durable is checked and synced before it counts. Error::corrupt when acknowledged data is
    // damaged.
    virtual Result<std::unique_ptr<PartitionLog>> open(const std::string& name,
                                                       const TopicId& topic,
                                                       const LogConfig& config,
                                                       const LogHints& hints) = 0;
    // Syncs everything and ends the log's fibers; the log is of no use afterwards.
    virtual Result<void> close(PartitionLog& log) = 0;
    // Cuts off every record from `end` on, with the whole batch that holds it, and opens the log
    // again. Before anything is cut, `checkpoint` must durably record what checkpoints() says then,
    // or the next start would miss what was cut. Error::corrupt when what stays is damaged. After a
    // failure the log cannot be used; a crash leaves the old end, the new one or one in between.
    struct Cut {
        Offset end;
        bool all = false;  // Every record goes: the log begins anew at `end`, empty.
    };
    virtual Result<std::unique_ptr<PartitionLog>> cut(
        std::unique_ptr<PartitionLog> log, const Cut& what,
        const std::function<Result<void>()>& checkpoint) = 0;
    // Ends the log and renames its directory so that no start finds it; its files go later.
    virtual Result<void> remove(std::unique_ptr<PartitionLog> log) = 0;
    // The same of one that could not be opened.
    virtual Result<void> remove_unopened(const std::string& name, Duration file_delete_delay) = 0;
    // How far recovery may skip: names, offsets before which all is durable, and starts. Of logs
    // that were closed, too.
    struct Checkpoint {
        std::string name;
        Offset recovery_point;
        Offset start;
        SyncedLog synced;
        Bytes summary = {};
        std::vector<JournalMark> outdated = {};
        // What is committed, where that is not all that is durable: the broker adds it.
        std::optional<Offset> high_watermark = {};
    };
    // May wait.
    virtual std::vector<Checkpoint> checkpoints() = 0;
    // Since the store was made.
    virtual std::uint64_t bytes_appended() const = 0;
    // Nothing can be made durable any more: the node must stop.
    virtual bool failed() const = 0;
    // Ends deletions under way and the store's own fibers.
    virtual void stop() = 0;
};

}  // namespace sluice::broker
