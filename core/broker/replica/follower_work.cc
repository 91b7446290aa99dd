// What a replica that follows does to its log.

#include "core/base/probe.h"
#include "core/broker/partition.h"
#include "core/broker/replica/replica_driver.h"
#include "core/protocol/record_batch.h"
#include "core/protocol/validate_batch.h"

namespace sluice::broker {

namespace {

// What a log wants to know of a batch that a leader has judged: its bytes count as they are.
protocol::ValidatedBatch facts_of(const protocol::BatchView& batch) {
    protocol::ValidatedBatch facts;
    facts.record_count = batch.record_count();
    facts.last_offset_delta = batch.last_offset_delta();
    facts.compression = batch.compression().value_or(protocol::CompressionType::none);
    facts.timestamp_type = batch.timestamp_type();
    facts.max_timestamp = batch.max_timestamp();
    facts.max_timestamp_offset_delta = batch.last_offset_delta();
    facts.producer_id = batch.producer_id();
    facts.producer_epoch = batch.producer_epoch();
    facts.base_sequence = batch.base_sequence();
    facts.last_sequence = batch.last_sequence();
    facts.is_transactional = batch.is_transactional();
    facts.is_control = batch.is_control();
    return facts;
}

// In a log without a gap.
bool is_sound(const protocol::BatchView& batch) {
    return batch.crc_matches() && batch.last_offset_delta() >= 0 && batch.record_count() >= 0 &&
           batch.base_offset() >= Offset(0);
}

}  // namespace

std::optional<replication::FetchAsk> ReplicaDriver::next_fetch() const {
    const auto* const follower = rules_.following();
    if (follower == nullptr || busy_ || partition_.log().offline()) return std::nullopt;
    return follower->next_fetch(view(), env_.clock.now());
}

Time ReplicaDriver::next_fetch_at() const {
    const auto* const follower = rules_.following();
    return follower == nullptr || busy_ ? never : follower->wake_at(env_.clock.now());
}

// Effects that would wait, and those behind them, are kept with the records they are about.
bool ReplicaDriver::received(const replication::FetchAsk& ask, const replication::FetchReply& reply,
                             Bytes records) {
    const env::NoSuspend guard(env_.scheduler);
    auto* const follower = rules_.following();
    if (follower == nullptr || busy_) return false;
    const Offset before = high_watermark();
    follower->received(ask, reply, view(), env_.clock.now());
    records_ = std::move(records);
    perform();
    return begin_work(before);
}

void ReplicaDriver::fetch_failed(LeaderEpoch asked_in) {
    if (epoch() == asked_in) back_off();
}

void ReplicaDriver::back_off() {
    if (auto* const follower = rules_.following()) follower->failed(env_.clock.now());
}

bool ReplicaDriver::leader_log_found(LeaderEpoch asked_in, Offset start, Offset end) {
    const env::NoSuspend guard(env_.scheduler);
    auto* const follower = rules_.following();
    if (follower == nullptr || busy_ || epoch() != asked_in) return false;
    wants_leader_log_ = false;
    const Offset before = high_watermark();
    follower->leader_log_found(start, end, view());
    perform();
    return begin_work(before);
}

void ReplicaDriver::leader_log_not_found(LeaderEpoch asked_in) {
    auto* const follower = rules_.following();
    if (follower == nullptr || epoch() != asked_in) return;
    wants_leader_log_ = false;
    follower->leader_log_not_found(env_.clock.now());
}

// Does what need not wait. True when something is left; what was committed before counts until it
// is done.
bool ReplicaDriver::begin_work(Offset high_watermark) {
    while (!work_.empty()) {
        const replication::Effect& next = work_.front();
        const bool waits = std::holds_alternative<replication::Truncate>(next) ||
                           std::holds_alternative<replication::Restart>(next) ||
                           std::holds_alternative<replication::DeleteBefore>(next);
        if (waits) {
            busy_ = true;
            high_watermark_before_work_ = high_watermark;
            return true;
        }
        const replication::Effect effect = next;
        work_.pop_front();
        if (work(effect).failed()) {
            work_.clear();
            back_off();
        }
    }
    records_ = Bytes();
    return false;
}

// Nobody assigns another role meanwhile: what is left to do stays right.
void ReplicaDriver::finish_work() {
    ASSERT(busy_);
    // One that is retired has nothing to do any more.
    while (!work_.empty() && !partition_.retired()) {
        const replication::Effect effect = work_.front();
        work_.pop_front();
        const auto done = work(effect);
        if (!done.failed()) continue;
        work_.clear();
        back_off();
        say_not_done(done.error());
    }
    records_ = Bytes();
    busy_ = false;
    if (partition_.retired()) return;
    if (auto next = std::exchange(next_assignment_, std::nullopt)) assigned(*next);
    host_.follower_moved(partition_.id());
}

void ReplicaDriver::say_not_done(Error why) const {
    if (why == Error::stopped) return;
    env_.logger.warn(
        "replica.not-brought-up",
        {{"topic", partition_.topic()},
         {"partition", std::to_string(partition_.id().index.value)},
         {"why", std::string(name_of(why))},
         {"remedy", partition_.has_log()
                        ? "it is tried again; check the disk"
                        : "the log could not be cut; the node's next start opens it"}});
}

Result<void> ReplicaDriver::work(const replication::Effect& effect) {
    if (const auto* const truncate = std::get_if<replication::Truncate>(&effect)) {
        SOMETIMES("cluster.replica_truncated", truncate->end < partition_.log().offsets().end);
        if (truncate->end < partition_.log().offsets().end) return cut({.end = truncate->end});
        partition_.log().forget_unwritten_epochs();
        return {};
    }
    if (const auto* const restart = std::get_if<replication::Restart>(&effect)) {
        SOMETIMES("cluster.replica_restarted", true);
        CHECK_OK(cut({.end = restart->at, .all = true}));
        if (restart->log_start <= restart->at) return {};
        // A leader's log begins within a batch; ours can only when the batch is there.
        work_.emplace_back(replication::DeleteBefore{restart->log_start});
        return {};
    }
    if (const auto* const deleted = std::get_if<replication::DeleteBefore>(&effect)) {
        CHECK_OK(partition_.log().advance_start(deleted->start));
        partition_.watchers().changed();
        return {};
    }
    if (const auto* const append_effect = std::get_if<replication::Append>(&effect))
        return append(append_effect->end);
    if (std::holds_alternative<replication::FindLeaderLog>(effect)) wants_leader_log_ = true;
    if (const auto* const committed = std::get_if<replication::Committed>(&effect)) {
        high_watermark_before_work_ = committed->high_watermark;
        partition_.committed();
    }
    return {};
}

// The batches of the answer as they are, from the log's end to `end`.
Result<void> ReplicaDriver::append(Offset end) {
    protocol::BatchSplitter batches(records_.view());
    while (const auto batch = batches.next()) {
        const Offset at = partition_.log().offsets().end;
        if (at >= end) return {};
        if (batch->next_offset() <= at) continue;
        // Apache Kafka's cleaner leaves such gaps, and our logs have none.
        if (batch->base_offset() != at || !is_sound(*batch)) return Error::corrupt;
        CHECK_OK(partition_.append_replicated(*batch, facts_of(*batch)));
    }
    return {};
}

Result<void> ReplicaDriver::cut(const LogStore::Cut& what) {
    env_.logger.info("replica.cut", {{"topic", partition_.topic()},
                                     {"partition", std::to_string(partition_.id().index.value)},
                                     {"from", std::to_string(partition_.log().offsets().end.value)},
                                     {"to", std::to_string(what.end.value)}});
    return partition_.cut(host_, what);
}

}  // namespace sluice::broker
