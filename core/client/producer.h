#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/client/cluster.h"
#include "core/client/partitioner.h"
#include "core/protocol/batch_builder.h"

namespace sluice::client {

struct ProducerOptions {
    std::int16_t acks = -1;
    bool idempotent = true;
    Duration linger = std::chrono::milliseconds(5);          // linger.ms
    std::size_t batch_bytes = 64 << 10;                      // batch.size
    std::size_t buffer_bytes_max = 32 << 20;                 // buffer.memory
    Duration delivery_time_max = std::chrono::seconds(120);  // delivery.timeout.ms
    protocol::CompressionType compression = protocol::CompressionType::none;
    bool create_topics = true;
};

// A record to send. Its bytes are copied.
struct Message {
    std::string topic = {};
    std::optional<PartitionIndex> partition =
        {};  // Nothing: by key, and without one where it suits.
    std::optional<std::string> key = {};
    std::optional<std::string> value = {};
    std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
    Timestamp timestamp = no_timestamp;  // -1: now.
};

// What became of a record. Without an error code and with a failed world its fate is unknown.
struct Delivery {
    PartitionIndex partition{};
    Offset offset{-1};
    protocol::ErrorCode code = protocol::ErrorCode::none;
    std::optional<Error> error = {};
    std::string message = {};

    bool delivered() const { return code == protocol::ErrorCode::none && !error; }
};

// Sends records in batches, one batch under way for each partition: while it is, the next one
// fills. So the records of a partition keep their order, and with idempotence each is stored once
// whatever is retried.
class Producer {
public:
    using OnDelivery = std::function<void(const Delivery&)>;

    Producer(Cluster& cluster, ProducerOptions options);
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    // Takes a record; waits while the buffer is full. `on_delivery` is called once, in no
    // particular fiber, and must not wait. Error::not_found for a topic that does not exist.
    Result<void> send(const Message& message, OnDelivery on_delivery);
    // Waits until everything sent so far has been delivered or given up.
    Result<void> flush();
    // Sends one record and waits for it.
    Delivery send_and_wait(const Message& message);
    // Ends the producer's fibers; what was not delivered is told so.
    void close();

private:
    struct Batch {
        explicit Batch(protocol::BatchOptions options) : builder(options) {}
        protocol::RecordBatchBuilder builder;
        std::vector<OnDelivery> waiting;
        std::size_t bytes = 0;
        Time opened;
        // Set when it goes out for the first time, and kept over every retry.
        Bytes encoded;
        ProducerId producer_id = no_producer_id;
    };
    // What one partition has to send, and its fiber.
    struct Lane {
        explicit Lane(env::Scheduler& scheduler) : work(scheduler) {}
        TopicPartition partition;
        std::deque<std::unique_ptr<Batch>> batches;  // The last one still fills.
        env::Event work;
        ProducerId producer_id = no_producer_id;  // Whose sequence this is.
        Sequence next_sequence{0};
    };

    Result<Lane*> lane_for(const TopicPartition& partition);
    Result<PartitionIndex> choose_partition(const Message& message);
    void run_lane(Lane& lane);
    bool wait_until_due(Lane& lane);
    Delivery deliver(Lane& lane, Batch& batch);
    std::optional<Delivery> attempt(Lane& lane, Batch& batch);
    Result<void> encode(Lane& lane, Batch& batch);
    Result<void> ensure_identity();
    std::optional<Delivery> judge(Lane& lane, Batch& batch,
                                  const protocol::ProduceResponse::Partition& answer);
    void finish(Batch& batch, const Delivery& delivery);
    bool retriable_here(Error error) const;

    Cluster& cluster_;
    const ClientEnv env_;
    const ProducerOptions options_;
    StickyPartitioner sticky_;
    std::map<TopicPartition, std::unique_ptr<Lane>> lanes_;
    env::FiberGroup fibers_;
    env::Signal progressed_;
    env::Mutex identifying_;
    ProducerId producer_id_ = no_producer_id;
    ProducerEpoch producer_epoch_ = no_producer_epoch;
    std::size_t buffered_ = 0;  // Bytes not yet delivered,
    std::size_t pending_ = 0;   // and records.
    bool flushing_ = false;
    bool closing_ = false;
};

}  // namespace sluice::client
