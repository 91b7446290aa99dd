#include "core/broker/partition.h"

#include <fmt/format.h>

#include "core/base/probe.h"
#include "core/broker/errors.h"
#include "core/protocol/recompress.h"
#include "core/protocol/validate_batch.h"
#include "core/replication/producer_states.h"

namespace sluice::broker {

using protocol::ErrorCode;

namespace {

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
    watchers_.changed();
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

ErrorCode Partition::check_epoch(LeaderEpoch clients) const {
    if (PLANT("partition.epoch_not_checked")) return ErrorCode::none;
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

ProduceOutcome Partition::append(Slice batch, const AppendOrigin& origin) {
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
        return outcome;
    }
    const auto appended = log_->append(batch, *facts, state_.leader_epoch);
    if (appended.failed())
        return refuse(append_error(appended.error()), appended.error() == Error::no_space
                                                          ? "The broker's disk is full."
                                                          : std::string());
    uncommitted_.push_back({appended->next, batch.size()});
    outcome.base = appended->base;
    outcome.next = appended->next;
    if (settings_.log_append_time) outcome.log_append_time = facts->max_timestamp;
    return outcome;
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

ErrorCode Partition::wait_committed(Offset end) {
    if (const auto durable = log_->wait_durable(end); durable.failed())
        return append_error(durable.error());
    return ErrorCode::none;
}

// Readers are told here, not by who waits for an answer: a producer may be slow to take its own.
void Partition::progressed() {
    const env::NoSuspend guard(env_.scheduler);
    if (log_->offline()) watchers_.changed();
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
