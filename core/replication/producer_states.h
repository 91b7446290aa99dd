#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "core/base/strong.h"
#include "core/base/time.h"
#include "core/protocol/error_code.h"
#include "core/protocol/record_batch.h"

namespace sluice::protocol {
struct ValidatedBatch;
}

namespace sluice::replication {

// What a batch says about its producer.
struct ProducerBatch {
    ProducerId id = no_producer_id;
    ProducerEpoch epoch = no_producer_epoch;
    Sequence base_sequence = no_sequence;
    std::int32_t last_offset_delta = 0;
    Timestamp max_timestamp = no_timestamp;
    bool transactional = false;
    bool control = false;

    static ProducerBatch of(const protocol::BatchView& batch);
    static ProducerBatch of(const protocol::ValidatedBatch& facts);

    Sequence last_sequence() const;
};

// What one producer wrote last to one partition.
struct ProducerState {
    static constexpr std::size_t batches_kept = 5;
    struct Batch {
        Sequence last_sequence = no_sequence;
        std::int32_t offset_delta = 0;
        Offset last_offset{-1};
        Timestamp timestamp = no_timestamp;

        Sequence first_sequence() const;
        Offset base_offset() const { return last_offset.plus(-offset_delta); }
        friend bool operator==(const Batch&, const Batch&) = default;
    };

    ProducerEpoch epoch = no_producer_epoch;
    std::uint8_t batch_count = 0;
    std::int32_t coordinator_epoch = -1;
    Timestamp last_timestamp = no_timestamp;
    std::optional<Offset> transaction_start;
    std::array<Batch, batches_kept> batch_slots;

    // Oldest first.
    std::span<const Batch> batches() const { return {batch_slots.data(), batch_count}; }
    void keep(const Batch& batch);
    friend bool operator==(const ProducerState&, const ProducerState&) = default;
};

// Remembers the last batches of every idempotent producer of one partition, so that a batch sent
// twice is stored once and none is skipped.
//
// A rule: check() decides and changes nothing; apply() follows once the batch has its place in the
// log. Replaying the log gives the same states.
class ProducerStates {
public:
    struct Options {
        // Beyond it the producers that wrote longest ago are forgotten.
        std::size_t producers_max = 50'000;
    };
    struct Accept {
        friend bool operator==(const Accept&, const Accept&) = default;
    };
    // Stored before, as these offsets: answer with them, once they are durable.
    struct Duplicate {
        Offset base;
        Offset next;
        Timestamp timestamp;

        friend bool operator==(const Duplicate&, const Duplicate&) = default;
    };
    using Verdict = std::variant<Accept, Duplicate, protocol::ErrorCode>;

    ProducerStates() : ProducerStates(Options{}) {}
    explicit ProducerStates(Options options) : options_(options) {}

    // What to do with a batch from a client. Batches without a producer id are accepted.
    Verdict check(const ProducerBatch& batch) const;
    // The batch stands in the log from `base` on. Never refuses: what a leader wrote is the truth.
    void apply(const ProducerBatch& batch, Offset base);

    // Forgets producers that have not written for `expiration`, unless a transaction is open.
    void expire(Timestamp wall, Duration expiration);
    void clear();

    // A state out of a snapshot; takes the place of what was known about the producer.
    void restore(ProducerId id, const ProducerState& state);

    std::size_t size() const { return producers_.size(); }
    const std::map<ProducerId, ProducerState>& producers() const { return producers_; }
    const ProducerState* find(ProducerId id) const;
    friend bool operator==(const ProducerStates& a, const ProducerStates& b) {
        return a.producers_ == b.producers_;
    }

private:
    void forget_oldest(ProducerId but);

    Options options_;
    std::map<ProducerId, ProducerState> producers_;
    std::set<std::pair<Timestamp, ProducerId>> by_age_;
};

}  // namespace sluice::replication
