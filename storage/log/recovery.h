#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/probe.h"
#include "core/broker/log.h"
#include "core/replication/leader_epochs.h"
#include "core/replication/producer_states.h"
#include "storage/log/index_files.h"
#include "storage/log/leftovers.h"
#include "storage/log/log_summary.h"
#include "storage/log/names.h"
#include "storage/log/resources.h"
#include "storage/log/segment.h"

namespace sluice::storage {

// Which log to open, and what is known about it.
struct LogOpening {
    std::string root;  // The data directory.
    std::string name;  // Of the log, and of its directory there.
    TopicId topic;
    broker::LogConfig config;
    broker::LogHints hints;

    std::string directory() const { return join(root, name); }
};

// A log as it was found, all of it on disk.
struct RecoveredLog {
    Segments::List segments;
    replication::LeaderEpochs epochs;
    replication::ProducerStates producers;
    Offset start;
    Offset end;
    // Before it indexes, epochs and producers are on disk too.
    Offset checkpointed;
    std::uint64_t bytes_since_checkpoint = 0;
    bool epochs_on_disk = false;
    // Of the producer snapshots on disk, in order.
    std::vector<Offset> snapshots;
};

// Brings the directory of a log to a state that could have been written without a crash, and reads
// it. Goes forward from the last summary, or from the recovery point (or from where epochs or
// producers are missing), cuts behind the last whole batch, and syncs before anything counts. May
// be interrupted anywhere and done again.
class Recovery {
public:
    Recovery(LogResources& resources, LogOpening opening);

    // Error::corrupt when something before the recovery point is damaged or missing, Error::invalid
    // when the directory belongs to another topic.
    Result<RecoveredLog> run();

private:
    struct Cut {
        std::size_t segment;  // The last one to keep.
        std::uint64_t size;
    };

    Result<void> prepare_directory();
    Result<std::vector<env::DirectoryEntry>> list_directory();
    Result<std::optional<Buffer>> read_if_there(std::string_view name);
    Result<void> check_topic();
    Result<void> load_segments();
    Result<void> load_start();
    Result<bool> load_epochs();
    Result<Offset> load_producers();
    Result<void> drop_last_snapshot();
    bool may_resume(const LogSummary& summary) const;
    Result<void> resume(LogSummary summary);
    Result<void> read_from_checkpoint();
    Result<void> walk_from(Offset from);
    Result<std::uint64_t> begin_segment(Segment& segment, Offset from);
    Result<std::optional<Cut>> walk(Offset from);
    Result<bool> walk_segment(Segment& segment, std::uint64_t file_bytes, Offset from);
    Result<Slice> header_at(const Segment& segment, std::uint64_t position, Buffer& pages);
    void took(Segment& segment, const protocol::BatchView& batch, Offset from);
    Result<void> cut(const Cut& cut);
    Result<void> make_durable(Offset from);
    Result<void> restart_at(Offset start);
    Result<void> note_first_timestamp(Segment& segment);
    std::string path(Offset base, std::string_view suffix) const;
    Error damaged(std::string_view what, Offset offset);

    LogResources& resources_;
    env::Disk& disk_;
    LogOpening opening_;
    const std::string directory_;
    IndexFiles index_files_;
    Leftovers leftovers_;
    std::set<std::string, std::less<>> files_;
    // Nothing before it need be read: indexes, epochs and producers are in their files. This very
    // log has a snapshot to prove it: a recovery point alone may be about a deleted log of the same
    // name.
    Offset checkpointed_;
    // What was found out about this very log, if anything was.
    std::optional<broker::SyncedLog> synced_;
    // Every byte before it is on disk: none is written or synced again, and damage there is none of
    // a torn write.
    Offset proven_;
    bool names_synced_ = false;  // Nor need the directory be synced.
    std::uint64_t bytes_to_sync_ = 0;
    Offset expected_;  // The next batch must begin there.
    replication::LeaderEpochs stored_epochs_;
    bool walked_ = false;  // log_.end is known.
    // Where the summary ends: in the middle of this segment, whose file is so long.
    struct Resumed {
        Offset segment;
        std::uint64_t file_bytes = 0;
        Offset end;
    };
    std::optional<Resumed> resumed_;
    Offset snapshot_from_;  // Producers are known up to here.
    RecoveredLog log_;
};

}  // namespace sluice::storage
