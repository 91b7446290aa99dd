#include "core/client/producer.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/protocol/compression.h"
#include "core/protocol/record.h"

namespace sluice::client {

using protocol::ErrorCode;

namespace {

// Later versions name topics by their id alone.
constexpr Version newest_produce_by_name{12};

// What a record takes in a batch, at most a little more.
std::size_t bytes_of(const Message& message) {
    constexpr std::size_t record_overhead = 21;
    constexpr std::size_t header_overhead = 10;
    std::size_t bytes = record_overhead;
    bytes += message.key ? message.key->size() : 0;
    bytes += message.value ? message.value->size() : 0;
    for (const auto& [name, value] : message.headers)
        bytes += header_overhead + name.size() + (value ? value->size() : 0);
    return bytes;
}

protocol::NewRecord record_of(const Message& message, Timestamp now) {
    protocol::NewRecord record;
    record.timestamp = message.timestamp == no_timestamp ? now : message.timestamp;
    if (message.key) record.key = as_slice(*message.key);
    if (message.value) record.value = as_slice(*message.value);
    for (const auto& [name, value] : message.headers)
        record.headers.push_back({name, value ? std::optional(as_slice(*value)) : std::nullopt});
    return record;
}

bool worth_retrying(Error error) {
    switch (error) {
        case Error::stopped:
        case Error::invalid:
        case Error::limit:
            return false;
        case Error::io:
        case Error::corrupt:
        case Error::no_space:
        case Error::not_found:
        case Error::exists:
        case Error::timed_out:
        case Error::closed:
        case Error::refused:
            return true;
    }
    return false;
}

}  // namespace

Producer::Producer(Cluster& cluster, ProducerOptions options)
    : cluster_(cluster),
      env_(cluster.env()),
      options_(std::move(options)),
      sticky_(env_.random),
      fibers_(env_.scheduler),
      progressed_(env_.scheduler),
      identifying_(env_.scheduler) {}

void Producer::close() {
    closing_ = true;
    for (auto& [partition, lane] : lanes_) lane->work.set();
    fibers_.join();
    closed_ = true;
}

ProducerQueue::Limits Producer::limits() const {
    return {.batch_bytes = options_.batch_bytes,
            .linger = options_.linger,
            .delivery_time_max = options_.delivery_time_max,
            .in_flight_max =
                options_.idempotent ? std::clamp<std::size_t>(options_.in_flight_max, 1, 5) : 1};
}

Result<void> Producer::send(const Message& message, OnDelivery on_delivery) {
    if (closing_) return Error::stopped;
    const std::size_t bytes = bytes_of(message);
    if (bytes > options_.record_bytes_max) {
        on_delivery({.code = ErrorCode::message_too_large,
                     .message = fmt::format("a record of {} bytes, and the producer may send {}",
                                            bytes, options_.record_bytes_max)});
        return {};
    }
    while (buffered_ >= options_.buffer_bytes_max) CHECK_OK(progressed_.wait());
    TRY(Lane * lane, lane_of(message, bytes));
    append(*lane, message, std::move(on_delivery));
    return {};
}

Result<Producer::Lane*> Producer::lane_of(const Message& message, std::size_t bytes) {
    if (message.partition) return lane_for({message.topic, *message.partition});
    TRY(const std::int32_t count, cluster_.partition_count(message.topic, options_.create_topics));
    if (message.key)
        return lane_for({message.topic, partition_of_key(as_slice(*message.key), count)});
    const PartitionIndex current = sticky_.choose(message.topic, count);
    TRY(Lane * lane, lane_for({message.topic, current}));
    if (lane->queue.filling(bytes) != nullptr) return lane;
    // A new batch begins elsewhere than the last one.
    sticky_.batch_closed(message.topic);
    return lane_for({message.topic, sticky_.choose(message.topic, count)});
}

Result<Producer::Lane*> Producer::lane_for(const TopicPartition& partition) {
    auto& lane = lanes_[partition];
    if (!lane) {
        lane = std::make_unique<Lane>(env_.scheduler, limits());
        lane->partition = partition;
        const auto spawned =
            fibers_.spawn("producer-lane", [this, own = lane.get()] { run_lane(*own); });
        if (spawned.failed()) {
            lanes_.erase(partition);
            return spawned.error();
        }
    }
    if (lane->ended) return Error::stopped;
    return lane.get();
}

void Producer::append(Lane& lane, const Message& message, OnDelivery on_delivery) {
    ProducerBatch* batch = lane.queue.filling(bytes_of(message));
    const bool is_new = batch == nullptr;
    if (is_new) {
        batch = &lane.queue.open(std::make_unique<ProducerBatch>(
            protocol::BatchOptions{.compression = options_.compression}));
        batch->opened = env_.clock.now();
    }
    const std::size_t before = batch->builder.uncompressed_size();
    batch->builder.append(record_of(message, env_.clock.wall()));
    const std::size_t grown = batch->builder.uncompressed_size() - before;
    batch->bytes += grown;
    buffered_ += grown;
    ++pending_;
    batch->waiting.push_back(std::move(on_delivery));
    // In between, the fiber has nothing to decide.
    if (is_new || batch->bytes >= options_.batch_bytes) lane.work.set();
}

Result<void> Producer::flush() {
    ++flushing_;
    for (auto& [partition, lane] : lanes_) lane->work.set();
    Result<void> outcome;
    while (pending_ > 0 && outcome) outcome = progressed_.wait();
    --flushing_;
    return outcome;
}

Delivery Producer::send_and_wait(const Message& message) {
    Delivery result;
    env::Completion done(env_.scheduler);
    const auto sent = send(message, [&](const Delivery& delivery) {
        result = delivery;
        done.set();
    });
    if (sent.failed()) {
        result.error = sent.error();
        return result;
    }
    done.wait();  // Every record's fate is told, also when the node stops.
    return result;
}

void Producer::run_lane(Lane& lane) {
    while (!env_.scheduler.stopped()) {
        const Time now = env_.clock.now();
        if (ProducerBatch* late = lane.queue.expired(now)) {
            finish(lane, *late, {.error = Error::timed_out});
            continue;
        }
        const auto next = lane.queue.next(now, flushing_ > 0 || closing_);
        if (next.batch != nullptr && !must_wait_for_others(lane, *next.batch)) {
            send_batch(lane, *next.batch);
            continue;
        }
        if (closing_ && lane.queue.empty()) break;
        const auto waited = lane.work.wait_until(next.again);
        if (waited.failed() && waited.error() == Error::stopped) break;
    }
    lane.ended = true;
    while (ProducerBatch* left = lane.queue.not_in_flight())
        finish(lane, *left, {.error = Error::stopped});
}

// Sequences of two identities do not hold each other in order, so they are not under way together.
// Nor do those of one that the partition has not heard of, which takes any batch for its first.
bool Producer::must_wait_for_others(const Lane& lane, const ProducerBatch& batch) const {
    if (!batch.encoded.empty()) return false;
    const bool unheard_of = options_.idempotent && lane.stored_as != identity_;
    return (unheard_of && lane.queue.any_in_flight()) ||
           !lane.queue.all_in_flight_are_of(identity_);
}

protocol::ProduceRequest Producer::request_for(const Lane& lane, const ProducerBatch& batch) const {
    protocol::ProduceRequest request;
    request.acks = options_.acks;
    request.timeout_ms =
        static_cast<std::int32_t>(to_milliseconds(cluster_.options().request_time_max));
    request.topic_data.push_back(
        {lane.partition.topic, {}, {{lane.partition.partition, batch.encoded}}});
    return request;
}

void Producer::send_batch(Lane& lane, ProducerBatch& batch) {
    if (const auto ready = encode(lane, batch); ready.failed())
        return world_failed(lane, batch, ready.error());
    const auto leader = cluster_.leader(lane.partition, options_.create_topics);
    if (leader.failed()) return world_failed(lane, batch, leader.error());
    const protocol::ProduceRequest request = request_for(lane, batch);
    if (options_.acks == 0) {
        const auto told = (*leader)->tell(request);
        if (told.failed()) return world_failed(lane, batch, told.error());
        return finish(lane, batch, {});
    }
    lane.queue.sent(batch);
    // Written here, so that batches go out in their order; awaited there.
    auto pending = (*leader)->send(request, newest_produce_by_name);
    if (pending.failed()) return world_failed(lane, batch, pending.error());
    const auto spawned =
        fibers_.spawn("producer-reply", [this, &lane, &batch, reply = pending->get()] {
            const std::unique_ptr<PendingReply<protocol::ProduceRequest>> own(reply);
            answered(lane, batch, own->wait());
        });
    if (spawned)
        static_cast<void>(pending->release());
    else
        answered(lane, batch, (*pending)->wait());
}

void Producer::answered(Lane& lane, ProducerBatch& batch, const Answer& answer) {
    if (answer.failed()) {
        world_failed(lane, batch, answer.error());
    } else if (answer->responses.size() != 1 ||
               answer->responses.front().partition_responses.size() != 1) {
        world_failed(lane, batch, Error::invalid);
    } else {
        judge(lane, batch, answer->responses.front().partition_responses.front());
    }
    lane.work.set();
}

void Producer::judge(Lane& lane, ProducerBatch& batch,
                     const protocol::ProduceResponse::Partition& answer) {
    const ErrorCode code = answer.error_code;
    if (code == ErrorCode::none || code == ErrorCode::duplicate_sequence_number)
        lane.stored_as = batch.identity;
    if (code == ErrorCode::none) {
        lane.backoff = Duration{0};
        return finish(lane, batch, {.offset = answer.base_offset});
    }
    // A duplicate without its offset was stored long ago: delivered all the same.
    if (code == ErrorCode::duplicate_sequence_number) return finish(lane, batch, {});
    if (code == ErrorCode::message_too_large && split(lane, batch)) return;
    const Refusal why = refusal(code, answer.error_message.value_or(""));
    // One before it was refused, and goes out again first.
    const bool only_early =
        code == ErrorCode::out_of_order_sequence_number && !lane.queue.is_first(batch);
    if (protocol::retriable(code) || only_early) {
        batch.refused = code;
        return try_again(lane, batch, why);
    }
    if (code == ErrorCode::out_of_order_sequence_number && batch.identity != identity_) {
        // One before it was given up and is not in the log: so neither is this one.
        batch.encoded = Bytes();
        return try_again(lane, batch, why);
    }
    finish(lane, batch, {.code = code, .message = why.message});
}

void Producer::world_failed(Lane& lane, ProducerBatch& batch, Error error) {
    if (worth_retrying(error)) return try_again(lane, batch, refusal(error));
    finish(lane, batch, {.error = error});
}

void Producer::try_again(Lane& lane, ProducerBatch& batch, const Refusal& why) {
    cluster_.forget(lane.partition.topic);
    if (cluster_.options().gives_up()) return finish(lane, batch, {.error = Error::stopped});
    // A producer that is being closed tries once; a lane that has ended, no more.
    if (closing_ || lane.ended) return finish(lane, batch, {.error = Error::timed_out});
    options_.on_retry(why);
    lane.backoff = std::clamp(lane.backoff * 2, cluster_.options().retry_backoff,
                              cluster_.options().retry_backoff_max);
    lane.queue.failed(batch, env_.clock.now() + lane.backoff);
}

// In two halves, which keep the sequence numbers that their records had. False for a single record.
bool Producer::split(Lane& lane, ProducerBatch& batch) {
    const std::size_t count = batch.waiting.size();
    if (count < 2) return false;
    const auto plain = protocol::records_of(batch.encoded, SIZE_MAX);
    if (plain.failed()) return false;
    const protocol::BatchView view(batch.encoded.view());
    protocol::RecordReader reader(view, plain->view());
    std::unique_ptr<ProducerBatch> halves[2];
    std::size_t taken = 0;
    for (std::size_t half = 0; half < 2; ++half) {
        auto& made = halves[half];
        made = std::make_unique<ProducerBatch>(
            protocol::BatchOptions{.compression = options_.compression});
        made->opened = batch.opened;
        made->attempts = batch.attempts;
        made->identity = batch.identity;
        if (batch.base_sequence != no_sequence)
            made->base_sequence =
                protocol::sequence_plus(batch.base_sequence, static_cast<std::int32_t>(taken));
        for (const std::size_t end = half == 0 ? count / 2 : count; taken < end; ++taken) {
            const auto record = reader.next();
            if (!record) return false;
            protocol::NewRecord copy{.timestamp = reader.timestamp_of(*record)};
            if (record->has_key) copy.key = record->key;
            if (record->has_value) copy.value = record->value;
            protocol::HeaderReader headers(*record);
            while (const auto header = headers.next())
                copy.headers.push_back({as_text(header->key), header->has_value
                                                                  ? std::optional(header->value)
                                                                  : std::nullopt});
            made->builder.append(copy);
            made->waiting.push_back(batch.waiting[taken]);
        }
        made->builder.set_producer(made->identity.id, made->identity.epoch, made->base_sequence);
        made->encoded = made->builder.build();
    }
    halves[0]->bytes = batch.bytes / 2;
    halves[1]->bytes = batch.bytes - batch.bytes / 2;
    lane.queue.split(batch, std::move(halves[0]), std::move(halves[1]));
    return true;
}

void Producer::finish(Lane& lane, const ProducerBatch& batch, Delivery delivery) {
    const std::unique_ptr<ProducerBatch> ended = lane.queue.ended(batch);
    // Sequences that may never be in the log would leave a gap before those behind them: go on as a
    // new producer.
    if (!delivery.delivered() && ended->identity == identity_) identity_ = {};
    delivery.partition = lane.partition.partition;
    if (delivery.error && ended->refused != ErrorCode::none)
        delivery.message = fmt::format("refused with {}", name_of(ended->refused));
    buffered_ -= ended->bytes;
    pending_ -= ended->waiting.size();
    for (std::size_t i = 0; i < ended->waiting.size(); ++i) {
        Delivery own = delivery;
        if (delivery.offset >= Offset(0))
            own.offset = delivery.offset.plus(static_cast<std::int64_t>(i));
        if (ended->waiting[i]) ended->waiting[i](own);
    }
    progressed_.notify_all();
}

Result<void> Producer::ensure_identity() {
    TRY(const env::Mutex::Guard guard, identifying_.lock());
    if (identity_ != ProducerIdentity{}) return {};
    protocol::InitProducerIdRequest request;
    request.transactional_id.reset();
    request.transaction_timeout_ms = INT32_MAX;
    TRY(const auto reply, cluster_.ask_any(request, cluster_.options().request_time_max));
    if (protocol::retriable(reply.error_code)) return Error::timed_out;
    if (reply.error_code != ErrorCode::none) return Error::invalid;
    identity_ = {reply.producer_id, reply.producer_epoch};
    return {};
}

// Fixes the batch's bytes, with the next sequence of its partition, before it goes out the first
// time.
Result<void> Producer::encode(Lane& lane, ProducerBatch& batch) {
    if (!batch.encoded.empty()) return {};
    if (options_.idempotent) {
        CHECK_OK(ensure_identity());
        if (lane.identity != identity_) {
            lane.identity = identity_;
            lane.next_sequence = Sequence(0);
        }
        batch.identity = identity_;
        batch.base_sequence = lane.next_sequence;
        batch.builder.set_producer(identity_.id, identity_.epoch, lane.next_sequence);
        lane.next_sequence =
            protocol::sequence_plus(lane.next_sequence, batch.builder.record_count());
    }
    batch.encoded = batch.builder.build();
    return {};
}

}  // namespace sluice::client
