#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/broker/log.h"
#include "core/broker/partition_id.h"
#include "core/env/env.h"
#include "core/env/event.h"
#include "core/replication/partition_replica.h"

namespace sluice::broker {

class Partition;

// What replicated partitions need of their shard. Nothing here waits, but cut().
class ReplicaHost {
public:
    // Ask the controller for it, and tell the partition what became of it.
    virtual void proposed(const PartitionId& id, const replication::Propose& proposal) = 0;
    // passed() is due then at the latest.
    virtual void plan(const PartitionId& id, Time wake_at) = 0;
    // What the partition asks its leader for may have changed.
    virtual void follower_moved(const PartitionId& id) = 0;
    // Its log is offline for good, or could not be cut.
    virtual void log_failed(const PartitionId& id) = 0;
    // Cuts a log, see LogStore::cut. May wait.
    virtual Result<std::unique_ptr<PartitionLog>> cut(const PartitionId& id,
                                                      std::unique_ptr<PartitionLog> log,
                                                      const LogStore::Cut& what) = 0;

protected:
    ~ReplicaHost() = default;
};

// Carries to the rules of one replica what happens to its partition, and does what they want done.
// Owned by the Partition, which has none while nobody else holds it. Only finish_work() waits;
// while it does the log is not to be relied on, and an assignment that comes is kept until it is
// over.
class ReplicaDriver {
public:
    // `led_since`: the epoch from which on it has led, alone, until now.
    ReplicaDriver(env::Env& env, ReplicaHost& host, Partition& partition,
                  const replication::PartitionReplica::Options& options, Offset high_watermark,
                  std::optional<LeaderEpoch> led_since);
    ~ReplicaDriver() { ASSERT(waiters_.empty()); }
    ReplicaDriver(const ReplicaDriver&) = delete;
    ReplicaDriver& operator=(const ReplicaDriver&) = delete;

    // The image says so now.
    void assigned(const replication::Assignment& assignment);
    // The partition goes: nobody here will know what becomes of what waits.
    void abandoned();

    // The log has grown; more of it is durable, or it went offline.
    void appended();
    void flushed();
    // When it was due.
    void passed();
    void proposal_answered(replication::ProposalId id, const replication::ProposalReply& reply);
    void proposal_failed(replication::ProposalId id);

    // Not behind the log, though part of it was refused; while it is being cut or begun again, no
    // more than was committed before.
    Offset high_watermark() const;
    LeaderEpoch epoch() const { return rules_.epoch(); }
    const replication::PartitionLeader* leading() const { return rules_.leading(); }
    bool follows() const { return rules_.following() != nullptr; }
    // It has led from the epoch of an append on, so that this is still where it was.
    bool has_led_since(LeaderEpoch epoch) const {
        return leading() != nullptr && led_since_ <= epoch;
    }

    // NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS.
    protocol::ErrorCode complaint_about_append(bool wants_in_sync) const;
    // NOT_LEADER_OR_FOLLOWER where this replica does not lead; else the epoch is looked at.
    protocol::ErrorCode complaint_about_epoch(LeaderEpoch told) const;
    // The same for a consumer, who may read from a follower (KIP-392).
    protocol::ErrorCode complaint_about_reader(LeaderEpoch told) const;
    protocol::ErrorCode complaint_about_read(Offset offset) const;
    replication::EpochEndReply end_of_epoch(LeaderEpoch told, LeaderEpoch epoch) const;
    // A follower asked; NOT_LEADER_OR_FOLLOWER where this replica does not lead.
    replication::FetchReply fetched(const replication::FetchAsk& ask);

    // Whoever appended waits until everything before `end` is committed. Nothing waits before
    // wait_answer(), which must follow, or give_up(). 0 when this replica does not lead.
    replication::AppendId expect(Offset end);
    bool is_answered(replication::AppendId append) const;
    // REQUEST_TIMED_OUT at `deadline`, NOT_LEADER_OR_FOLLOWER when another one leads meanwhile.
    protocol::ErrorCode wait_answer(replication::AppendId append, Time deadline);
    void give_up(replication::AppendId append);

    // What a follower asks its leader now: nothing while work is under way.
    std::optional<replication::FetchAsk> next_fetch() const;
    // When that may be something else though nothing happens.
    Time next_fetch_at() const;
    // An answer of the leader, with its records. True when work has come of it that waits:
    // finish_work() must be called, in a fiber.
    [[nodiscard]] bool received(const replication::FetchAsk& ask,
                                const replication::FetchReply& reply, Bytes records);
    // What was asked in that epoch.
    void fetch_failed(LeaderEpoch asked_in);
    // The leader must be asked where its log begins and ends; nothing when that is known.
    bool wants_leader_log() const { return wants_leader_log_; }
    [[nodiscard]] bool leader_log_found(LeaderEpoch asked_in, Offset start, Offset end);
    void leader_log_not_found(LeaderEpoch asked_in);
    void finish_work();
    bool is_busy() const { return busy_; }

private:
    struct Waiter {
        std::optional<protocol::ErrorCode> answer;
        env::Event* event = nullptr;  // Of who waits.
    };

    replication::LogView view() const;
    void tell_end();
    void perform();
    void performed(const replication::BeginEpoch& effect);
    void performed(const replication::Propose& effect);
    void performed(const replication::Committed& effect);
    void performed(const replication::Answer& effect);
    template <class Slow>
    void performed(const Slow& effect) {
        work_.emplace_back(effect);
    }
    bool begin_work(Offset high_watermark);
    void back_off();
    void say_not_done(Error why) const;
    Result<void> work(const replication::Effect& effect);
    Result<void> append(Offset end);
    Result<void> cut(const LogStore::Cut& what);
    void answer_all(protocol::ErrorCode error);

    env::Env& env_;
    ReplicaHost& host_;
    Partition& partition_;
    replication::PartitionReplica rules_;
    std::optional<LeaderEpoch> led_alone_since_;  // Until its first role.
    LeaderEpoch led_since_{0};
    Offset told_end_;  // Of the log, as a leader's rules know it.
    replication::AppendId last_append_{0};
    std::map<replication::AppendId, Waiter> waiters_;

    // What a follower has to do, one after the other, with the records that came for it.
    std::deque<replication::Effect> work_;
    Bytes records_;
    bool busy_ = false;
    Offset high_watermark_before_work_{0};
    bool wants_leader_log_ = false;
    std::optional<replication::Assignment> next_assignment_;
};

}  // namespace sluice::broker
