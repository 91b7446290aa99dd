#include "core/replication/partition_leader.h"

#include <algorithm>

#include "core/base/assert.h"
#include "core/base/probe.h"

namespace sluice::replication {

using protocol::ErrorCode;

PartitionLeader::PartitionLeader(const Options& options, const Assignment& assignment,
                                 const LogView& log, Offset high_watermark, Time now)
    : options_(options),
      assignment_(assignment),
      epoch_start_(log.end),
      log_end_(log.end),
      durable_(log.durable),
      high_watermark_(high_watermark) {
    ASSERT(assignment.leader == options.self);
    ASSERT(high_watermark <= log.end);
    // Also where nothing is written in it: else a follower could not tell this epoch from the one
    // before (KAFKA-7415).
    effects_.emplace_back(BeginEpoch{assignment.leader_epoch, log.end});
    keep_progress_of_replicas(now);
    advance_high_watermark(now);
}

// In-sync replicas get the whole time to fetch for the first time.
void PartitionLeader::keep_progress_of_replicas(Time now) {
    std::erase_if(followers_,
                  [this](const auto& each) { return !holds(assignment_.replicas, each.first); });
    for (const BrokerId replica : assignment_.replicas) {
        if (replica == options_.self) continue;
        Progress& progress = followers_[replica];
        if (holds(assignment_.isr, replica) && !progress.caught_up_at) progress.caught_up_at = now;
    }
}

void PartitionLeader::assigned(const Assignment& assignment, Time now) {
    ASSERT(assignment.leader == options_.self);
    ASSERT(assignment.leader_epoch == assignment_.leader_epoch);
    if (assignment.partition_epoch < assignment_.partition_epoch) return;
    // What was proposed on top of an older state can no longer happen, or has.
    if (assignment.partition_epoch > assignment_.partition_epoch) proposal_.reset();
    assignment_ = assignment;
    keep_progress_of_replicas(now);
    advance_high_watermark(now);
}

void PartitionLeader::appended(Offset end, Time now) {
    ASSERT(end >= log_end_);
    // Who has everything is caught up until this moment, however long ago it said so.
    for (auto& [id, progress] : followers_)
        if (progress.end >= log_end_) progress.caught_up_at = now;
    log_end_ = end;
}

void PartitionLeader::flushed(Offset end, Time now) {
    ASSERT(end <= log_end_);
    durable_ = std::max(durable_, end);
    advance_high_watermark(now);
}

ErrorCode PartitionLeader::complaint_about_append() const {
    return assignment_.isr.size() < assignment_.effective_min_isr() ? ErrorCode::not_enough_replicas
                                                                    : ErrorCode::none;
}

void PartitionLeader::wait_committed(AppendId append, Offset end) {
    if (end <= high_watermark_)
        effects_.emplace_back(Answer{append, ErrorCode::none});
    else
        waiting_.emplace(end, append);
}

void PartitionLeader::gave_up(AppendId append) {
    std::erase_if(waiting_, [append](const auto& each) { return each.second == append; });
}

ErrorCode PartitionLeader::complaint_about_epoch(LeaderEpoch told) const {
    if (told == no_leader_epoch || told == epoch()) return ErrorCode::none;
    return told < epoch() ? ErrorCode::fenced_leader_epoch : ErrorCode::unknown_leader_epoch;
}

FetchReply PartitionLeader::fetched(const FetchAsk& ask, const LogView& log, Time now) {
    FetchReply reply;
    reply.error = PLANT("replication.fetch_of_any_epoch") ? ErrorCode::none
                                                          : complaint_about_epoch(ask.leader_epoch);
    if (reply.error != ErrorCode::none) return reply;
    const auto found = followers_.find(ask.follower);
    if (found == followers_.end()) {
        // It goes by a newer assignment than we do: this one will come.
        reply.error = ErrorCode::unknown_leader_epoch;
        return reply;
    }
    Progress& progress = found->second;
    // An earlier life of the broker speaks, which may have had what this one has not (KIP-903).
    if (ask.broker_epoch < progress.broker_epoch && ask.broker_epoch.value != -1 &&
        !PLANT("replication.earlier_life_is_heard")) {
        reply.error = ErrorCode::not_leader_or_follower;
        return reply;
    }
    if (ask.offset < log.start) {
        reply.error = ErrorCode::offset_out_of_range;
        return reply;
    }
    // It may have a record of an epoch that this log knows nothing of.
    const auto latest = log.epochs.latest();
    const bool is_strange = !latest || ask.last_fetched_epoch > latest->epoch;
    if (!is_strange) reply.diverging = parting_of(ask, log);
    if (is_strange || (!reply.diverging && ask.offset > log.end)) {
        reply.error = ErrorCode::offset_out_of_range;
        return reply;
    }
    if (!reply.diverging) {
        note_progress(progress, ask, now);
        consider_joining(ask.follower, now);
        advance_high_watermark(now);
    }
    reply.high_watermark = high_watermark_;
    reply.log_start = log.start;
    return reply;
}

// Where a log that has a record of the last fetched epoch right before the offset parts from this
// one, if it does.
std::optional<LeaderEpochs::End> PartitionLeader::parting_of(const FetchAsk& ask,
                                                             const LogView& log) const {
    if (ask.last_fetched_epoch == no_leader_epoch) return std::nullopt;
    const auto own = log.epochs.end_offset_for(ask.last_fetched_epoch, log.end);
    if (!own) return std::nullopt;
    const bool parts = own->epoch < ask.last_fetched_epoch || own->offset < ask.offset;
    return parts ? own : std::nullopt;
}

void PartitionLeader::note_progress(Progress& progress, const FetchAsk& ask, Time now) const {
    if (ask.offset >= log_end_)
        progress.caught_up_at = now;
    else if (progress.end_at_last_fetch >= Offset(0) && ask.offset >= progress.end_at_last_fetch)
        // It has what there was when it asked last, so it was caught up then.
        progress.caught_up_at =
            std::max(progress.caught_up_at.value_or(progress.fetched_at), progress.fetched_at);
    progress.end = ask.offset;
    progress.log_start = ask.log_start;
    progress.broker_epoch = ask.broker_epoch;
    progress.fetched_at = now;
    progress.end_at_last_fetch = log_end_;
}

// It may be elected, and in the life in which it proved what it has (KIP-841, KIP-903).
bool PartitionLeader::is_eligible(BrokerId follower) const {
    const Standing* standing = assignment_.standing(follower);
    if (standing == nullptr) return false;
    if (!standing->active && !PLANT("replication.fenced_replica_joins")) return false;
    const auto proved = followers_.at(follower).broker_epoch;
    return proved.value == -1 || proved == standing->epoch ||
           PLANT("replication.earlier_life_joins");
}

bool PartitionLeader::is_caught_up(const Progress& progress, Time now) const {
    if (progress.end < Offset(0) || !progress.caught_up_at) return false;
    return progress.end >= log_end_ || now - *progress.caught_up_at < options_.lag_max;
}

void PartitionLeader::consider_joining(BrokerId follower, Time now) {
    if (proposal_ || now < quiet_until_ || holds(assignment_.isr, follower)) return;
    const Progress& progress = followers_.at(follower);
    // All that was committed in earlier epochs lies before this one.
    const Offset enough = PLANT("replication.joins_behind_the_epoch")
                              ? high_watermark_
                              : std::max(high_watermark_, epoch_start_);
    if (progress.end < enough || !is_eligible(follower)) return;
    std::vector<BrokerId> isr = assignment_.isr;
    isr.push_back(follower);
    propose(std::move(isr));
}

void PartitionLeader::drop_laggards(Time now) {
    std::vector<BrokerId> isr;
    for (const BrokerId member : assignment_.isr) {
        const auto found = followers_.find(member);
        const bool lags = found != followers_.end() && found->second.end < log_end_ &&
                          now - *found->second.caught_up_at >= options_.lag_max;
        if (!lags) isr.push_back(member);
    }
    if (isr.size() < assignment_.isr.size()) propose(std::move(isr));
}

void PartitionLeader::propose(std::vector<BrokerId> isr) {
    last_proposal_ = last_proposal_.next();
    Propose asked{last_proposal_, epoch(), assignment_.partition_epoch, {}};
    for (const BrokerId member : isr) asked.isr.push_back(proof_of(member));
    effects_.emplace_back(asked);
    proposal_ = Proposal{std::move(asked), std::move(isr)};
}

// The life in which it told what it has.
Propose::Member PartitionLeader::proof_of(BrokerId member) const {
    if (const auto follower = followers_.find(member); follower != followers_.end())
        return {member, follower->second.broker_epoch};
    const Standing* own = assignment_.standing(member);
    return {member, own != nullptr ? own->epoch : protocol::BrokerEpoch(-1)};
}

void PartitionLeader::proposal_answered(ProposalId id, const ProposalReply& reply, Time now) {
    if (!proposal_ || proposal_->asked.id != id) return;
    switch (static_cast<int>(reply.error)) {
        case static_cast<int>(ErrorCode::none):
            // The metadata log says so too, and in its order: an in-sync set from here would be
            // judged by settings that it has left behind. Unless there was nothing to say.
            if (reply.leader_epoch == epoch() &&
                reply.partition_epoch == assignment_.partition_epoch)
                proposal_.reset();
            break;
        // It was looked at and is not wanted.
        case static_cast<int>(ErrorCode::ineligible_replica):
        case static_cast<int>(ErrorCode::operation_not_attempted):
            proposal_.reset();
            quiet_until_ = now + options_.retry_backoff;
            break;
        // Something else has happened, which may be this very proposal when it was sent before. It
        // goes on counting until the metadata log says what is.
        case static_cast<int>(ErrorCode::fenced_leader_epoch):
        case static_cast<int>(ErrorCode::invalid_update_version):
        case static_cast<int>(ErrorCode::invalid_request):
        case static_cast<int>(ErrorCode::new_leader_elected):
        case static_cast<int>(ErrorCode::unknown_topic_id):
        case static_cast<int>(ErrorCode::unknown_topic_or_partition):
            return;
        default:
            return proposal_failed(id, now);
    }
    advance_high_watermark(now);
}

void PartitionLeader::proposal_failed(ProposalId id, Time now) {
    if (proposal_ && proposal_->asked.id == id)
        proposal_->send_again_at = now + options_.retry_backoff;
}

// Whom a record must reach before it is committed.
bool PartitionLeader::counts(BrokerId follower, const Progress& progress, Time now) const {
    if (holds(assignment_.isr, follower)) return true;
    if (proposal_ && holds(proposal_->isr, follower) && !PLANT("replication.proposed_do_not_count"))
        return true;
    // Not yet in sync but nearly: it would never get in if the rest ran away from it.
    return is_caught_up(progress, now) && is_eligible(follower);
}

void PartitionLeader::advance_high_watermark(Time now) {
    // KIP-966: with fewer in sync than the topic asks for nothing is committed, whatever the acks.
    if (complaint_about_append() != ErrorCode::none && !PLANT("replication.commits_below_min_isr"))
        return;
    Offset committed = PLANT("replication.written_counts") ? log_end_ : durable_;
    for (const auto& [id, progress] : followers_)
        if (counts(id, progress, now)) committed = std::min(committed, progress.end);
    if (committed <= high_watermark_) return;
    high_watermark_ = committed;
    effects_.emplace_back(Committed{committed});
    const auto done = waiting_.upper_bound(committed);
    for (auto each = waiting_.begin(); each != done; ++each)
        effects_.emplace_back(Answer{each->second, ErrorCode::none});
    waiting_.erase(waiting_.begin(), done);
}

void PartitionLeader::passed(Time now) {
    // Whoever is not in sync and has not caught up for long is not waited for.
    for (auto& [id, progress] : followers_)
        if (!holds(assignment_.isr, id) && progress.caught_up_at && progress.end < log_end_ &&
            now - *progress.caught_up_at >= options_.lag_max)
            progress.caught_up_at.reset();
    if (!proposal_ && now >= quiet_until_) {
        drop_laggards(now);
    } else if (proposal_ && now >= proposal_->send_again_at) {
        proposal_->send_again_at = never;
        // As it was: what a member has proved since may be less.
        effects_.emplace_back(proposal_->asked);
    }
    advance_high_watermark(now);
}

Time PartitionLeader::wake_at() const {
    Time at = never;
    for (const auto& [id, progress] : followers_) {
        if (progress.end >= log_end_ || !progress.caught_up_at) continue;
        // One that is in sync goes only when nothing else is proposed.
        if (proposal_ && holds(assignment_.isr, id)) continue;
        const Time late_at = *progress.caught_up_at + options_.lag_max;
        at = std::min(at, holds(assignment_.isr, id) ? std::max(late_at, quiet_until_) : late_at);
    }
    return proposal_ ? std::min(at, proposal_->send_again_at) : at;
}

EpochEndReply PartitionLeader::end_of_epoch(LeaderEpoch told, LeaderEpoch epoch,
                                            const LogView& log) const {
    EpochEndReply reply{complaint_about_epoch(told)};
    if (reply.error != ErrorCode::none) return reply;
    if (const auto end = log.epochs.end_offset_for(epoch, log.end)) reply.end = *end;
    return reply;
}

std::optional<BrokerId> PartitionLeader::nearer_replica(std::string_view rack,
                                                        Offset offset) const {
    const Standing* own = assignment_.standing(options_.self);
    if (rack.empty() || (own != nullptr && own->rack == rack)) return std::nullopt;
    const std::pair<const BrokerId, Progress>* best = nullptr;
    for (const auto& each : followers_) {
        const auto& [id, progress] = each;
        const Standing* standing = assignment_.standing(id);
        const bool is_near = standing != nullptr && standing->active && standing->rack == rack;
        if (!is_near || !holds(assignment_.isr, id)) continue;
        if (progress.end < offset || progress.log_start > offset) continue;
        if (best == nullptr || progress.end > best->second.end) best = &each;
    }
    if (best == nullptr) return std::nullopt;
    return best->first;
}

}  // namespace sluice::replication
