#pragma once

#include <variant>
#include <vector>

#include "core/replication/partition_follower.h"
#include "core/replication/partition_leader.h"

namespace sluice::replication {

// One broker's replica of a partition through all the roles that the metadata log gives it: what
// outlives a role is what is committed, who waits for it, and the log. Owned by one driver, which
// tells the role what happens (leading(), following()) and then takes the effects.
class PartitionReplica {
public:
    struct Options {
        BrokerId self;
        Duration lag_max = seconds(30);           // replica.lag.time.max.ms
        Duration fetch_backoff_max = seconds(1);  // replica.fetch.backoff.ms
        Duration proposal_backoff = milliseconds(50);
    };

    // `high_watermark`: what is known to be committed, as a checkpoint tells; not behind the log.
    PartitionReplica(const Options& options, Offset high_watermark);

    // The metadata log says so now. One that is older than what is known changes nothing. A new
    // epoch begins a new role, also where the leader is the same (KAFKA-7164): in between another
    // one may have led.
    void assigned(const Assignment& assignment, const LogView& log, Time now);

    // Null in other roles; good until the next assignment.
    PartitionLeader* leading() { return std::get_if<PartitionLeader>(&role_); }
    PartitionFollower* following() { return std::get_if<PartitionFollower>(&role_); }
    const PartitionLeader* leading() const { return std::get_if<PartitionLeader>(&role_); }
    const PartitionFollower* following() const { return std::get_if<PartitionFollower>(&role_); }

    LeaderEpoch epoch() const { return epoch_; }
    Offset high_watermark() const;
    std::vector<Effect> take_effects();

    // Why a consumer may not read from `offset` here; where it may, there may be nothing yet. What
    // a follower does not know of yet is not out of range: OFFSET_NOT_AVAILABLE (KIP-392).
    protocol::ErrorCode complaint_about_read(Offset offset, const LogView& log) const;

private:
    // No leader, or no replica here.
    struct Idle {};

    void begin_leading(const Assignment& assignment, const LogView& log, Time now);
    void begin_following(const Assignment& assignment);
    void refuse_waiting(const std::multimap<Offset, AppendId>& waiting);

    const Options options_;
    LeaderEpoch epoch_ = no_leader_epoch;
    Offset high_watermark_;  // When the role began; leaders and followers know better.
    std::variant<Idle, PartitionLeader, PartitionFollower> role_;
    std::vector<Effect> effects_;
};

}  // namespace sluice::replication
