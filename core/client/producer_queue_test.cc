#include "core/client/producer_queue.h"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

using State = ProducerBatch::State;

Time at(std::int64_t ms) {
    return Time{milliseconds(ms)};
}

class ProducerQueueTest : public testing::Test {
protected:
    // A batch that was opened at a time and holds so many bytes.
    ProducerBatch& open(std::int64_t opened_ms, std::size_t bytes = 10) {
        auto batch = std::make_unique<ProducerBatch>(protocol::BatchOptions{});
        batch->opened = at(opened_ms);
        batch->bytes = bytes;
        return queue.open(std::move(batch));
    }
    // Sends whatever may be sent now.
    ProducerBatch* send(std::int64_t now_ms, bool hurry = false) {
        ProducerBatch* batch = queue.next(at(now_ms), hurry).batch;
        if (batch != nullptr) {
            batch->encoded = Bytes::copy_of("encoded");
            queue.sent(*batch);
        }
        return batch;
    }

    ProducerQueue queue{{.batch_bytes = 100,
                         .linger = milliseconds(5),
                         .delivery_time_max = seconds(10),
                         .in_flight_max = 3}};
};

TEST_F(ProducerQueueTest, WaitsForMoreAsLongAsItMayLinger) {
    ProducerBatch& batch = open(0);
    EXPECT_EQ(queue.next(at(4), false).batch, nullptr);
    EXPECT_EQ(queue.next(at(4), false).again, at(5));
    EXPECT_EQ(queue.next(at(4), true).batch, &batch);
    EXPECT_EQ(queue.next(at(5), false).batch, &batch);
}

TEST_F(ProducerQueueTest, SendsAFullBatchAtOnce) {
    ProducerBatch& batch = open(0, 100);
    EXPECT_EQ(queue.filling(1), nullptr);
    EXPECT_EQ(queue.next(at(0), false).batch, &batch);
}

TEST_F(ProducerQueueTest, FillsABatchUntilItGoesOut) {
    ProducerBatch& batch = open(0);
    EXPECT_EQ(queue.filling(90), &batch);
    EXPECT_EQ(queue.filling(91), nullptr);
    send(5);
    EXPECT_EQ(queue.filling(1), nullptr);
}

TEST_F(ProducerQueueTest, HasNoMoreUnderWayThanAllowed) {
    for (int i = 0; i < 5; ++i) open(0);
    EXPECT_NE(send(5), nullptr);
    EXPECT_NE(send(5), nullptr);
    ProducerBatch* third = send(5);
    EXPECT_EQ(send(5), nullptr);
    queue.ended(*third);
    EXPECT_NE(send(5), nullptr);
}

TEST_F(ProducerQueueTest, SendsWhatFailedAgainAloneAndInOrder) {
    ProducerBatch& a = open(0);
    ProducerBatch& b = open(0);
    ProducerBatch& c = open(0);
    open(0);
    send(5);
    send(5);
    send(5);
    queue.failed(b, at(20));
    // The others are under way yet.
    EXPECT_EQ(send(30), nullptr);
    queue.failed(a, at(25));
    EXPECT_EQ(send(30), nullptr);
    queue.failed(c, at(25));
    EXPECT_EQ(queue.next(at(20), true).again, at(25));
    EXPECT_EQ(send(25), &a);
    EXPECT_EQ(send(25), nullptr);
    queue.ended(a);
    EXPECT_EQ(send(25), &b);
    queue.ended(b);
    EXPECT_EQ(send(25), &c);
    // Nothing is left to be tried again.
    EXPECT_NE(send(25, true), nullptr);
}

TEST_F(ProducerQueueTest, KeepsFillingABatchThatNeverWentOut) {
    ProducerBatch& batch = open(0);
    queue.failed(batch, at(50));
    EXPECT_EQ(batch.state, State::fills);
    EXPECT_EQ(queue.next(at(40), true).again, at(50));
    EXPECT_EQ(queue.next(at(50), true).batch, &batch);
}

TEST_F(ProducerQueueTest, GivesUpTheFirstOneAfterItsTime) {
    ProducerBatch& batch = open(0);
    EXPECT_EQ(queue.expired(at(9'999)), nullptr);
    EXPECT_EQ(queue.expired(at(10'000)), &batch);
    send(5);
    EXPECT_EQ(queue.expired(at(10'000)), nullptr);
    queue.failed(batch, at(10'000));
    EXPECT_EQ(queue.expired(at(10'000)), &batch);
}

TEST_F(ProducerQueueTest, PutsTwoHalvesInThePlaceOfABatch) {
    ProducerBatch& a = open(0);
    ProducerBatch& b = open(0);
    send(5);
    send(5);
    auto first = std::make_unique<ProducerBatch>(protocol::BatchOptions{});
    auto second = std::make_unique<ProducerBatch>(protocol::BatchOptions{});
    ProducerBatch* const halves[] = {first.get(), second.get()};
    queue.split(a, std::move(first), std::move(second));
    queue.failed(b, at(5));
    for (ProducerBatch* each : {halves[0], halves[1], &b}) {
        EXPECT_EQ(send(5), each);
        queue.ended(*each);
    }
    EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace sluice::client
