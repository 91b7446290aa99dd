#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/broker/log.h"
#include "core/env/event.h"
#include "core/replication/leader_epochs.h"
#include "core/replication/producer_states.h"
#include "storage/log/index_files.h"
#include "storage/log/log_writer.h"
#include "storage/log/recovery.h"
#include "storage/log/resources.h"
#include "storage/log/segment.h"
#include "storage/log/tail.h"

namespace sluice::storage {

// The log of one partition in its own directory of segments. Appending is memory only: offsets,
// epochs, producers, and where each batch will stand in which segment. The shard's journal makes it
// durable, the committer brings it to the segments behind that; a log that need not be durable at
// once (flush.messages) has segments only. A Store makes it; a partition owns it.
//
// Nothing truncates a log while it is open (Store::cut).
class Log final : public broker::PartitionLog {
public:
    static Result<std::unique_ptr<Log>> open(LogResources& resources, const LogOpening& opening);
    ~Log() override;
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    Result<broker::AppendedBatch> append(Slice batch, const protocol::ValidatedBatch& facts,
                                         LeaderEpoch epoch) override;
    Result<void> wait_durable(Offset end) override;
    Result<void> wait_for_room() override;
    Result<broker::LogRead> read(const ReadRange& range) override;
    Result<std::optional<broker::TimestampOffset>> find_timestamp(std::optional<Timestamp> time,
                                                                  Offset before) override;
    Result<void> advance_start(Offset start) override;
    void begin_epoch(LeaderEpoch epoch) override;
    void forget_unwritten_epochs() override;
    void configure(const broker::LogConfig& config) override;
    Result<void> maintain(Offset high_watermark, Timestamp wall) override;
    const replication::LeaderEpochs& epochs() const override { return epochs_; }
    const replication::ProducerStates& producers() const override { return producers_; }

    // For the store. Brings indexes, epochs and producers to disk, so that a recovery can begin at
    // the log's end of now. May wait.
    Result<void> checkpoint();
    std::uint64_t bytes_since_checkpoint() const { return bytes_since_checkpoint_; }
    // What index files lack.
    std::size_t fresh_index_bytes() const;
    // Waits until a power cut cannot take anything before `end`.
    Result<void> wait_secured(Offset end);
    // Writes and syncs everything, and ends: no call comes back with anything but Error::stopped.
    Result<void> close();
    // Has it written or synced when that is due by time.
    void write_if_due(Time now);
    // Ends without writing anything more, and waits until nobody is inside.
    enum class Leaving { stopped, deleted };
    void abandon(Leaving why);

    // For the committer. True when there is more to do.
    bool commit_once();
    CommitPlace& commit_place() { return commit_place_; }

    // For who reads ahead. Records from `offset` on are durable, and not in memory.
    bool has_on_disk(Offset offset) const;
    Result<DiskRead> read_ahead(const ReadRange& range);

    // For the journal. What may go into it and is not durable: whole batches, oldest first.
    std::vector<Tail::Piece> unsecured(std::size_t bytes_max);
    std::uint64_t secured_mark() const { return tail_.secured_mark(); }
    // It is durable up to there.
    void journaled(std::uint64_t mark, Offset next);
    // It cannot be made durable, ever, or for want of space now.
    void journal_failed() { end(Error::io); }
    void journal_is_full();
    // Has everything written and synced in the segments; never waits.
    void write_behind();
    Offset synced() const { return writer_.synced(); }
    broker::LogStore::Checkpoint checkpoint_of_now() const;
    const std::vector<broker::JournalMark>& outdated() const { return outdated_; }
    JournalPlace& journal_place() { return journal_place_; }

    const std::string& name() const { return name_; }
    const TopicId& topic() const { return topic_; }
    const std::string& directory() const { return directory_; }
    const broker::LogConfig& config() const { return config_; }

private:
    // Somebody is inside and uses the log's files.
    class Visit {
    public:
        explicit Visit(Log& log) : log_(log) { ++log_.visits_; }
        ~Visit() {
            if (--log_.visits_ == 0 && log_.left_) log_.left_->set();
        }
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;

    private:
        Log& log_;
    };
    struct DeletedFiles {
        Time due;
        std::vector<std::string> paths;
    };

    Log(LogResources& resources, const LogOpening& opening, RecoveredLog recovered);

    Result<void> room_for(std::size_t size) const;
    bool is_full(std::size_t size) const;
    void begin_segment(Offset base);
    void commit();
    void publish();
    std::uint64_t waiting_bytes() const;
    bool writes_behind() const;
    void end(Error why);
    // Durable, or excused from it, in its segments alone.
    bool is_lazy() const { return config_.flush_messages > 1 || config_.skips_journal; }

    Result<DiskRead> read_from_disk(const ReadRange& range);
    IndexFiles::Written written_part(const Segment& segment) const;
    Result<std::uint64_t> position_before(Offset segment, Offset offset);

    Result<std::optional<broker::TimestampOffset>> find_from(Offset from, Timestamp time,
                                                             Offset before);
    Result<TimeEntry> latest_of(Offset base);
    Result<Offset> offset_before(Offset base, Timestamp time);
    Result<TimeEntry> latest_before(Offset before);
    Result<std::optional<TimeEntry>> latest_indexed_before(Offset base, Offset before);
    Result<void> scan_latest(Offset from, Offset before, TimeEntry& best);

    Result<void> wait_synced(Offset end);
    Result<void> checkpoint_locked();
    Result<void> checkpoint_indexes(Offset before);
    Result<void> replace_snapshot(Offset offset, Slice bytes);
    Bytes summary_of_now() const;

    Result<void> delete_expired(Offset high_watermark, Timestamp wall);
    Result<void> load_latest(Segment& segment);
    bool has_snapshot(Offset from) const;
    Result<void> keep_what_it_tells(Offset next);
    Result<void> delete_first_segment();
    Result<void> delete_due_files();

    LogResources& resources_;
    const std::string name_;
    const std::string directory_;
    const TopicId topic_;
    broker::LogConfig config_;
    const std::vector<broker::JournalMark> outdated_;
    Segments segments_;
    replication::LeaderEpochs epochs_;
    replication::ProducerStates producers_;
    Tail tail_;
    LogWriter writer_;
    IndexFiles index_files_;

    env::Signal progressed_;
    env::Mutex upkeep_;  // One at a time changes segments or checkpoints.
    int visits_ = 0;
    env::Completion* left_ = nullptr;  // Somebody waits for the last visit to end.
    CommitPlace commit_place_;
    JournalPlace journal_place_;
    Offset journaled_;  // Everything before it is durable, in the journal or in segments.
    std::optional<Error> ended_;
    bool full_ = false;          // The last write of a segment found no space,
    bool journal_full_ = false;  // or the journal none.
    std::optional<Time> unsynced_since_;
    std::optional<Time> behind_since_;  // There has been something in the journal only.
    bool write_all_ = false;            // Whatever the limits say,
    bool sync_now_ = false;             // and sync it, whatever the flush policy says.
    Offset appended_at_upkeep_;

    Offset start_on_disk_;  // No start after a crash is before it.
    Offset checkpointed_;
    std::uint64_t bytes_since_checkpoint_ = 0;
    LeaderEpoch latest_epoch_on_disk_ = no_leader_epoch;
    std::uint64_t epoch_changes_;
    std::uint64_t epoch_changes_on_disk_ = 0;  // So many of them.
    std::vector<Offset> snapshots_;
    std::vector<DeletedFiles> deleted_;
};

}  // namespace sluice::storage
