#include "core/replication/partition_follower.h"

#include <algorithm>

#include "core/base/probe.h"

namespace sluice::replication {

using protocol::ErrorCode;

namespace {

// From the log, not from the last answer: one without records says nothing (KAFKA-15510).
LeaderEpoch last_fetched_epoch(const LogView& log) {
    const auto latest = log.epochs.latest();
    return latest ? latest->epoch : no_leader_epoch;
}

}  // namespace

std::optional<FetchAsk> PartitionFollower::next_fetch(const LogView& log, Time now) const {
    const auto* fetching = std::get_if<Fetching>(&state_);
    if (fetching == nullptr || now < fetching->not_before) return std::nullopt;
    if (log.durable < log.end && !PLANT("replication.follower_claims_what_is_written"))
        return std::nullopt;
    return FetchAsk{options_.self, broker_epoch_,           epoch_,
                    log.end,       last_fetched_epoch(log), log.start};
}

void PartitionFollower::received(const FetchAsk& ask, const FetchReply& reply, const LogView& log,
                                 Time now) {
    // What was true in another epoch, or of a log that was cut since, is not now (KAFKA-18991).
    if (ask.leader_epoch != epoch_ && !PLANT("replication.answer_of_any_epoch")) return;
    if (ask.offset != log.end) return;
    if (ask.last_fetched_epoch != last_fetched_epoch(log) &&
        !PLANT("replication.answer_for_another_log"))
        return;
    if (!std::holds_alternative<Fetching>(state_)) return;
    if (reply.error == ErrorCode::offset_out_of_range) {
        state_ = Locating{};
        effects_.emplace_back(FindLeaderLog{});
        return;
    }
    if (reply.error != ErrorCode::none) return back_off(now);
    failures_ = 0;
    if (PLANT("replication.high_watermark_before_truncation"))
        high_watermark_ = std::max(high_watermark_, reply.high_watermark);
    // Before anything else: the leader's high watermark says nothing of a log that is not the
    // beginning of its own (KAFKA-14704).
    if (reply.diverging) return part_from(*reply.diverging, log);
    append(reply, log, now);
}

// Cuts what the leader does not have, as far as one answer tells (KIP-279): when the leader names
// an epoch that this log has none of, the end of the one before it is tried next.
void PartitionFollower::part_from(const LeaderEpochs::End& diverging, const LogView& log) {
    const auto own = log.epochs.end_offset_for(diverging.epoch, log.end);
    const bool knows_epoch = own && own->epoch == diverging.epoch;
    Offset end = own ? own->offset : log.end;
    if (!own || knows_epoch) end = std::min(end, diverging.offset);
    if (PLANT("replication.truncates_in_one_step")) end = std::min(log.end, diverging.offset);
    truncate(std::max(end, log.start));
}

// Also when the log ends there already: epochs that were begun and never written to must go
// (KAFKA-10706).
void PartitionFollower::truncate(Offset end) {
    high_watermark_ = std::min(high_watermark_, end);
    effects_.emplace_back(Truncate{end});
}

void PartitionFollower::append(const FetchReply& reply, const LogView& log, Time now) {
    // First, and whatever is known to be committed: a log that differs from its leader's only in
    // what the leader has deleted is not told to part from it, and must never lead with that.
    const Offset start = std::max(log.start, std::min(reply.log_start, log.end));
    if (start > log.start && !PLANT("replication.deletes_last"))
        effects_.emplace_back(DeleteBefore{start});
    Offset end = log.end;
    for (const Run& run : reply.runs) {
        // Of an epoch that was not asked for (KAFKA-18723), or empty.
        if (run.epoch > epoch_ || run.end <= run.first) break;
        if (run.first < end) {
            // A log that has lost its beginning begins within a batch: take all of it (KAFKA-6975).
            const bool holds_start = start == log.end && end == log.end && run.end > end;
            if (!holds_start) break;
            effects_.emplace_back(Restart{run.first, start});
        }
        end = run.end;
    }
    if (end > log.end) effects_.emplace_back(Append{end});
    commit(std::max(start, std::min(reply.high_watermark, end)));
    if (end == log.end && !reply.runs.empty()) back_off(now);
}

void PartitionFollower::commit(Offset high_watermark) {
    if (high_watermark <= high_watermark_) return;
    high_watermark_ = high_watermark;
    effects_.emplace_back(Committed{high_watermark});
}

void PartitionFollower::failed(Time now) {
    if (std::holds_alternative<Fetching>(state_)) back_off(now);
}

void PartitionFollower::back_off(Time now) {
    const Duration wait = options_.backoff_first * (std::int64_t{1} << std::min(failures_, 10));
    ++failures_;
    state_ = Fetching{now + std::min(wait, options_.backoff_max)};
}

void PartitionFollower::leader_log_found(Offset start, Offset end, const LogView& log) {
    if (!std::holds_alternative<Locating>(state_)) return;
    state_ = Fetching{};
    if (end < log.end) return truncate(std::max(end, log.start));
    if (start <= log.end) return;
    // The leader has deleted all that this log has: whatever it holds, the log is behind
    // (KAFKA-9491: or its high watermark would lie before its start).
    effects_.emplace_back(Restart{start, start});
    if (!PLANT("replication.restart_keeps_high_watermark")) commit(start);
}

void PartitionFollower::leader_log_not_found(Time now) {
    if (std::holds_alternative<Locating>(state_)) back_off(now);
}

Time PartitionFollower::wake_at(Time now) const {
    const auto* fetching = std::get_if<Fetching>(&state_);
    return fetching != nullptr && fetching->not_before > now ? fetching->not_before : never;
}

}  // namespace sluice::replication
