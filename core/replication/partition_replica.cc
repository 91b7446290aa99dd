#include "core/replication/partition_replica.h"

#include <algorithm>
#include <iterator>

#include "core/base/assert.h"
#include "core/base/probe.h"

namespace sluice::replication {

using protocol::ErrorCode;

PartitionReplica::PartitionReplica(const Options& options, Offset high_watermark)
    : options_(options), high_watermark_(high_watermark) {}

void PartitionReplica::assigned(const Assignment& assignment, const LogView& log, Time now) {
    if (assignment.leader_epoch < epoch_) return;
    const bool leads = assignment.leader == options_.self;
    if (assignment.leader_epoch == epoch_) {
        if (leads && leading() != nullptr) leading()->assigned(assignment, now);
        const Standing* const own = assignment.standing(options_.self);
        if (own != nullptr && following() != nullptr) following()->registered(own->epoch);
        return;
    }
    const bool follows =
        assignment.leader != BrokerId(-1) && !leads && holds(assignment.replicas, options_.self);
    if (PLANT("replication.same_leader_same_epoch") && follows && following() != nullptr) return;
    high_watermark_ = std::clamp(high_watermark(), log.start, log.end);
    epoch_ = assignment.leader_epoch;
    effects_ = take_effects();
    if (leads) return begin_leading(assignment, log, now);
    if (auto* leader = leading()) refuse_waiting(leader->take_waiting());
    if (follows)
        begin_following(assignment);
    else
        role_ = Idle{};
}

// Who waits goes on waiting when this broker led before: what it appended is still there.
void PartitionReplica::begin_leading(const Assignment& assignment, const LogView& log, Time now) {
    std::multimap<Offset, AppendId> waiting;
    if (auto* leader = leading()) waiting = leader->take_waiting();
    const PartitionLeader::Options options{options_.self, options_.lag_max,
                                           options_.proposal_backoff};
    auto& leader = role_.emplace<PartitionLeader>(options, assignment, log, high_watermark_, now);
    for (const auto& [end, append] : waiting) leader.wait_committed(append, end);
}

void PartitionReplica::begin_following(const Assignment& assignment) {
    PartitionFollower::Options options{options_.self};
    if (const Standing* own = assignment.standing(options_.self)) options.broker_epoch = own->epoch;
    options.backoff_max = options_.fetch_backoff_max;
    role_.emplace<PartitionFollower>(options, assignment.leader_epoch, high_watermark_);
}

void PartitionReplica::refuse_waiting(const std::multimap<Offset, AppendId>& waiting) {
    for (const auto& [end, append] : waiting)
        effects_.emplace_back(Answer{append, ErrorCode::not_leader_or_follower});
}

std::vector<Effect> PartitionReplica::take_effects() {
    std::vector<Effect> all = std::exchange(effects_, {});
    const auto add = [&all](std::vector<Effect> more) {
        std::ranges::move(more, std::back_inserter(all));
    };
    if (auto* leader = leading()) add(leader->take_effects());
    if (auto* follower = following()) add(follower->take_effects());
    return all;
}

Offset PartitionReplica::high_watermark() const {
    if (const auto* leader = leading()) return leader->high_watermark();
    if (const auto* follower = following()) return follower->high_watermark();
    return high_watermark_;
}

ErrorCode PartitionReplica::complaint_about_read(Offset offset, const LogView& log) const {
    if (std::holds_alternative<Idle>(role_)) return ErrorCode::not_leader_or_follower;
    if (offset < log.start) return ErrorCode::offset_out_of_range;
    if (following() != nullptr)
        return offset > high_watermark() ? ErrorCode::offset_not_available : ErrorCode::none;
    return offset > log.end ? ErrorCode::offset_out_of_range : ErrorCode::none;
}

}  // namespace sluice::replication
