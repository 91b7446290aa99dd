#include "core/broker/partition.h"

#include <gtest/gtest.h>

#include "core/broker/testing.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/record_batch.h"

namespace sluice::broker {
namespace {

using protocol::BatchOptions;
using protocol::ErrorCode;

class PartitionTest : public ::testing::Test {
protected:
    PartitionTest() {
        auto made = std::make_unique<testing::ToldLog>();
        log = made.get();
        partition = std::make_unique<Partition>(world.doors, PartitionId{}, "t", std::move(made));
        state.leader_epoch = LeaderEpoch(7);
        update();
    }
    void update() { partition->update(state, settings); }

    static Bytes batch(BatchOptions options = {}, int records = 1) {
        protocol::RecordBatchBuilder builder(options);
        for (int i = 0; i < records; ++i)
            builder.append({.timestamp = Timestamp(1'700'000'000'000), .value = as_slice("v")});
        return builder.build();
    }
    static BatchOptions of_producer(std::int32_t sequence) {
        return {.producer_id = ProducerId(5),
                .producer_epoch = ProducerEpoch(0),
                .base_sequence = Sequence(sequence)};
    }
    ProduceOutcome append(const Bytes& bytes, bool is_client = true) {
        return partition->append(bytes.view(),
                                 {.produce_version = Version(9), .is_client = is_client});
    }

    testing::StillEnv world;
    testing::ToldLog* log = nullptr;
    std::unique_ptr<Partition> partition;
    metadata::PartitionState state;
    TopicSettings settings;
};

TEST_F(PartitionTest, TellsWhereABatchStands) {
    append(batch({}, 3));
    const ProduceOutcome outcome = append(batch({}, 2));
    EXPECT_EQ(outcome.error, ErrorCode::none);
    EXPECT_EQ(outcome.base, Offset(3));
    EXPECT_EQ(outcome.next, Offset(5));
    EXPECT_EQ(outcome.log_start, Offset(0));
    EXPECT_EQ(outcome.log_append_time, no_timestamp);
    EXPECT_EQ(partition->high_watermark(), Offset(0));
    log->sync();
    EXPECT_EQ(partition->high_watermark(), Offset(5));
}

TEST_F(PartitionTest, ADuplicateHasItsOriginalsOffsets) {
    append(batch());
    append(batch(of_producer(0), 2));
    const ProduceOutcome again = append(batch(of_producer(0), 2));
    EXPECT_EQ(again.error, ErrorCode::none);
    EXPECT_EQ(again.base, Offset(1));
    EXPECT_EQ(again.next, Offset(3));
    EXPECT_EQ(log->batches.size(), 2U);
}

TEST_F(PartitionTest, AGapInTheSequenceIsRefused) {
    append(batch(of_producer(0)));
    EXPECT_EQ(append(batch(of_producer(2))).error, ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(log->batches.size(), 1U);
}

TEST_F(PartitionTest, TransactionsAreRefusedForGood) {
    BatchOptions options = of_producer(0);
    options.is_transactional = true;
    const ProduceOutcome outcome = append(batch(options));
    EXPECT_EQ(outcome.error, ErrorCode::invalid_request);
    EXPECT_FALSE(protocol::retriable(outcome.error));
    EXPECT_FALSE(outcome.message.empty());
}

TEST_F(PartitionTest, ClientsWriteNoControlBatches) {
    BatchOptions options = of_producer(0);
    options.is_control = true;
    EXPECT_EQ(append(batch(options)).error, ErrorCode::invalid_record);
    EXPECT_TRUE(log->batches.empty());
}

TEST_F(PartitionTest, ABatchOfAClientFitsIntoASegment) {
    const Bytes large = batch({}, 10);
    settings.log.segment_bytes = large.size() - 1;
    update();
    EXPECT_EQ(append(large).error, ErrorCode::record_list_too_large);
    EXPECT_EQ(append(large, false).error, ErrorCode::none);
    settings.log.segment_bytes = large.size();
    update();
    EXPECT_EQ(append(large).error, ErrorCode::none);
}

TEST_F(PartitionTest, WhatIsToBeStoredIsJudgedBeforeItsProducersSequence) {
    const Bytes first = batch(of_producer(0), 10);
    EXPECT_EQ(append(first).error, ErrorCode::none);
    settings.log.segment_bytes = first.size() - 1;
    update();
    // A duplicate, and one out of turn.
    EXPECT_EQ(append(first).error, ErrorCode::record_list_too_large);
    EXPECT_EQ(append(batch(of_producer(50), 10)).error, ErrorCode::record_list_too_large);
    settings.log.segment_bytes = first.size();
    update();
    EXPECT_EQ(append(first).base, Offset(0));
    EXPECT_EQ(append(batch(of_producer(10))).error, ErrorCode::none);
}

// No producer waits for its answer here.
TEST_F(PartitionTest, WhoWatchesIsToldWhatCameOnceItIsCommitted) {
    env::Event event(world.doors.scheduler);
    Watch watch{event, 1'000'000};
    partition->watchers().add(watch);
    const Bytes first = batch({}, 3);
    append(first);
    EXPECT_EQ(watch.came, 0U);
    log->sync();
    EXPECT_EQ(watch.came, first.size());
    log->sync();
    EXPECT_EQ(partition->committed_bytes(), first.size());
    EXPECT_EQ(watch.came, first.size());
    EXPECT_FALSE(watch.changed);
    partition->retire();
    EXPECT_TRUE(watch.changed);
    // Nobody finds it any more, not even who watches: the watch goes while a sync is under way.
    EXPECT_EQ(partition->watchers().count(), 0U);
}

TEST_F(PartitionTest, WhoWatchesIsToldThatTheLogIsOffline) {
    env::Event event(world.doors.scheduler);
    Watch watch{event, 1};
    partition->watchers().add(watch);
    append(batch());
    log->go_offline();
    EXPECT_TRUE(watch.changed);
    EXPECT_EQ(watch.came, 0U);
    EXPECT_EQ(partition->wait_committed(Offset(1)), ErrorCode::kafka_storage_error);
    partition->watchers().remove(watch);
}

TEST_F(PartitionTest, ALogThatWasTakenTellsNobody) {
    append(batch());
    const auto taken = partition->take_log();
    log->sync();
    EXPECT_EQ(partition->committed_bytes(), 0U);
}

TEST_F(PartitionTest, WhatFailsBelowIsSaidInKafkasWords) {
    log->refuses = Error::no_space;
    const ProduceOutcome full = append(batch());
    EXPECT_EQ(full.error, ErrorCode::kafka_storage_error);
    EXPECT_EQ(full.message, "The broker's disk is full.");
    log->refuses = Error::limit;
    EXPECT_EQ(append(batch()).error, ErrorCode::request_timed_out);
    log->refuses.reset();
    log->go_offline();
    EXPECT_EQ(append(batch()).error, ErrorCode::kafka_storage_error);
}

TEST_F(PartitionTest, ALargeBatchIsRefusedWithItsProducerStateUntouched) {
    settings.batch_bytes_max = 100;
    update();
    EXPECT_EQ(append(batch(of_producer(0), 50)).error, ErrorCode::message_too_large);
    EXPECT_EQ(append(batch(of_producer(0))).error, ErrorCode::none);
}

TEST_F(PartitionTest, TheTopicMayStampAndCompress) {
    settings.log_append_time = true;
    settings.compression = protocol::CompressionType::gzip;
    update();
    EXPECT_EQ(append(batch({}, 20)).log_append_time, Timestamp(1'700'000'000'000));
    const protocol::BatchView stored(log->batches.front());
    EXPECT_EQ(stored.compression(), protocol::CompressionType::gzip);
    // What the broker itself writes stays as it is.
    append(batch(), false);
    EXPECT_EQ(protocol::BatchView(log->batches.back()).compression(),
              protocol::CompressionType::none);
}

TEST_F(PartitionTest, OtherEpochsThanItsOwnAreToldApart) {
    EXPECT_EQ(partition->check_epoch(LeaderEpoch(7)), ErrorCode::none);
    EXPECT_EQ(partition->check_epoch(no_leader_epoch), ErrorCode::none);
    EXPECT_EQ(partition->check_epoch(LeaderEpoch(6)), ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(partition->check_epoch(LeaderEpoch(8)), ErrorCode::unknown_leader_epoch);
}

TEST_F(PartitionTest, AChangedConfigurationReachesItsLog) {
    settings.log.segment_bytes = 12'345;
    update();
    EXPECT_EQ(log->configured.segment_bytes, 12'345U);
}

// Nobody who may replace the leader lacks what it had when it was alone.
TEST_F(PartitionTest, WhatWasAppendedAloneIsAnsweredThoughOthersHoldItSince) {
    struct Host final : ReplicaHost {
        void proposed(const PartitionId&, const replication::Propose&) override {}
        void plan(const PartitionId&, Time) override {}
        void follower_moved(const PartitionId&) override {}
        void log_failed(const PartitionId&) override {}
        Result<std::unique_ptr<PartitionLog>> cut(const PartitionId&, std::unique_ptr<PartitionLog>,
                                                  const LogStore::Cut&) override {
            return Error::io;
        }
    } host;
    partition->be_alone();
    const ProduceOutcome outcome = append(batch());
    replication::Assignment assignment{.replicas = {BrokerId(1), BrokerId(2)},
                                       .isr = {BrokerId(1)},
                                       .leader = BrokerId(1),
                                       .leader_epoch = LeaderEpoch(8),
                                       .brokers = {}};
    ReplicaDriver& replica = partition->replicate(host, {.self = BrokerId(1)});
    replica.assigned(assignment);
    log->sync();
    EXPECT_EQ(partition->wait_committed(outcome, never), ErrorCode::none);
    // Somebody else may have cut it off.
    assignment.leader = BrokerId(2);
    assignment.leader_epoch = LeaderEpoch(9);
    replica.assigned(assignment);
    EXPECT_EQ(partition->wait_committed(outcome, never), ErrorCode::not_leader_or_follower);
    assignment.leader = BrokerId(1);
    assignment.leader_epoch = LeaderEpoch(10);
    replica.assigned(assignment);
    EXPECT_EQ(partition->wait_committed(outcome, never), ErrorCode::not_leader_or_follower);
}

}  // namespace
}  // namespace sluice::broker
