#include "core/replication/producer_states.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <vector>

#include "core/base/random.h"
#include "storage/log/producer_snapshot.h"

// Idempotence: a producer that sends its batches in order, some of them again and again, has each
// of them stored once; what replay, or a snapshot and replay, gives is what was known.

namespace sluice::replication {
namespace {

constexpr std::int64_t sequences = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;

struct Sent {
    ProducerBatch batch;
    Offset base;
};

class Partition {
public:
    explicit Partition(std::uint32_t seed) : random_(seed) {}

    // A batch of one producer behind its last one, with a new epoch now and then.
    void send_next() {
        Producer& producer = producers_[random_.below(producers_.size())];
        if (producer.sent.empty() ? false : random_.chance(0.05)) {
            ++producer.epoch;
            producer.next = 0;
            producer.sent.clear();
        }
        const auto count = static_cast<std::int32_t>(1 + random_.below(5));
        const ProducerBatch batch{
            .id = producer.id,
            .epoch = ProducerEpoch(producer.epoch),
            .base_sequence = Sequence(static_cast<std::int32_t>(producer.next)),
            .last_offset_delta = count - 1,
            .max_timestamp = Timestamp(++now_)};
        RC_ASSERT(std::holds_alternative<ProducerStates::Accept>(states.check(batch)));
        states.apply(batch, end_);
        log.push_back({batch, end_});
        producer.sent.push_back(log.back());
        producer.next = (producer.next + count) % sequences;
        end_ = end_.plus(count);
    }
    // One of the last five again: its own offsets come back.
    void send_again() {
        const Producer& producer = producers_[random_.below(producers_.size())];
        if (producer.sent.empty()) return;
        const std::size_t back =
            random_.below(std::min(producer.sent.size(), ProducerState::batches_kept));
        const Sent& again = producer.sent[producer.sent.size() - 1 - back];
        const auto verdict = states.check(again.batch);
        RC_ASSERT(std::holds_alternative<ProducerStates::Duplicate>(verdict));
        RC_ASSERT(std::get<ProducerStates::Duplicate>(verdict).base == again.base);
    }
    // One that leaves a gap, or is of an old epoch: an error, and nothing else.
    void send_wrong() {
        const Producer& producer = producers_[random_.below(producers_.size())];
        if (producer.sent.empty()) return;
        ProducerBatch wrong = producer.sent.back().batch;
        if (wrong.epoch > ProducerEpoch(0) && random_.chance(0.5)) {
            wrong.epoch = wrong.epoch.plus(-1);
        } else {
            const auto gap = static_cast<std::int64_t>(1 + random_.below(1000));
            wrong.base_sequence =
                Sequence(static_cast<std::int32_t>((producer.next + gap) % sequences));
        }
        RC_ASSERT(std::holds_alternative<protocol::ErrorCode>(states.check(wrong)));
    }
    void step() {
        const auto before = states;
        switch (random_.below(4)) {
            case 0:
                send_again();
                RC_ASSERT(states == before);
                return;
            case 1:
                send_wrong();
                RC_ASSERT(states == before);
                return;
            default:
                send_next();
                return;
        }
    }

    ProducerStates states;
    std::vector<Sent> log;

private:
    struct Producer {
        ProducerId id;
        std::int64_t next = 0;
        std::int16_t epoch = 0;
        std::vector<Sent> sent{};
    };

    Random random_;
    // One begins near the end of the numbers, so that it wraps.
    std::vector<Producer> producers_{
        {ProducerId(1)}, {ProducerId(2), sequences - 20}, {ProducerId(900)}};
    Offset end_{0};
    std::int64_t now_ = 0;
};

RC_GTEST_PROP(ProducerStates, StoreEachBatchOnceAndSurviveReplay, (std::uint32_t seed)) {
    Partition partition(seed);
    const int steps = *rc::gen::inRange(1, 200);
    for (int i = 0; i < steps; ++i) partition.step();

    ProducerStates replayed;
    for (const Sent& sent : partition.log) replayed.apply(sent.batch, sent.base);
    RC_ASSERT(replayed == partition.states);

    // A snapshot anywhere, and the rest of the log behind it.
    const auto at = *rc::gen::inRange<std::size_t>(0, partition.log.size() + 1);
    ProducerStates first;
    for (std::size_t i = 0; i < at; ++i) first.apply(partition.log[i].batch, partition.log[i].base);
    ProducerStates restored;
    RC_ASSERT(
        static_cast<bool>(storage::restore_snapshot(storage::snapshot_bytes(first), restored)));
    for (std::size_t i = at; i < partition.log.size(); ++i)
        restored.apply(partition.log[i].batch, partition.log[i].base);
    RC_ASSERT(restored == partition.states);
}

}  // namespace
}  // namespace sluice::replication
