#include "core/broker/replica/replica_driver.h"

#include <algorithm>
#include <utility>

#include "core/base/probe.h"
#include "core/broker/partition.h"

namespace sluice::broker {

using protocol::ErrorCode;
using replication::AppendId;

ReplicaDriver::ReplicaDriver(env::Env& env, ReplicaHost& host, Partition& partition,
                             const replication::PartitionReplica::Options& options,
                             Offset high_watermark, std::optional<LeaderEpoch> led_since)
    : env_(env),
      host_(host),
      partition_(partition),
      rules_(options, high_watermark),
      led_alone_since_(led_since) {}

replication::LogView ReplicaDriver::view() const {
    const PartitionLog& log = partition_.log();
    return {log.offsets().start, log.offsets().end, log.offsets().durable, log.epochs()};
}

void ReplicaDriver::assigned(const replication::Assignment& assignment) {
    if (busy_) {
        next_assignment_ = assignment;
        return;
    }
    const env::NoSuspend guard(env_.scheduler);
    const bool led = leading() != nullptr;
    const LeaderEpoch before = epoch();
    rules_.assigned(assignment, view(), env_.clock.now());
    if (epoch() != before) told_end_ = partition_.log().offsets().end;
    const auto alone = std::exchange(led_alone_since_, std::nullopt);
    if (leading() != nullptr && !led) led_since_ = alone.value_or(epoch());
    if (epoch() != before) {
        wants_leader_log_ = false;
        // Who watches asks again, and learns who leads.
        partition_.watchers().changed();
    }
    perform();
    host_.follower_moved(partition_.id());
}

void ReplicaDriver::abandoned() {
    answer_all(ErrorCode::not_leader_or_follower);
}

void ReplicaDriver::answer_all(ErrorCode error) {
    if (auto* const leader = rules_.leading()) leader->take_waiting();
    for (auto& [id, waiter] : waiters_) {
        if (waiter.answer) continue;
        waiter.answer = error;
        if (waiter.event) waiter.event->set();
    }
}

void ReplicaDriver::tell_end() {
    const Offset end = partition_.log().offsets().end;
    if (end == told_end_) return;
    told_end_ = end;
    rules_.leading()->appended(end, env_.clock.now());
}

void ReplicaDriver::appended() {
    ASSERT(leading() != nullptr);
    tell_end();
    perform();
}

void ReplicaDriver::flushed() {
    if (partition_.log().offline()) {
        answer_all(ErrorCode::kafka_storage_error);
        host_.log_failed(partition_.id());
    }
    if (auto* const leader = rules_.leading()) {
        // A log may sync what it takes before it says that it took it.
        tell_end();
        leader->flushed(partition_.log().offsets().durable, env_.clock.now());
        return perform();
    }
    host_.follower_moved(partition_.id());
}

void ReplicaDriver::passed() {
    const env::NoSuspend guard(env_.scheduler);
    if (auto* const leader = rules_.leading()) leader->passed(env_.clock.now());
    perform();
}

void ReplicaDriver::proposal_answered(replication::ProposalId id,
                                      const replication::ProposalReply& reply) {
    const env::NoSuspend guard(env_.scheduler);
    if (auto* const leader = rules_.leading())
        leader->proposal_answered(id, reply, env_.clock.now());
    perform();
}

void ReplicaDriver::proposal_failed(replication::ProposalId id) {
    const env::NoSuspend guard(env_.scheduler);
    if (auto* const leader = rules_.leading()) leader->proposal_failed(id, env_.clock.now());
    perform();
}

Offset ReplicaDriver::high_watermark() const {
    const LogOffsets& log = partition_.log().offsets();
    const Offset known = std::min(rules_.high_watermark(), log.end);
    // The rules know what will be, of a log that is not there yet.
    if (busy_ || !partition_.has_log())
        return std::max(std::min(known, high_watermark_before_work_), log.start);
    return known;
}

ErrorCode ReplicaDriver::complaint_about_append(bool wants_in_sync) const {
    const auto* const leader = leading();
    if (leader == nullptr) return ErrorCode::not_leader_or_follower;
    return wants_in_sync ? leader->complaint_about_append() : ErrorCode::none;
}

ErrorCode ReplicaDriver::complaint_about_epoch(LeaderEpoch told) const {
    const auto* const leader = leading();
    // Who knows of a later epoch than this node is told so, and comes again.
    if (leader == nullptr)
        return told > epoch() ? ErrorCode::unknown_leader_epoch : ErrorCode::not_leader_or_follower;
    return leader->complaint_about_epoch(told);
}

ErrorCode ReplicaDriver::complaint_about_reader(LeaderEpoch told) const {
    if (!follows()) return complaint_about_epoch(told);
    if (told == no_leader_epoch || told == epoch()) return ErrorCode::none;
    return told < epoch() ? ErrorCode::fenced_leader_epoch : ErrorCode::unknown_leader_epoch;
}

ErrorCode ReplicaDriver::complaint_about_read(Offset offset) const {
    const ErrorCode complaint = rules_.complaint_about_read(offset, view());
    const bool is_ahead = follows() && offset > high_watermark();
    return complaint == ErrorCode::none && is_ahead ? ErrorCode::offset_not_available : complaint;
}

replication::EpochEndReply ReplicaDriver::end_of_epoch(LeaderEpoch told, LeaderEpoch epoch) const {
    if (const auto* const leader = leading()) return leader->end_of_epoch(told, epoch, view());
    return {complaint_about_epoch(told)};
}

replication::FetchReply ReplicaDriver::fetched(const replication::FetchAsk& ask) {
    const env::NoSuspend guard(env_.scheduler);
    auto* const leader = rules_.leading();
    replication::FetchReply reply;
    reply.error = complaint_about_epoch(ask.leader_epoch);
    if (leader == nullptr || reply.error != ErrorCode::none) return reply;
    reply = leader->fetched(ask, view(), env_.clock.now());
    perform();
    return reply;
}

AppendId ReplicaDriver::expect(Offset end) {
    auto* const leader = rules_.leading();
    if (leader == nullptr) return AppendId(0);
    last_append_ = last_append_.next();
    waiters_[last_append_];
    leader->wait_committed(last_append_, end);
    perform();
    return last_append_;
}

bool ReplicaDriver::is_answered(AppendId append) const {
    const auto found = waiters_.find(append);
    return found == waiters_.end() || found->second.answer.has_value();
}

ErrorCode ReplicaDriver::wait_answer(AppendId append, Time deadline) {
    const auto found = waiters_.find(append);
    ASSERT(found != waiters_.end());
    Result<void> waited;
    if (!found->second.answer) {
        env::Event answered(env_.scheduler);
        found->second.event = &answered;
        waited = answered.wait_until(deadline);
        found->second.event = nullptr;
    }
    if (const std::optional<ErrorCode> answer = found->second.answer) {
        waiters_.erase(found);
        return *answer;
    }
    give_up(append);
    return waited.failed() && waited.error() == Error::timed_out
               ? ErrorCode::request_timed_out
               : ErrorCode::not_leader_or_follower;
}

void ReplicaDriver::give_up(AppendId append) {
    if (auto* const leader = rules_.leading()) leader->gave_up(append);
    waiters_.erase(append);
}

// Leaders' effects are done here and now; what a follower's log has to wait for is left for
// finish_work().
void ReplicaDriver::perform() {
    for (const replication::Effect& effect : rules_.take_effects())
        std::visit([this](const auto& each) { performed(each); }, effect);
    if (const auto* const leader = leading()) host_.plan(partition_.id(), leader->wake_at());
}

void ReplicaDriver::performed(const replication::BeginEpoch& effect) {
    ASSERT(effect.at == partition_.log().offsets().end);
    partition_.log().begin_epoch(effect.epoch);
}

void ReplicaDriver::performed(const replication::Propose& effect) {
    host_.proposed(partition_.id(), effect);
}

void ReplicaDriver::performed(const replication::Committed& effect) {
    // Behind what is still to be appended: said when that is done.
    if (!work_.empty())
        work_.emplace_back(effect);
    else
        partition_.committed();
}

void ReplicaDriver::performed(const replication::Answer& effect) {
    const auto waiter = waiters_.find(effect.append);
    if (waiter == waiters_.end() || waiter->second.answer) return;
    waiter->second.answer = effect.error;
    if (waiter->second.event) waiter->second.event->set();
}

}  // namespace sluice::broker
