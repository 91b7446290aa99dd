#include "core/client/producer_queue.h"

#include <algorithm>

namespace sluice::client {

using State = ProducerBatch::State;

ProducerBatch* ProducerQueue::filling(std::size_t bytes) {
    if (batches_.empty()) return nullptr;
    ProducerBatch& last = *batches_.back();
    const bool open = last.state == State::fills && last.encoded.empty();
    const bool fits = last.bytes == 0 || last.bytes + bytes <= limits_.batch_bytes;
    return open && fits ? &last : nullptr;
}

ProducerBatch& ProducerQueue::open(std::unique_ptr<ProducerBatch> batch) {
    batches_.push_back(std::move(batch));
    return *batches_.back();
}

ProducerQueue::Next ProducerQueue::next(Time now, bool hurry) const {
    const auto retried = std::ranges::find(batches_, State::to_retry, &ProducerBatch::state);
    if (retried != batches_.end()) {
        // What is under way may have to be tried again before this one.
        if (in_flight_ > 0) return {};
        if (now < retry_at_) return {.again = retry_at_};
        return {.batch = retried->get()};
    }
    const auto found = std::ranges::find(batches_, State::fills, &ProducerBatch::state);
    if (found == batches_.end() || in_flight_ >= limits_.in_flight_max) return {};
    ProducerBatch& batch = **found;
    if (now < retry_at_) return {.again = retry_at_};
    const bool is_last = std::next(found) == batches_.end();
    const Time due = batch.opened + limits_.linger;
    const bool full = !is_last || batch.bytes >= limits_.batch_bytes;
    if (!full && !hurry && now < due) return {.again = due};
    return {.batch = &batch};
}

ProducerBatch* ProducerQueue::expired(Time now) const {
    if (batches_.empty()) return nullptr;
    ProducerBatch& first = *batches_.front();
    const bool waits = first.state != State::in_flight;
    return waits && now >= first.opened + limits_.delivery_time_max ? &first : nullptr;
}

void ProducerQueue::sent(ProducerBatch& batch) {
    batch.state = State::in_flight;
    ++batch.attempts;
    ++in_flight_;
}

void ProducerQueue::left_flight(ProducerBatch& batch) {
    if (batch.state != State::in_flight) return;
    ASSERT(in_flight_ > 0);
    --in_flight_;
}

void ProducerQueue::failed(ProducerBatch& batch, Time at) {
    left_flight(batch);
    // One that was never sent keeps filling.
    batch.state = batch.attempts > 0 ? State::to_retry : State::fills;
    retry_at_ = std::max(retry_at_, at);
}

std::unique_ptr<ProducerBatch> ProducerQueue::ended(const ProducerBatch& batch) {
    const std::size_t index = index_of(batch);
    left_flight(*batches_[index]);
    std::unique_ptr<ProducerBatch> taken = std::move(batches_[index]);
    batches_.erase(batches_.begin() + static_cast<std::ptrdiff_t>(index));
    return taken;
}

void ProducerQueue::split(const ProducerBatch& batch, std::unique_ptr<ProducerBatch> first,
                          std::unique_ptr<ProducerBatch> second) {
    const std::size_t index = index_of(batch);
    left_flight(*batches_[index]);
    first->state = State::to_retry;
    second->state = State::to_retry;
    batches_[index] = std::move(first);
    batches_.insert(batches_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(second));
}

ProducerBatch* ProducerQueue::not_in_flight() const {
    for (const auto& batch : batches_)
        if (batch->state != State::in_flight) return batch.get();
    return nullptr;
}

bool ProducerQueue::all_in_flight_are_of(const ProducerIdentity& identity) const {
    return std::ranges::all_of(batches_, [&](const auto& batch) {
        return batch->state != State::in_flight || batch->identity == identity;
    });
}

std::size_t ProducerQueue::index_of(const ProducerBatch& batch) const {
    const auto found = std::ranges::find(batches_, &batch, &std::unique_ptr<ProducerBatch>::get);
    ASSERT(found != batches_.end());
    return static_cast<std::size_t>(found - batches_.begin());
}

}  // namespace sluice::client
