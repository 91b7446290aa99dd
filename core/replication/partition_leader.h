#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "core/replication/assignment.h"
#include "core/replication/effects.h"
#include "core/replication/log_view.h"
#include "core/replication/messages.h"

namespace sluice::replication {

// Decides, in one leader epoch of one partition, what is committed, who is in sync, and what those
// who fetch are told. Owned by a PartitionReplica; it never waits and reads no clock: passed() is
// due at wake_at() at the latest.
//
// A record is committed once it is on disk at every replica that could be elected. Those are the
// in-sync replicas, and those proposed as such: before the controller has agreed, and when its
// answer was lost, either set may be the one it elects from (KIP-497). A follower's fetch proves
// that everything before its offset is on its disk.
class PartitionLeader {
public:
    struct Options {
        BrokerId self;
        Duration lag_max = seconds(30);  // replica.lag.time.max.ms
        Duration retry_backoff = milliseconds(50);
    };

    // `high_watermark` is what this replica knows to be committed, `assignment` names it leader.
    PartitionLeader(const Options& options, const Assignment& assignment, const LogView& log,
                    Offset high_watermark, Time now);

    // The same epoch: another in-sync set, other brokers, other settings.
    void assigned(const Assignment& assignment, Time now);

    // Its own log: records were appended, which may not be on disk yet; and all before `end` is.
    void appended(Offset end, Time now);
    void flushed(Offset end, Time now);
    // NOT_ENOUGH_REPLICAS when acks=all may not be promised now. Asked before appending.
    protocol::ErrorCode complaint_about_append() const;
    // Answer `append` when everything before `end` is committed. Whoever waits may give up.
    void wait_committed(AppendId append, Offset end);
    void gave_up(AppendId append);

    FetchReply fetched(const FetchAsk& ask, const LogView& log, Time now);
    // OffsetForLeaderEpoch: `told` is the epoch that whoever asks takes for current, -1 if it does
    // not say.
    EpochEndReply end_of_epoch(LeaderEpoch told, LeaderEpoch epoch, const LogView& log) const;
    // FENCED_LEADER_EPOCH for an older one, UNKNOWN_LEADER_EPOCH for one that this node has not
    // heard of.
    protocol::ErrorCode complaint_about_epoch(LeaderEpoch told) const;
    // The replica in `rack` that a consumer should read `offset` from instead of here (KIP-392).
    std::optional<BrokerId> nearer_replica(std::string_view rack, Offset offset) const;
    // Until it is, the end of what is committed is not to be told: it may be further (KIP-207).
    bool high_watermark_is_current() const { return high_watermark_ >= epoch_start_; }

    // AlterPartition was answered, or nobody knows what became of it.
    void proposal_answered(ProposalId id, const ProposalReply& reply, Time now);
    void proposal_failed(ProposalId id, Time now);

    void passed(Time now);
    Time wake_at() const;

    LeaderEpoch epoch() const { return assignment_.leader_epoch; }
    Offset high_watermark() const { return high_watermark_; }
    // As the controller is known to have agreed.
    const std::vector<BrokerId>& isr() const { return assignment_.isr; }
    std::vector<Effect> take_effects() { return std::exchange(effects_, {}); }
    // Who waits, by the offset that must be committed.
    std::multimap<Offset, AppendId> take_waiting() { return std::exchange(waiting_, {}); }

private:
    // What a follower has told in this epoch.
    struct Progress {
        Offset end{-1};  // -1: nothing yet.
        Offset log_start{-1};
        protocol::BrokerEpoch broker_epoch{-1};
        std::optional<Time> caught_up_at = {};  // It had all of the log then.
        Time fetched_at = {};
        Offset end_at_last_fetch{-1};  // Of the leader's log.
    };
    struct Proposal {
        Propose asked;
        std::vector<BrokerId> isr;
        Time send_again_at = never;
    };

    bool is_eligible(BrokerId follower) const;
    bool counts(BrokerId follower, const Progress& progress, Time now) const;
    bool is_caught_up(const Progress& progress, Time now) const;
    void note_progress(Progress& progress, const FetchAsk& ask, Time now) const;
    std::optional<LeaderEpochs::End> parting_of(const FetchAsk& ask, const LogView& log) const;
    void keep_progress_of_replicas(Time now);
    void consider_joining(BrokerId follower, Time now);
    void drop_laggards(Time now);
    void propose(std::vector<BrokerId> isr);
    Propose::Member proof_of(BrokerId member) const;
    void advance_high_watermark(Time now);

    const Options options_;
    Assignment assignment_;
    const Offset epoch_start_;
    Offset log_end_;
    Offset durable_;
    Offset high_watermark_;
    std::map<BrokerId, Progress> followers_;
    std::optional<Proposal> proposal_;
    ProposalId last_proposal_{0};
    Time quiet_until_ = {};  // The controller refused: do not ask again at once.
    std::multimap<Offset, AppendId> waiting_;
    std::vector<Effect> effects_;
};

}  // namespace sluice::replication
