#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/broker/broker_config.h"
#include "core/broker/data_directory.h"
#include "core/broker/log.h"
#include "core/broker/peers.h"
#include "core/broker/quorum_watch.h"
#include "core/broker/start_failure.h"
#include "core/env/env.h"
#include "core/env/event.h"
#include "core/protocol/validate_batch.h"
#include "core/raft/quorum.h"
#include "core/raft/wire.h"

namespace sluice::broker {

// Carries the metadata quorum (core/raft): what others ask, what they answer and what time it is to
// the rules, and what the rules want done to the disk and to the other voters, one effect after the
// other in one fiber. Whoever asked waits until the effects of its question are done. Owns the
// metadata log. Lives on the first shard; everything that says it may wait does so in fibers of its
// callers.
class QuorumDriver {
public:
    // Hears that more is committed, or that somebody else leads. Must not wait.
    using Moved = std::function<void()>;
    struct Setup {
        std::string cluster_id;
        Uuid directory_id;
        // Durably records how far the logs of this node are on disk (Node::write_checkpoints).
        std::function<Result<void>()> checkpoint = [] { return Result<void>(); };
        Moved moved = [] {};
        // What is on disk here cannot be what the quorum has, or the disk failed: the node must
        // stop.
        std::function<void()> failed = [] {};
        QuorumWatch* watch = nullptr;  // Outlives this.
    };

    QuorumDriver(env::Env& env, const BrokerConfig& config, DataDirectory& directory,
                 LogStore& logs, Peers* peers);
    ~QuorumDriver();

    // This node is the one voter there is: it needs nobody, and nobody asks it.
    bool is_lone() const { return voters_.is_only(self_); }
    // Opens the log. `setup` is what it needs later.
    Result<void, StartFailure> open(const LogHints& hints, Setup setup);
    // Takes part from now on. `snapshot` is what the log goes on from.
    Result<void, StartFailure> begin(raft::LogPoint snapshot);
    // Sends away who waits here, and lets a successor be elected at once. May wait for that.
    void begin_stop();
    // Ends everything but the log. May wait.
    void stop();
    // Ends the log as well. May wait.
    Result<void> close();

    // What other nodes ask; may wait. Error::io and Error::stopped: no answer may be given.
    Result<raft::VoteReply> asked(const raft::VoteAsk& ask);
    Result<raft::LeaderReply> asked(const raft::LeaderAsk& ask);
    Result<raft::ResignReply> asked(const raft::ResignAsk& ask);
    // With the records that follow, if any; waits for news for at most `wait_max`.
    struct Fetched {
        raft::FetchReply reply;
        raft::Fetched log;
    };
    struct FetchWish {
        Duration wait_max{0};
        std::size_t bytes_max = 0;
    };
    Result<Fetched> asked(const raft::FetchAsk& ask, const FetchWish& wish);

    // The leader's log: appends a batch in the epoch it leads, whose end is returned. Never waits.
    // Error::stopped when it does not lead that epoch any more.
    Result<Offset> append(const Bytes& batch, LeaderEpoch epoch);
    // Waits until everything before `end` is committed, which was appended in `epoch`.
    // Error::stopped when that is not known, because somebody else leads.
    Result<void> wait_committed(Offset end, LeaderEpoch epoch);

    bool leads() const { return rules_ && rules_->leads(); }
    raft::Leadership leadership() const {
        return rules_ ? rules_->leadership() : raft::Leadership();
    }
    // All before it is committed, and in this log.
    Offset high_watermark() const { return high_watermark_; }
    // Nobody has been heard of yet, or rules decided what is not done yet.
    bool is_settled() const { return rules_ && queue_.empty(); }
    bool failed() const { return failed_; }
    std::optional<raft::Quorum::Description> describe() const;
    const raft::VoterSet& voters() const { return rules_ ? rules_->voters() : voters_; }
    // Where a controller is reached, as far as that is known.
    std::optional<raft::Endpoint> endpoint_of(BrokerId id) const;
    std::optional<raft::Endpoint> leader_endpoint() const;
    // When it was seen that its process has ended: it answered, and then nobody listened there any
    // more. Nothing once it has answered again.
    std::optional<Time> gone_since(BrokerId id) const;
    const std::string& cluster_id() const { return setup_.cluster_id; }
    // Nothing while it is being replaced, which ends every call inside with Error::stopped.
    PartitionLog* log() { return log_.get(); }
    Result<LogRead> read(const PartitionLog::ReadRange& range);
    // A part of the newest snapshot, at most `bytes_max` of it.
    Result<raft::SnapshotPart> asked(const raft::SnapshotAsk& ask, std::size_t bytes_max);
    QuorumWatch* watch() { return setup_.watch; }
    void snapshot_taken(raft::LogPoint snapshot);
    // Drops what nobody asks for any more; now and then.
    void maintain();
    // Forgets what stands before `start`, which a snapshot holds, as far as others do not need it.
    Result<void> forget_before(Offset start);

private:
    using Ticket = std::uint64_t;  // So many effects are to be done.

    Result<void, StartFailure> load_state();
    Result<void> show_log();
    bool goes_on_from(raft::LogPoint snapshot) const;
    // Inputs: what the rules want done is taken, and its end can be waited for.
    Ticket take();
    Result<void> settle(Ticket ticket);
    void lost_log(Error why);
    void show_appended(const Bytes& batch, Offset base, LeaderEpoch epoch);
    static protocol::ValidationRules sound_batch();
    Result<void> check_batches(const Bytes& records) const;
    void answered(raft::AskId id, const Result<raft::Reply>& reply);
    void note_trouble(BrokerId peer, const Result<raft::Reply>& reply);
    void say_nobody_leads(Time now);
    void note_presence(BrokerId peer, const Result<raft::Reply>& reply);
    Result<raft::Reply> ask_peer(BrokerId to, raft::AskId id, const raft::Ask& ask);
    Result<raft::FetchReply> settled_reply(const raft::FetchAsk& ask);
    bool has_news(const raft::FetchAsk& ask, const raft::FetchReply& reply) const;
    Result<Fetched> read_for(const raft::FetchAsk& ask, raft::FetchReply reply,
                             std::size_t bytes_max);

    // Effects (quorum_effects.cc), in the fiber that performs them.
    void run();
    Result<void> perform(const raft::Persist& effect);
    Result<void> perform(const raft::Send& effect);
    Result<void> perform(const raft::BeginEpoch& effect);
    Result<void> perform(const raft::Store& effect);
    Result<void> perform(const raft::Truncate& effect);
    Result<void> perform(const raft::Restore& effect);
    Result<void> perform(const raft::Replace& effect);
    void restore(const raft::Restore& effect);
    void say_not_restored(const raft::Restore& effect, Error why);
    Result<metadata::Snapshot> fetch_snapshot(const raft::Restore& effect);
    Result<bool> serve_snapshot(raft::LogPoint wanted);
    Result<void> perform(const raft::Committed& effect);
    Result<void> perform(const raft::Led& effect);
    Result<void> perform(const raft::Halt& effect);
    Result<Offset> append_at_last(const Bytes& batch, LeaderEpoch epoch);
    Result<void> store_batches(const Bytes& records);
    void fail(Error why);
    Result<void> try_again_later();

    env::Env& env_;
    const BrokerConfig& config_;
    DataDirectory& directory_;
    LogStore& logs_;
    Peers* const peers_;  // Null where nobody else is asked.
    raft::ReplicaKey self_;
    raft::VoterSet voters_;  // Of the configuration.
    Setup setup_;
    LogConfig log_config_;
    std::unique_ptr<PartitionLog> log_;
    raft::QuorumState kept_;
    std::unique_ptr<raft::Quorum> rules_;
    std::deque<raft::Effect> queue_;
    Ticket taken_ = 0;
    Ticket performed_ = 0;
    std::map<BrokerId, std::optional<Time>> gone_since_;  // Of those that have answered.
    std::optional<raft::Endpoint> told_;                  // Where somebody leads, as was said last.
    std::map<raft::AskId, Bytes> fetched_;                // What Store effects bring to the log,
    std::map<raft::LogPoint, metadata::Snapshot> restored_;  // and what Replace effects begin with.
    // The newest snapshot, while replicas fetch it.
    struct Served {
        metadata::Snapshot snapshot;
        Time until;
    };
    std::optional<Served> served_;
    Offset high_watermark_{0};
    env::Event work_;      // For the fiber that performs: there is something to do.
    env::Signal changed_;  // Something was appended, committed or done, or the node stops.
    env::FiberGroup fibers_;
    int asking_ = 0;
    bool restoring_ = false;  // A snapshot is being fetched.
    bool leaving_ = false;    // Nobody is kept waiting for news.
    bool stopping_ = false;
    bool failed_ = false;
    bool halted_ = false;
    std::string trouble_;  // What went wrong last with whom it asked.
    std::string remedy_;   // And what helps.
    std::optional<Time> leaderless_since_;
    Time next_word_{};  // About that nobody leads.
};

}  // namespace sluice::broker
