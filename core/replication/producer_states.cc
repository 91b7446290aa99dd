#include "core/replication/producer_states.h"

#include <algorithm>
#include <limits>

#include "core/base/probe.h"
#include "core/protocol/validate_batch.h"

namespace sluice::replication {
namespace {

using protocol::ErrorCode;

constexpr std::int64_t sequences = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;

// Sequences run from 0 to 2^31 - 1 and then from 0 again.
Sequence sequence_at(Sequence from, std::int64_t distance) {
    const std::int64_t n = (std::int64_t{from.value} + distance) % sequences;
    return Sequence(static_cast<std::int32_t>(n < 0 ? n + sequences : n));
}

bool follows(Sequence last, Sequence next) {
    if (last == no_sequence) return next == Sequence(0);
    if (PLANT("producer.sequence_wrap_wrong")) return next.value == std::int64_t{last.value} + 1;
    return next == sequence_at(last, 1);
}

}  // namespace

ProducerBatch ProducerBatch::of(const protocol::BatchView& batch) {
    return {.id = batch.producer_id(),
            .epoch = batch.producer_epoch(),
            .base_sequence = batch.base_sequence(),
            .last_offset_delta = batch.last_offset_delta(),
            .max_timestamp = batch.max_timestamp(),
            .transactional = batch.is_transactional(),
            .control = batch.is_control()};
}

ProducerBatch ProducerBatch::of(const protocol::ValidatedBatch& facts) {
    return {.id = facts.producer_id,
            .epoch = facts.producer_epoch,
            .base_sequence = facts.base_sequence,
            .last_offset_delta = facts.last_offset_delta,
            .max_timestamp = facts.max_timestamp,
            .transactional = facts.is_transactional,
            .control = facts.is_control};
}

Sequence ProducerBatch::last_sequence() const {
    if (base_sequence == no_sequence) return no_sequence;
    return sequence_at(base_sequence, last_offset_delta);
}

Sequence ProducerState::Batch::first_sequence() const {
    if (last_sequence == no_sequence) return no_sequence;
    return sequence_at(last_sequence, -std::int64_t{offset_delta});
}

void ProducerState::keep(const Batch& batch) {
    if (batch_count == batches_kept) {
        std::shift_left(batch_slots.begin(), batch_slots.end(), 1);
        --batch_count;
    }
    batch_slots[batch_count++] = batch;
}

ProducerStates::Verdict ProducerStates::check(const ProducerBatch& batch) const {
    const ProducerState* state = batch.id < ProducerId(0) ? nullptr : find(batch.id);
    // Nothing is known of a producer that expired or whose records were deleted: it may go on
    // anywhere.
    if (state == nullptr || state->epoch == no_producer_epoch) return Accept{};
    if (batch.epoch < state->epoch)
        return PLANT("producer.epoch_not_checked") ? Verdict(Accept{})
                                                   : Verdict(ErrorCode::invalid_producer_epoch);
    if (batch.epoch > state->epoch) {
        if (batch.base_sequence != Sequence(0) && !PLANT("producer.epoch_begins_anywhere"))
            return ErrorCode::out_of_order_sequence_number;
        return Accept{};
    }
    for (const ProducerState::Batch& kept : state->batches().subspan(
             PLANT("producer.only_last_batch_known") && !state->batches().empty()
                 ? state->batches().size() - 1
                 : 0))
        if (kept.first_sequence() == batch.base_sequence &&
            kept.last_sequence == batch.last_sequence() &&
            !PLANT("producer.duplicates_not_detected"))
            return Duplicate{kept.base_offset(), kept.last_offset.next(), kept.timestamp};
    const Sequence last =
        state->batches().empty() ? no_sequence : state->batches().back().last_sequence;
    if (!follows(last, batch.base_sequence) && !PLANT("producer.gap_accepted"))
        return ErrorCode::out_of_order_sequence_number;
    return Accept{};
}

void ProducerStates::apply(const ProducerBatch& batch, Offset base) {
    if (batch.id < ProducerId(0)) return;
    ProducerState& state = producers_[batch.id];
    by_age_.erase({state.last_timestamp, batch.id});
    if (state.epoch != batch.epoch) {
        state.epoch = batch.epoch;
        state.batch_count = 0;
        state.batch_slots = {};
    }
    state.last_timestamp = batch.max_timestamp;
    if (batch.control) {
        state.transaction_start.reset();
    } else {
        if (batch.transactional && !state.transaction_start) state.transaction_start = base;
        state.keep({.last_sequence = batch.last_sequence(),
                    .offset_delta = batch.last_offset_delta,
                    .last_offset = base.plus(batch.last_offset_delta),
                    .timestamp = batch.max_timestamp});
    }
    by_age_.insert({state.last_timestamp, batch.id});
    forget_oldest(batch.id);
}

void ProducerStates::expire(Timestamp wall, Duration expiration) {
    const std::int64_t age_max =
        to_milliseconds(expiration) / (PLANT("producer.expires_early") ? 24 : 1);
    for (auto entry = by_age_.begin(); entry != by_age_.end();) {
        if (wall.minus(entry->first) < age_max) return;
        if (producers_.at(entry->second).transaction_start) {
            ++entry;
            continue;
        }
        producers_.erase(entry->second);
        entry = by_age_.erase(entry);
    }
}

void ProducerStates::clear() {
    producers_.clear();
    by_age_.clear();
}

void ProducerStates::restore(ProducerId id, const ProducerState& state) {
    if (const ProducerState* known = find(id)) by_age_.erase({known->last_timestamp, id});
    producers_[id] = state;
    by_age_.insert({state.last_timestamp, id});
    forget_oldest(id);
}

const ProducerState* ProducerStates::find(ProducerId id) const {
    const auto found = producers_.find(id);
    return found == producers_.end() ? nullptr : &found->second;
}

void ProducerStates::forget_oldest(ProducerId but) {
    while (producers_.size() > std::max<std::size_t>(options_.producers_max, 1)) {
        auto oldest = by_age_.begin();
        if (oldest->second == but) ++oldest;
        producers_.erase(oldest->second);
        by_age_.erase(oldest);
    }
}

}  // namespace sluice::replication
