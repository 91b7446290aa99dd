#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/client/cluster.h"
#include "core/client/partitioner.h"
#include "core/client/producer_queue.h"

namespace sluice::client {

// What a producer is made with; nothing of it changes later. Kafka's names stand beside, and its
// defaults but for the linger and the size of batches.
struct ProducerOptions {
    std::int16_t acks = -1;
    bool idempotent = true;                          // enable.idempotence
    Duration linger = std::chrono::milliseconds(5);  // linger.ms
    std::size_t batch_bytes = 64 << 10;              // batch.size
    std::size_t record_bytes_max = 1 << 20;   // max.request.size: larger ones are refused here.
    std::size_t buffer_bytes_max = 32 << 20;  // buffer.memory: beyond it send() waits.
    Duration delivery_time_max = std::chrono::seconds(120);  // delivery.timeout.ms
    // Batches of one partition that are under way at once; more than five are more than a broker
    // remembers, and without idempotence more than one could change places.
    std::size_t in_flight_max = 5;  // max.in.flight.requests.per.connection
    protocol::CompressionType compression = protocol::CompressionType::none;
    bool create_topics = true;
    // A batch will be tried again, and why. Must not wait.
    std::function<void(const Refusal&)> on_retry = [](const Refusal&) {};
};

// A record to send. Its bytes are copied.
struct Message {
    std::string topic = {};
    std::optional<PartitionIndex> partition = {};  // Nothing: by key, else where it suits.
    std::optional<std::string> key = {};
    std::optional<std::string> value = {};
    std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
    Timestamp timestamp = no_timestamp;  // -1: now.
};

// Sends records in batches. The records of a partition keep their order, and with idempotence each
// is stored once whatever is retried. One fiber for each partition decides (ProducerQueue says
// what), and one for each batch under way waits for its answer.
class Producer {
public:
    Producer(Cluster& cluster, ProducerOptions options);
    ~Producer() { ASSERT(closed_); }
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    // Takes a record; waits while the buffer is full. `on_delivery` is called once, in no
    // particular fiber, perhaps before the return, and must not wait: with MESSAGE_TOO_LARGE for a
    // record that is larger than allowed here or there. Error::not_found for a topic that does not
    // exist.
    Result<void> send(const Message& message, OnDelivery on_delivery);
    // Waits until everything sent so far has been delivered or given up.
    Result<void> flush();
    // Sends one record and waits for it.
    Delivery send_and_wait(const Message& message);
    // Ends the producer's fibers, and waits for their end; what was not delivered is told so. Must
    // come before the producer goes.
    void close();

private:
    // What one partition has to send, and its fiber.
    struct Lane {
        Lane(env::Scheduler& scheduler, const ProducerQueue::Limits& limits)
            : queue(limits), work(scheduler) {}
        TopicPartition partition;
        ProducerQueue queue;
        env::Event work;
        ProducerIdentity identity;  // Whose sequence this is.
        Sequence next_sequence{0};
        ProducerIdentity stored_as;  // Of whom the partition has a batch.
        Duration backoff{0};
        bool ended = false;
    };
    using Answer = Result<protocol::ProduceResponse>;

    Result<Lane*> lane_for(const TopicPartition& partition);
    Result<Lane*> lane_of(const Message& message, std::size_t bytes);
    void append(Lane& lane, const Message& message, OnDelivery on_delivery);
    ProducerQueue::Limits limits() const;

    void run_lane(Lane& lane);
    bool must_wait_for_others(const Lane& lane, const ProducerBatch& batch) const;
    void send_batch(Lane& lane, ProducerBatch& batch);
    Result<void> encode(Lane& lane, ProducerBatch& batch);
    Result<void> ensure_identity();
    protocol::ProduceRequest request_for(const Lane& lane, const ProducerBatch& batch) const;
    void answered(Lane& lane, ProducerBatch& batch, const Answer& answer);
    void judge(Lane& lane, ProducerBatch& batch,
               const protocol::ProduceResponse::Partition& answer);
    void world_failed(Lane& lane, ProducerBatch& batch, Error error);
    void try_again(Lane& lane, ProducerBatch& batch, const Refusal& why);
    bool split(Lane& lane, ProducerBatch& batch);
    void finish(Lane& lane, const ProducerBatch& batch, Delivery delivery);

    Cluster& cluster_;
    const ClientEnv env_;
    const ProducerOptions options_;
    StickyPartitioner sticky_;
    std::map<TopicPartition, std::unique_ptr<Lane>> lanes_;
    env::FiberGroup fibers_;
    env::Signal progressed_;
    env::Mutex identifying_;
    ProducerIdentity identity_;
    std::size_t buffered_ = 0;  // Bytes not yet delivered,
    std::size_t pending_ = 0;   // and records.
    int flushing_ = 0;
    bool closing_ = false;
    bool closed_ = false;
};

}  // namespace sluice::client
