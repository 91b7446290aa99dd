#include "core/client/producer.h"

namespace sluice::client {

using protocol::ErrorCode;

Producer::Producer(Cluster& cluster, ProducerOptions options)
    : cluster_(cluster),
      env_(cluster.env()),
      options_(options),
      sticky_(env_.random),
      fibers_(env_.scheduler),
      progressed_(env_.scheduler),
      identifying_(env_.scheduler) {}

Producer::~Producer() {
    close();
}

void Producer::close() {
    closing_ = true;
    for (auto& [partition, lane] : lanes_) lane->work.set();
    fibers_.join();
}

Result<PartitionIndex> Producer::choose_partition(const Message& message) {
    if (message.partition) return *message.partition;
    TRY(const Cluster::Topic topic, cluster_.topic(message.topic, options_.create_topics));
    if (topic.leaders.empty()) return Error::not_found;
    const auto count = static_cast<std::int32_t>(topic.leaders.size());
    if (message.key) return partition_of_key(as_slice(*message.key), count);
    return sticky_.choose(message.topic, count);
}

Result<Producer::Lane*> Producer::lane_for(const TopicPartition& partition) {
    auto& lane = lanes_[partition];
    if (!lane) {
        lane = std::make_unique<Lane>(env_.scheduler);
        lane->partition = partition;
        const auto spawned =
            fibers_.spawn("producer-lane", [this, own = lane.get()] { run_lane(*own); });
        if (spawned.failed()) {
            lanes_.erase(partition);
            return spawned.error();
        }
    }
    return lane.get();
}

Result<void> Producer::send(const Message& message, OnDelivery on_delivery) {
    if (closing_) return Error::stopped;
    TRY(const PartitionIndex partition, choose_partition(message));
    while (buffered_ >= options_.buffer_bytes_max) CHECK_OK(progressed_.wait());
    TRY(Lane * lane, lane_for({message.topic, partition}));

    if (lane->batches.empty() || lane->batches.back()->bytes >= options_.batch_bytes ||
        !lane->batches.back()->encoded.empty()) {
        if (!lane->batches.empty() && !message.partition && !message.key)
            sticky_.batch_closed(message.topic);
        lane->batches.push_back(
            std::make_unique<Batch>(protocol::BatchOptions{.compression = options_.compression}));
        lane->batches.back()->opened = env_.clock.now();
    }
    Batch& batch = *lane->batches.back();
    protocol::NewRecord record;
    record.timestamp = message.timestamp == no_timestamp ? env_.clock.wall() : message.timestamp;
    if (message.key) record.key = as_slice(*message.key);
    if (message.value) record.value = as_slice(*message.value);
    for (const auto& [name, value] : message.headers)
        record.headers.push_back({name, value ? std::optional(as_slice(*value)) : std::nullopt});
    const std::size_t before = batch.builder.uncompressed_size();
    batch.builder.append(record);
    const std::size_t grown = batch.builder.uncompressed_size() - before;
    batch.bytes += grown;
    buffered_ += grown;
    ++pending_;
    batch.waiting.push_back(std::move(on_delivery));
    lane->work.set();
    return {};
}

Result<void> Producer::flush() {
    flushing_ = true;
    for (auto& [partition, lane] : lanes_) lane->work.set();
    Result<void> outcome;
    while (pending_ > 0 && outcome) outcome = progressed_.wait();
    flushing_ = false;
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

// Waits until the first batch should go: full, old enough, or asked for. False when nothing will
// come.
bool Producer::wait_until_due(Lane& lane) {
    for (;;) {
        if (lane.batches.empty()) {
            if (closing_ || lane.work.wait().failed()) return false;
            continue;
        }
        const Batch& first = *lane.batches.front();
        const Time due = first.opened + options_.linger;
        const bool full = first.bytes >= options_.batch_bytes || lane.batches.size() > 1;
        if (full || flushing_ || closing_ || env_.clock.now() >= due) return true;
        const auto waited = lane.work.wait_until(due);
        if (waited.failed() && waited.error() == Error::stopped) return true;
    }
}

void Producer::run_lane(Lane& lane) {
    while (wait_until_due(lane)) {
        Batch& batch = *lane.batches.front();
        const Delivery delivery = deliver(lane, batch);
        const std::unique_ptr<Batch> ended = std::move(lane.batches.front());
        lane.batches.pop_front();
        finish(*ended, delivery);
    }
}

void Producer::finish(Batch& batch, const Delivery& delivery) {
    buffered_ -= batch.bytes;
    pending_ -= batch.waiting.size();
    for (std::size_t i = 0; i < batch.waiting.size(); ++i) {
        Delivery own = delivery;
        if (delivery.offset >= Offset(0))
            own.offset = delivery.offset.plus(static_cast<std::int64_t>(i));
        if (batch.waiting[i]) batch.waiting[i](own);
    }
    progressed_.notify_all();
}

Delivery Producer::deliver(Lane& lane, Batch& batch) {
    const Time give_up = env_.clock.now() + options_.delivery_time_max;
    Duration backoff = cluster_.options().retry_backoff;
    for (;;) {
        if (auto ended = attempt(lane, batch)) return *ended;
        Delivery failed{.partition = lane.partition.partition};
        if (closing_ || env_.clock.now() + backoff >= give_up) {
            failed.error = Error::timed_out;
            return failed;
        }
        if (env::sleep_for(env_.scheduler, backoff).failed()) {
            failed.error = Error::stopped;
            return failed;
        }
        backoff = std::min(backoff * 2, cluster_.options().retry_backoff_max);
    }
}

bool Producer::retriable_here(Error error) const {
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

// Sends the batch once. Nothing when it should be tried again.
std::optional<Delivery> Producer::attempt(Lane& lane, Batch& batch) {
    Delivery failed{.partition = lane.partition.partition};
    const auto give_up_or_retry = [&](Error error) -> std::optional<Delivery> {
        if (retriable_here(error)) return std::nullopt;
        failed.error = error;
        return failed;
    };
    if (const auto ready = encode(lane, batch); ready.failed())
        return give_up_or_retry(ready.error());
    const auto leader = cluster_.leader(lane.partition, options_.create_topics);
    if (leader.failed()) {
        cluster_.forget(lane.partition.topic);
        return give_up_or_retry(leader.error());
    }
    protocol::ProduceRequest request;
    request.acks = options_.acks;
    request.timeout_ms =
        static_cast<std::int32_t>(to_milliseconds(cluster_.options().request_time_max));
    request.topic_data.push_back(
        {lane.partition.topic, {}, {{lane.partition.partition, batch.encoded}}});
    if (options_.acks == 0) {
        const auto told = (*leader)->tell(request);
        if (told.failed()) return give_up_or_retry(told.error());
        return Delivery{.partition = lane.partition.partition};
    }
    constexpr Version newest_by_name{12};
    const auto reply = (*leader)->ask(request, Duration::zero(), newest_by_name);
    if (reply.failed()) {
        cluster_.forget(lane.partition.topic);
        return give_up_or_retry(reply.error());
    }
    if (reply->responses.size() != 1 || reply->responses.front().partition_responses.size() != 1)
        return give_up_or_retry(Error::invalid);
    return judge(lane, batch, reply->responses.front().partition_responses.front());
}

std::optional<Delivery> Producer::judge(Lane& lane, Batch& batch,
                                        const protocol::ProduceResponse::Partition& answer) {
    Delivery delivery{.partition = lane.partition.partition,
                      .message = answer.error_message.value_or("")};
    delivery.code = answer.error_code;
    if (answer.error_code == ErrorCode::none ||
        answer.error_code == ErrorCode::duplicate_sequence_number) {
        // A duplicate without its offset was stored long ago: delivered all the same.
        delivery.code = ErrorCode::none;
        delivery.offset = answer.error_code == ErrorCode::none ? answer.base_offset : Offset(-1);
        return delivery;
    }
    if (protocol::retriable(answer.error_code)) {
        cluster_.forget(lane.partition.topic);
        return std::nullopt;
    }
    // The partition knows another story of this producer than we do: go on as a new one, for the
    // records behind this batch.
    const bool sequence_lost = answer.error_code == ErrorCode::out_of_order_sequence_number ||
                               answer.error_code == ErrorCode::unknown_producer_id ||
                               answer.error_code == ErrorCode::invalid_producer_epoch;
    if (sequence_lost && batch.producer_id == producer_id_) producer_id_ = no_producer_id;
    return delivery;
}

Result<void> Producer::ensure_identity() {
    TRY(const env::Mutex::Guard guard, identifying_.lock());
    if (producer_id_ != no_producer_id) return {};
    protocol::InitProducerIdRequest request;
    request.transactional_id.reset();
    request.transaction_timeout_ms = INT32_MAX;
    TRY(const auto reply, cluster_.ask_any(request, cluster_.options().request_time_max));
    if (protocol::retriable(reply.error_code)) return Error::timed_out;
    if (reply.error_code != ErrorCode::none) return Error::invalid;
    producer_id_ = reply.producer_id;
    producer_epoch_ = reply.producer_epoch;
    return {};
}

// Fixes the batch's bytes, with the next sequence of its partition, before it goes out the first
// time.
Result<void> Producer::encode(Lane& lane, Batch& batch) {
    if (!batch.encoded.empty()) return {};
    if (options_.idempotent) {
        CHECK_OK(ensure_identity());
        if (lane.producer_id != producer_id_) {
            lane.producer_id = producer_id_;
            lane.next_sequence = Sequence(0);
        }
        batch.producer_id = producer_id_;
        batch.builder.set_producer(producer_id_, producer_epoch_, lane.next_sequence);
        lane.next_sequence =
            protocol::sequence_plus(lane.next_sequence, batch.builder.record_count());
    }
    batch.encoded = batch.builder.build();
    return {};
}

}  // namespace sluice::client
