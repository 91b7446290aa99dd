#include "core/replication/producer_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace sluice::replication {
namespace {

using protocol::ErrorCode;
using Verdict = ProducerStates::Verdict;
constexpr std::int32_t sequence_max = std::numeric_limits<std::int32_t>::max();

// One partition's log, as its leader fills it.
class ProducerStatesTest : public ::testing::Test {
protected:
    static ProducerBatch batch(std::int32_t sequence, std::int32_t count = 1,
                               std::int16_t epoch = 0, std::int64_t producer = 7) {
        return {.id = ProducerId(producer),
                .epoch = ProducerEpoch(epoch),
                .base_sequence = Sequence(sequence),
                .last_offset_delta = count - 1,
                .max_timestamp = Timestamp(1000)};
    }
    // Checks, and appends what is accepted.
    Verdict send(const ProducerBatch& sent) {
        const Verdict verdict = states.check(sent);
        if (std::holds_alternative<ProducerStates::Accept>(verdict)) {
            states.apply(sent, end);
            end = end.plus(sent.last_offset_delta + 1);
        }
        return verdict;
    }
    static Verdict accepted() { return ProducerStates::Accept{}; }
    static Verdict duplicate(std::int64_t base, std::int64_t next) {
        return ProducerStates::Duplicate{Offset(base), Offset(next), Timestamp(1000)};
    }
    static Verdict refused(ErrorCode code) { return code; }

    ProducerStates states;
    Offset end{0};
};

TEST_F(ProducerStatesTest, AcceptsBatchesThatFollowEachOther) {
    EXPECT_EQ(send(batch(0, 3)), accepted());
    EXPECT_EQ(send(batch(3, 2)), accepted());
    EXPECT_EQ(send(batch(5)), accepted());
}

TEST_F(ProducerStatesTest, AnswersABatchSentTwiceWithItsFirstOffsets) {
    for (int i = 0; i < 5; ++i) send(batch(2 * i, 2));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(send(batch(2 * i, 2)), duplicate(2 * i, 2 * i + 2));
}

TEST_F(ProducerStatesTest, RemembersFiveBatchesAndNoMore) {
    for (int i = 0; i < 6; ++i) send(batch(i));
    EXPECT_EQ(send(batch(0)), refused(ErrorCode::out_of_order_sequence_number));
    EXPECT_EQ(send(batch(1)), duplicate(1, 2));
}

TEST_F(ProducerStatesTest, RefusesAGap) {
    send(batch(0));
    EXPECT_EQ(send(batch(2)), refused(ErrorCode::out_of_order_sequence_number));
    EXPECT_EQ(send(batch(1)), accepted());
}

TEST_F(ProducerStatesTest, RefusesABatchThatOverlapsAnother) {
    send(batch(0, 3));
    EXPECT_EQ(send(batch(0, 2)), refused(ErrorCode::out_of_order_sequence_number));
    EXPECT_EQ(send(batch(1, 3)), refused(ErrorCode::out_of_order_sequence_number));
}

TEST_F(ProducerStatesTest, GoesOnAtZeroBehindTheLargestSequence) {
    send(batch(sequence_max - 1, 1));
    EXPECT_EQ(send(batch(sequence_max, 1)), accepted());
    EXPECT_EQ(send(batch(0, 1)), accepted());
    EXPECT_EQ(send(batch(sequence_max, 1)), duplicate(1, 2));
}

TEST_F(ProducerStatesTest, WrapsInsideABatch) {
    send(batch(sequence_max - 1, 4));
    EXPECT_EQ(send(batch(sequence_max - 1, 4)), duplicate(0, 4));
    EXPECT_EQ(send(batch(2)), accepted());
}

TEST_F(ProducerStatesTest, LetsAnUnknownProducerBeginAnywhere) {
    EXPECT_EQ(send(batch(42)), accepted());
    EXPECT_EQ(send(batch(43)), accepted());
}

TEST_F(ProducerStatesTest, WantsANewEpochToBeginAtZero) {
    send(batch(0));
    EXPECT_EQ(send(batch(1, 1, 1)), refused(ErrorCode::out_of_order_sequence_number));
    EXPECT_EQ(send(batch(0, 1, 1)), accepted());
    EXPECT_EQ(send(batch(1, 1, 1)), accepted());
}

TEST_F(ProducerStatesTest, FencesOldEpochs) {
    send(batch(0, 1, 3));
    EXPECT_EQ(send(batch(0, 1, 2)), refused(ErrorCode::invalid_producer_epoch));
    EXPECT_EQ(send(batch(1, 1, 2)), refused(ErrorCode::invalid_producer_epoch));
}

TEST_F(ProducerStatesTest, ForgetsTheBatchesOfAnOlderEpoch) {
    send(batch(0));
    send(batch(0, 1, 1));
    EXPECT_EQ(states.find(ProducerId(7))->batches().size(), 1u);
    EXPECT_EQ(send(batch(0, 1, 1)), duplicate(1, 2));
}

TEST_F(ProducerStatesTest, ChangesNothingWhenItOnlyDecides) {
    send(batch(0));
    const ProducerStates before = states;
    states.check(batch(1));
    states.check(batch(5));
    EXPECT_EQ(states, before);
}

TEST_F(ProducerStatesTest, KnowsNothingOfBatchesWithoutAProducer) {
    const ProducerBatch plain{.last_offset_delta = 3};
    EXPECT_EQ(send(plain), accepted());
    EXPECT_EQ(send(plain), accepted());
    EXPECT_EQ(states.size(), 0u);
}

TEST_F(ProducerStatesTest, ForgetsProducersThatWereSilent) {
    send(batch(0));
    states.expire(Timestamp(1999), seconds(1));
    EXPECT_EQ(states.size(), 1u);
    states.expire(Timestamp(2000), seconds(1));
    EXPECT_EQ(states.size(), 0u);
    EXPECT_EQ(send(batch(9)), accepted());
}

TEST_F(ProducerStatesTest, KeepsProducersInATransaction) {
    ProducerBatch in_transaction = batch(0);
    in_transaction.transactional = true;
    send(in_transaction);
    states.expire(Timestamp(1'000'000), seconds(1));
    ASSERT_EQ(states.size(), 1u);
    EXPECT_EQ(states.find(ProducerId(7))->transaction_start, Offset(0));
    states.apply({.id = ProducerId(7),
                  .epoch = ProducerEpoch(0),
                  .max_timestamp = Timestamp(2000),
                  .transactional = true,
                  .control = true},
                 end);
    EXPECT_EQ(states.find(ProducerId(7))->transaction_start, std::nullopt);
    states.expire(Timestamp(1'000'000), seconds(1));
    EXPECT_EQ(states.size(), 0u);
}

TEST_F(ProducerStatesTest, ForgetsTheOldestBeyondItsLimit) {
    states = ProducerStates({.producers_max = 2});
    for (const std::int64_t producer : {1, 2, 3}) {
        ProducerBatch sent = batch(0, 1, 0, producer);
        sent.max_timestamp = Timestamp(producer);
        send(sent);
    }
    EXPECT_EQ(states.find(ProducerId(1)), nullptr);
    EXPECT_EQ(states.size(), 2u);
}

}  // namespace
}  // namespace sluice::replication
