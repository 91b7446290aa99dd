#include "core/broker/partition.h"

#include <fmt/format.h>

#include "core/base/probe.h"
#include "core/broker/errors.h"
#include "core/broker/replica/absent_log.h"
#include "core/protocol/recompress.h"
#include "core/protocol/validate_batch.h"
#include "core/replication/producer_states.h"

namespace sluice::broker {

using protocol::ErrorCode;

namespace {

// How long the broker itself waits until what it wrote is committed: offsets.commit.timeout.ms.
constexpr Duration own_wait_max = seconds(5);

std::int64_t window_milliseconds(Duration window) {
    return window == Duration::max() ? INT64_MAX : to_milliseconds(window);
}

protocol::ValidationRules rules_for(const TopicSettings& settings, const AppendOrigin& origin,
                                    Timestamp now) {
    protocol::ValidationRules rules;
    rules.from_client = origin.is_client;
    rules.produce_version = origin.produce_version;
    rules.batch_bytes_max = settings.batch_bytes_max;
    rules.decompressed_bytes_max = origin.decompressed_bytes_max;
    rules.compacted = settings.compacted;
    rules.timestamp_type = settings.log_append_time ? protocol::TimestampType::log_append_time
                                                    : protocol::TimestampType::create_time;
    rules.timestamp_before_max_ms = window_milliseconds(settings.timestamp_before_max);
    rules.timestamp_after_max_ms = window_milliseconds(settings.timestamp_after_max);
    rules.now = now;
    return rules;
}

}  // namespace

Partition::Partition(env::Env& env, PartitionId id, std::string topic,
                     std::unique_ptr<PartitionLog> log)
    : env_(env), id_(id), topic_(std::move(topic)), log_(std::move(log)) {
    log_->belongs_to(this);
}

std::unique_ptr<PartitionLog> Partition::take_log() {
    log_->belongs_to(nullptr);
    return std::move(log_);
}

void Partition::release() {
    if (--users_ == 0 && unused_) unused_->set();
}

void Partition::retire() {
    retired_ = true;
    watchers_.dismiss();
    if (replica_) replica_->abandoned();
    if (users_ == 0) return;
    env::Completion unused(env_.scheduler);
    unused_ = &unused;
    unused.wait();
    unused_ = nullptr;
}

void Partition::update(const metadata::PartitionState& state, const TopicSettings& settings) {
    state_ = state;
    settings_ = settings;
    log_->configure(settings.log);
}

ReplicaDriver& Partition::replicate(ReplicaHost& host,
                                    const replication::PartitionReplica::Options& options) {
    ASSERT(!replica_);
    const LogOffsets& offsets = log_->offsets();
    // While it was alone, all that was durable was committed.
    const Offset known = alone_since_ ? offsets.durable : restored_;
    replica_ = std::make_unique<ReplicaDriver>(
        env_, host, *this, options, std::clamp(known, offsets.start, offsets.end), alone_since_);
    return *replica_;
}

ErrorCode Partition::check_epoch(LeaderEpoch clients) const {
    if (PLANT("partition.epoch_not_checked")) return ErrorCode::none;
    if (replica_) return replica_->complaint_about_epoch(clients);
    if (clients == no_leader_epoch || clients == state_.leader_epoch) return ErrorCode::none;
    return clients < state_.leader_epoch ? ErrorCode::fenced_leader_epoch
                                         : ErrorCode::unknown_leader_epoch;
}

ProduceOutcome Partition::refuse(ErrorCode code, std::string message) const {
    ProduceOutcome outcome;
    outcome.error = code;
    outcome.message = std::move(message);
    return outcome;
}

// NOT_ENOUGH_REPLICAS before anything is written, so that nobody must undo it.
ErrorCode Partition::complaint_about_append(const AppendOrigin& origin) const {
    if (!replica_) return ErrorCode::none;
    return replica_->complaint_about_append(origin.in_sync);
}

ProduceOutcome Partition::append(Slice batch, const AppendOrigin& origin) {
    if (const ErrorCode code = complaint_about_append(origin); code != ErrorCode::none)
        return refuse(code, {});
    const Timestamp now = env_.clock.wall();
    const auto facts = protocol::validate_batch(batch, rules_for(settings_, origin, now));
    if (facts.failed()) {
        ProduceOutcome outcome = refuse(facts.error().code, facts.error().message);
        for (const auto& bad : facts.error().records)
            outcome.record_errors.push_back({bad.index, bad.message});
        return outcome;
    }
    if (facts->is_transactional && origin.is_client)
        return refuse(ErrorCode::invalid_request,
                      "Transactions are not served yet: use an idempotent producer without a "
                      "transactional.id.");
    if (log_->offline())
        return refuse(ErrorCode::kafka_storage_error, "The partition's log is offline.");

    // What is to be stored is judged before its producer's sequence is, as Kafka does.
    const auto changed = repacked(batch, *facts, origin);
    if (changed.failed()) return changed.error();
    if (!changed->empty()) batch = changed->view();
    // What coordinators write has limits of its own.
    if (origin.is_client && batch.size() > settings_.log.segment_bytes &&
        !PLANT("produce.segment_size_not_checked"))
        return refuse(ErrorCode::record_list_too_large,
                      fmt::format("The batch has {} bytes; segment.bytes allows {}.", batch.size(),
                                  settings_.log.segment_bytes));

    ProduceOutcome outcome;
    outcome.log_start = log_->offsets().start;
    const auto verdict = log_->producers().check(replication::ProducerBatch::of(*facts));
    if (const auto* code = std::get_if<ErrorCode>(&verdict)) return refuse(*code, {});
    if (const auto* original = std::get_if<replication::ProducerStates::Duplicate>(&verdict)) {
        outcome.base = original->base;
        if (!PLANT("produce.duplicate_not_waited_for")) outcome.next = original->next;
        if (settings_.log_append_time) outcome.log_append_time = original->timestamp;
        expect(outcome, origin);
        return outcome;
    }
    const auto appended = log_->append(batch, *facts, leader_epoch());
    if (appended.failed())
        return refuse(append_error(appended.error()), appended.error() == Error::no_space
                                                          ? "The broker's disk is full."
                                                          : std::string());
    uncommitted_.push_back({appended->next, batch.size()});
    outcome.base = appended->base;
    outcome.next = appended->next;
    if (settings_.log_append_time) outcome.log_append_time = facts->max_timestamp;
    if (replica_) replica_->appended();
    expect(outcome, origin);
    return outcome;
}

// At once: another role may have begun when the client's turn comes.
void Partition::expect(ProduceOutcome& outcome, const AppendOrigin& origin) {
    outcome.epoch = leader_epoch();
    if (!replica_) return;
    if (origin.is_client && origin.in_sync) outcome.append = replica_->expect(outcome.next);
    watchers_.appended();
}

// As the topic's compression.type wants it; nothing when it is that already.
Result<Bytes, ProduceOutcome> Partition::repacked(Slice batch,
                                                  const protocol::ValidatedBatch& facts,
                                                  const AppendOrigin& origin) const {
    if (!settings_.compression || !origin.is_client || *settings_.compression == facts.compression)
        return Bytes();
    if (PLANT("produce.compression_ignored")) return Bytes();
    auto packed = protocol::recompressed(batch, *settings_.compression, settings_.compression_level,
                                         origin.decompressed_bytes_max);
    if (packed.failed() || packed->size() > settings_.batch_bytes_max)
        return refuse(ErrorCode::message_too_large,
                      "The batch is too large once it is compressed as compression.type says.");
    return std::move(*packed);
}

Result<void> Partition::append_replicated(const protocol::BatchView& batch,
                                          const protocol::ValidatedBatch& facts) {
    TRY(const AppendedBatch appended, log_->append(batch.bytes(), facts, batch.leader_epoch()));
    uncommitted_.push_back({appended.next, batch.size()});
    return {};
}

Result<void> Partition::cut(ReplicaHost& host, const LogStore::Cut& what) {
    std::unique_ptr<PartitionLog> old = take_log();
    auto absent = std::make_unique<AbsentLog>(old->offsets(), old->epochs());
    AbsentLog& stand_in = *absent;
    log_ = std::move(absent);
    auto after = host.cut(id_, std::move(old), what);
    if (after.failed()) {
        stand_in.go_offline();
        lost_log_ = true;
        watchers_.changed();
        if (!retired_) host.log_failed(id_);
        return after.error();
    }
    log_ = std::move(*after);
    log_->belongs_to(this);
    log_->configure(settings_.log);
    while (!uncommitted_.empty() && uncommitted_.back().next > log_->offsets().end)
        uncommitted_.pop_back();
    watchers_.changed();
    return {};
}

ErrorCode Partition::wait_committed(const ProduceOutcome& outcome, Time deadline) {
    if (!replica_) return wait_committed(outcome.next);
    if (outcome.append != replication::AppendId(0))
        return replica_->wait_answer(outcome.append, deadline);
    // Also where all in sync must have it, if it was appended before others held the partition: it
    // lies before the epoch that they join in.
    const auto durable = log_->wait_durable(outcome.next);
    if (!replica_->has_led_since(outcome.epoch)) return ErrorCode::not_leader_or_follower;
    return durable.failed() ? append_error(durable.error()) : ErrorCode::none;
}

bool Partition::is_committed(const ProduceOutcome& outcome) const {
    if (outcome.append != replication::AppendId(0)) return replica_->is_answered(outcome.append);
    return log_->offsets().durable >= outcome.next;
}

void Partition::give_up(const ProduceOutcome& outcome) {
    if (outcome.append != replication::AppendId(0)) replica_->give_up(outcome.append);
}

ErrorCode Partition::wait_committed(Offset end) {
    if (replica_) {
        const replication::AppendId append = replica_->expect(end);
        if (append == replication::AppendId(0)) return ErrorCode::not_leader_or_follower;
        return replica_->wait_answer(append, env_.clock.now() + own_wait_max);
    }
    if (const auto durable = log_->wait_durable(end); durable.failed())
        return append_error(durable.error());
    return ErrorCode::none;
}

// Readers are told here, not by who waits for an answer: a producer may be slow to take its own.
void Partition::progressed() {
    const env::NoSuspend guard(env_.scheduler);
    if (log_->offline()) watchers_.changed();
    if (replica_)
        replica_->flushed();
    else
        committed();
}

void Partition::committed() {
    std::uint64_t bytes = 0;
    while (!uncommitted_.empty() && uncommitted_.front().next <= high_watermark()) {
        bytes += uncommitted_.front().bytes;
        uncommitted_.pop_front();
    }
    committed_bytes_ += bytes;
    if (bytes == 0 || PLANT("fetch.waiter_not_woken")) return;
    watchers_.came(PLANT("fetch.news_not_counted") ? 1 : bytes);
}

}  // namespace sluice::broker
