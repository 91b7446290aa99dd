#pragma once

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/time.h"
#include "core/raft/messages.h"
#include "core/raft/voters.h"
#include "core/replication/leader_epochs.h"

namespace sluice::raft {

// What a replica must never forget: Kafka's quorum-state file.
struct QuorumState {
    LeaderEpoch epoch{0};
    std::optional<BrokerId> leader;
    std::optional<ReplicaKey> voted;  // Whom in this epoch.

    friend bool operator==(const QuorumState&, const QuorumState&) = default;
};

using AskId = Strong<struct AskIdTag, std::uint64_t>;

// What the quorum asks of its driver, which performs one effect after the other: each is done, and
// where it writes it is on disk, before the next one begins and before the reply to the input that
// brought it goes out.
struct Persist {
    QuorumState state;
};
// The answer comes back as answered() or failed(), one of them always.
struct Send {
    BrokerId to;
    AskId id;
    Ask ask;
};
// Append the control records of a new leader (LeaderChange) at `at`, the log's end.
struct BeginEpoch {
    LeaderEpoch epoch;
    Offset at;
    std::vector<BrokerId> voters;
    std::vector<BrokerId> granted_by;
};
// Append what the answer to a fetch brought, up to `end`.
struct Store {
    AskId fetched_by;
    Offset end;
};
struct Truncate {
    Offset end;
};
// Get the snapshot from the leader: then restored().
struct Restore {
    BrokerId from;
    LogPoint snapshot;
};
// Keep the snapshot that was got, and begin with it instead of the log, empty.
struct Replace {
    LogPoint snapshot;
};
struct Committed {
    Offset high_watermark;
};
// Nothing more may be done with this log, and nothing more is asked for: what is committed here its
// leader does not have.
struct Halt {
    LogPoint diverging;
};
// Who leads has changed, as far as this replica knows.
struct Led {
    Leadership by;
};
using Effect = std::variant<Persist, Send, BeginEpoch, Store, Truncate, Restore, Replace, Committed,
                            Led, Halt>;

// Decides who leads the metadata log, what of it is committed, and what a replica of it may hold:
// KRaft (KIP-595, with pre-vote KIP-996 and voters by id and directory KIP-853), which is Raft in
// which followers fetch. Owned by one driver; it never waits, and reads no clock: whoever tells it
// something says when that was, and passed() is due at wake_at() at the latest.
class Quorum {
public:
    struct Options {
        ReplicaKey self;
        Duration election_timeout = seconds(1);      // controller.quorum.election.timeout.ms
        Duration election_backoff_max = seconds(1);  // controller.quorum.election.backoff.max.ms
        Duration fetch_timeout = seconds(2);         // controller.quorum.fetch.timeout.ms
        Duration retry_backoff = milliseconds(20);   // controller.quorum.retry.backoff.ms
        std::vector<BrokerId> bootstrap = {};        // Whom an observer asks for the leader.
    };
    // The log as it was found on disk; the snapshot is the zero point when there is none.
    struct Log {
        LogPoint snapshot;
        Offset start{0};
        Offset end{0};
        replication::LeaderEpochs epochs;
    };

    Quorum(Options options, QuorumState state, Log log, VoterHistory voters, Time now);

    // Nobody is told of an epoch further ahead than this of the one it knows: a quorum that elects
    // once a second needs years for it. Whoever was away so long hears it in answers.
    static constexpr std::int32_t epochs_ahead_max = 1 << 26;

    // Others ask. The reply waits for the effects.
    VoteReply vote_asked(const VoteAsk& ask, Time now);
    LeaderReply leader_announced(const LeaderAsk& ask, Time now);
    ResignReply leader_resigned(const ResignAsk& ask, Time now);
    // What comes next in the log, `ask.log_end.offset` on, is the driver's to add where the reply
    // names nothing else.
    FetchReply fetched(const FetchAsk& ask, Time now);
    // The same once more for a fetch that waited for news: who asked has shown nothing since.
    FetchReply fetch_reply(const FetchAsk& ask) const;

    // A replica reads the snapshot, which shows as much as a fetch that it is there: whether it
    // may.
    protocol::ErrorCode snapshot_asked(const ReplicaKey& replica, LeaderEpoch epoch, Time now);

    // They answer, or do not. An answer that nobody waits for any more changes nothing.
    void answered(AskId id, const Reply& reply, Time now);
    void failed(AskId id, Time now);
    // Nobody listens any more where it answered before: its process has ended. Its followers do not
    // wait until it has been silent for long.
    void lost(BrokerId peer, Time now);

    // The leader's own log: records were appended, in its epoch; and all before `end` is on disk.
    void appended(Offset end, Time now);
    void voters_appended(Offset at, VoterSet voters, Time now);
    void flushed(Offset end, Time now);
    // The snapshot is here that Restore wanted, and these are the voters in it. False when nobody
    // waits for it any more.
    bool restored(LogPoint snapshot, const VoterHistory& voters, Time now);
    // A part of it came, which may take long: its leader is there.
    void restoring_goes_on(LogPoint snapshot, Time now);
    // A snapshot was taken, or the log's beginning deleted behind one.
    void snapshot_taken(LogPoint snapshot);
    void log_start_moved(Offset start);

    void passed(Time now);
    // The leader goes, and says so: for a clean stop.
    void resign(Time now);

    // Who votes is changed one at a time (KIP-853): the set to append, which counts from then on,
    // or why not. Only its leader may, once a record of its epoch is committed.
    struct VoterChange {
        protocol::ErrorCode error = protocol::ErrorCode::none;
        std::optional<VoterSet> voters = {};
    };
    VoterChange add_voter(const VoterSet::Voter& voter, Time now) const;
    VoterChange remove_voter(const ReplicaKey& voter) const;
    VoterChange update_voter(const VoterSet::Voter& voter, LeaderEpoch epoch) const;

    // What the leader knows of each replica; of itself what it has on disk.
    struct Description {
        struct Replica {
            ReplicaKey key;
            Offset end{-1};
            std::optional<Time> fetched_at = {};
            std::optional<Time> caught_up_at = {};  // It had all that there was then.
        };
        std::vector<Replica> voters;
        std::vector<Replica> observers;
    };
    // Nothing when it does not lead.
    std::optional<Description> describe(Time now) const;

    std::vector<Effect> take_effects() { return std::exchange(effects_, {}); }
    Time wake_at() const;

    Leadership leadership() const { return {state_.epoch, state_.leader}; }
    bool leads() const { return std::holds_alternative<Leading>(role_); }
    bool has_vote() const { return voters().holds(options_.self); }
    Offset high_watermark() const { return high_watermark_; }
    LogPoint log_end() const;
    const VoterSet& voters() const { return voters_.latest(); }
    std::string_view role_name() const;

private:
    // Knows of no leader that it could follow. A voter waits until it is time for an election.
    struct Unattached {
        Time election_at;
    };
    // Asks whether it would be elected, so that a replica that was cut off disturbs nobody.
    struct Prospective {
        std::map<BrokerId, bool> votes;
        Time over_at;
    };
    struct Candidate {
        std::map<BrokerId, bool> votes;
        Time over_at;
    };
    struct Following {
        Time silent_at;  // Then its leader is taken for gone.
        bool has_fetched = false;
        bool restoring = false;
    };
    struct Progress {
        Uuid directory = {};  // Of the log that `end` is of.
        Offset end{-1};       // -1: not known.
        Time fetched_at = {};
        Time announce_at = {};
        std::optional<Time> caught_up_at = {};
        Offset leader_end{0};  // When it fetched last.
    };
    struct Leading {
        Offset epoch_start;
        Offset durable;
        Time quorum_until;  // Until then a majority must have fetched again.
        std::map<BrokerId, Progress> replicas;
    };
    // Led once, and does not any more in an epoch that nobody else can lead.
    struct Resigned {
        std::set<BrokerId> to_tell;
        Time over_at;
    };
    using Role = std::variant<Unattached, Prospective, Candidate, Following, Leading, Resigned>;

    // Elections (quorum_election.cc).
    void begin_prospective(Time now);
    void begin_candidate(Time now);
    void begin_leading(const std::map<BrokerId, bool>& votes, Time now);
    void begin_following(LeaderEpoch epoch, BrokerId leader, Time now);
    void begin_unattached(LeaderEpoch epoch, std::optional<BrokerId> leader, Time now);
    void begin_resigned(Time now);
    void give_up_election(Time now);
    void count_vote(std::map<BrokerId, bool>& votes, BrokerId from, bool granted, Time now);
    bool is_voted(const ReplicaKey& candidate) const;
    bool is_out_of_reach(LeaderEpoch epoch) const;
    bool would_vote_for(const VoteAsk& ask) const;
    bool learn(const Leadership& told, Time now);
    void enter(Role role);
    void save(QuorumState state);
    Duration jitter(Duration below);

    // What each role asks of others (quorum.cc).
    void pursue(Time now);
    void ask_for_votes(const std::map<BrokerId, bool>& votes, bool pre_vote, Time now);
    void fetch_from(BrokerId leader, Time now);
    void look_for_leader(Time now);
    void announce(Leading& leading, Time now);
    void tell_of_resignation(const Resigned& resigned, Time now);
    void send(BrokerId to, Ask ask);
    bool may_ask(BrokerId peer, Time now) const;
    bool is_asked(BrokerId peer) const;
    Time announcement_due(const Leading& leading) const;
    std::vector<BrokerId> other_voters() const;

    // The log (quorum_log.cc).
    void vote_answered(BrokerId from, const VoteAsk& ask, const VoteReply& reply, Time now);
    void fetch_answered(AskId id, const FetchReply& reply, Time now);
    void store(AskId id, const std::vector<Run>& runs);
    void truncate_to(const LogPoint& diverging);
    FetchReply place_in_log(const LogPoint& point) const;
    LeaderEpoch earliest_epoch() const;
    void advance_high_watermark();
    void renew_quorum(Leading& leading, Time now) const;
    const Progress* progress_of(const Leading& leading, BrokerId voter) const;
    void note_fetch(Leading& leading, const FetchAsk& ask, bool follows, Time now) const;
    void forget_silent_observers(Leading& leading, Time now) const;

    // Who votes (quorum_voters.cc).
    protocol::ErrorCode complaint_about_change() const;
    bool is_caught_up(const ReplicaKey& replica, Time now) const;
    void resign_when_removed(Time now);
    void commit(Offset high_watermark);

    const Options options_;
    QuorumState state_;
    Log log_;
    VoterHistory voters_;
    Role role_;
    Offset high_watermark_{0};
    struct Asked {
        BrokerId to;
        Ask ask;
    };
    std::map<AskId, Asked> asked_;
    std::map<BrokerId, Time> quiet_until_;
    AskId last_ask_{0};
    std::uint64_t draws_ = 0;
    int elections_lost_ = 0;
    bool halted_ = false;
    std::vector<Effect> effects_;
};

}  // namespace sluice::raft
