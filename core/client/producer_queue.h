#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/client/refusal.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/error_code.h"

namespace sluice::client {

// What became of a record. Without an error code and with a failed world its fate is unknown.
struct Delivery {
    PartitionIndex partition{};
    Offset offset{-1};
    protocol::ErrorCode code = protocol::ErrorCode::none;
    std::optional<Error> error = {};
    std::string message = {};

    bool delivered() const { return code == protocol::ErrorCode::none && !error; }
    // Why it was not, in words.
    std::string why() const {
        const Refusal refusal{.error = error.value_or(Error::io), .code = code, .message = message};
        return refusal.text();
    }
};
using OnDelivery = std::function<void(const Delivery&)>;

// Whose sequence numbers a batch has.
struct ProducerIdentity {
    ProducerId id = no_producer_id;
    ProducerEpoch epoch = no_producer_epoch;

    friend bool operator==(const ProducerIdentity&, const ProducerIdentity&) = default;
};

// Records of one partition that go out together, and who waits for each of them. The queue owns it;
// a pointer is good until ended() takes it out.
struct ProducerBatch {
    enum class State { fills, in_flight, to_retry };

    explicit ProducerBatch(const protocol::BatchOptions& options) : builder(options) {}

    protocol::RecordBatchBuilder builder;
    std::vector<OnDelivery> waiting;  // One for each record.
    std::size_t bytes = 0;            // Of the buffer, before compression.
    Time opened;                      // delivery.timeout.ms counts from here.
    State state = State::fills;
    int attempts = 0;
    // What it was refused with the last time, though it may be taken the next.
    protocol::ErrorCode refused = protocol::ErrorCode::none;
    // Fixed when it goes out for the first time, and kept over every retry.
    Bytes encoded;
    ProducerIdentity identity;
    Sequence base_sequence = no_sequence;
};

// What a producer has to send to one partition, and which of it goes next, so that records are
// stored in their order and, with idempotence, once. Pure: it knows no clock and never waits.
//
// Several batches may be under way; the partition takes them in the order of their sequence numbers
// or not at all. Once one must be tried again, everything under way is waited for, and what failed
// goes out again alone, oldest first, before anything new does.
class ProducerQueue {
public:
    // When a batch is full (in bytes, or in time since its first record), when it is given up, and
    // how many may be under way.
    struct Limits {
        std::size_t batch_bytes = 64 << 10;
        Duration linger{0};
        Duration delivery_time_max{0};
        std::size_t in_flight_max = 1;
    };
    explicit ProducerQueue(const Limits& limits) : limits_(limits) {}

    // The batch that still fills and has room for `bytes` more; null when there is none.
    ProducerBatch* filling(std::size_t bytes);
    ProducerBatch& open(std::unique_ptr<ProducerBatch> batch);

    // The batch to send now, if there is one, else when to ask again at the latest. In a hurry,
    // batches do not wait to be filled.
    struct Next {
        ProducerBatch* batch = nullptr;
        Time again = never;
    };
    Next next(Time now, bool hurry) const;
    // The first one, when it has had its time and is not under way.
    ProducerBatch* expired(Time now) const;

    void sent(ProducerBatch& batch);
    // It is to be tried again, not before `at`.
    void failed(ProducerBatch& batch, Time at);
    // Its fate is known. The batch is the caller's now.
    std::unique_ptr<ProducerBatch> ended(const ProducerBatch& batch);
    // Two with the same records and sequence numbers take its place, to be tried again.
    void split(const ProducerBatch& batch, std::unique_ptr<ProducerBatch> first,
               std::unique_ptr<ProducerBatch> second);

    bool is_first(const ProducerBatch& batch) const { return batches_.front().get() == &batch; }
    bool empty() const { return batches_.empty(); }
    bool all_in_flight_are_of(const ProducerIdentity& identity) const;
    bool any_in_flight() const { return in_flight_ > 0; }
    // Any batch that is not under way.
    ProducerBatch* not_in_flight() const;

private:
    std::size_t index_of(const ProducerBatch& batch) const;
    void left_flight(ProducerBatch& batch);

    const Limits limits_;
    std::deque<std::unique_ptr<ProducerBatch>> batches_;  // In the order of their records.
    std::size_t in_flight_ = 0;
    Time retry_at_;
};

}  // namespace sluice::client
