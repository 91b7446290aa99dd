#include "core/metadata/snapshot.h"

#include <gtest/gtest.h>

#include "core/protocol/batch_builder.h"

namespace sluice::metadata {
namespace {

using namespace protocol;

constexpr TopicId first_topic{{1}};
constexpr TopicId second_topic{{2}};
constexpr std::size_t decompressed_max = 1 << 20;

PartitionRecord partition(const TopicId& topic, int index) {
    PartitionRecord record;
    record.topic_id = topic;
    record.partition_id = PartitionIndex(index);
    record.replicas = {BrokerId(1), BrokerId(2)};
    record.isr = {BrokerId(2)};
    record.leader = BrokerId(2);
    record.leader_epoch = LeaderEpoch(7);
    record.partition_epoch = PartitionEpoch(9);
    record.directories = {Uuid{{5}}, Uuid{{6}}};
    return record;
}

// One of everything an image holds.
ImageBuilder everything() {
    ImageBuilder builder;
    builder.apply(FeatureLevelRecord{"group.version", 1});
    builder.apply(FeatureLevelRecord{"metadata.version", 30});
    RegisterBrokerRecord broker;
    broker.broker_id = BrokerId(1);
    broker.broker_epoch = BrokerEpoch(3);
    broker.end_points = {{"PLAINTEXT", "here", 9092, 0}};
    broker.features = {{"metadata.version", 30, 30}};
    broker.rack = "cellar";
    broker.in_controlled_shutdown = true;
    broker.log_dirs = {Uuid{{5}}};
    builder.apply(broker);
    RegisterControllerRecord controller;
    controller.controller_id = BrokerId(7);
    controller.incarnation_id = Uuid{{8}};
    controller.end_points = {{"CONTROLLER", "there", 9093, 0}};
    controller.features = {{"metadata.version", 30, 30}};
    builder.apply(controller);
    builder.apply(TopicRecord{"words", first_topic});
    builder.apply(TopicRecord{"more", second_topic});
    for (int i = 0; i < 3; ++i) builder.apply(partition(first_topic, i));
    PartitionRecord last = partition(second_topic, 0);
    last.eligible_leader_replicas = std::vector{BrokerId(1)};
    last.last_known_elr = std::vector{BrokerId(2)};
    last.adding_replicas = {BrokerId(3)};
    last.leader_recovery_state = 1;
    builder.apply(last);
    builder.apply(ConfigRecord{2, "words", "retention.ms", "5"});
    builder.apply(ConfigRecord{4, "", "log.retention.ms", "6"});
    ProducerIdsRecord ids;
    ids.next_producer_id = ProducerId(3000);
    builder.apply(ids);
    builder.advance(Offset(41), LeaderEpoch(4));
    return builder;
}

TEST(Snapshot, HoldsAllOfAnImage) {
    ImageBuilder builder = everything();
    const Snapshot snapshot = encode_snapshot(builder.image(), Timestamp(1'700'000'000'000));
    EXPECT_EQ(snapshot.end, Offset(41));
    EXPECT_EQ(snapshot.epoch, LeaderEpoch(4));
    const auto image = decode_snapshot(snapshot, decompressed_max);
    ASSERT_TRUE(image) << image.error().what;
    EXPECT_TRUE(equal(*image, builder.image()));
    EXPECT_EQ(image->next_offset, Offset(41));
    EXPECT_EQ(image->epoch, LeaderEpoch(4));
}

TEST(Snapshot, BeginsWithTheVersionItIsWrittenIn) {
    ImageBuilder builder = everything();
    const auto records = records_of(builder.image());
    EXPECT_EQ(std::get<FeatureLevelRecord>(records.front()).name, "metadata.version");
}

TEST(Snapshot, OfNothingIsNothing) {
    const auto image = decode_snapshot(encode_snapshot({}, Timestamp(0)), decompressed_max);
    ASSERT_TRUE(image);
    EXPECT_TRUE(equal(*image, MetadataImage{}));
}

TEST(Snapshot, SpansBatches) {
    ImageBuilder builder = everything();
    for (int i = 3; i < 3000; ++i) builder.apply(partition(first_topic, i));
    const auto image =
        decode_snapshot(encode_snapshot(builder.image(), Timestamp(0)), decompressed_max);
    ASSERT_TRUE(image);
    EXPECT_TRUE(equal(*image, builder.image()));
}

TEST(Snapshot, TornAnywhereIsNone) {
    ImageBuilder builder = everything();
    const Snapshot whole = encode_snapshot(builder.image(), Timestamp(0));
    for (std::size_t size = 0; size < whole.content.size(); ++size) {
        const Snapshot torn{whole.end, whole.epoch, whole.content.slice(0, size)};
        const auto image = decode_snapshot(torn, decompressed_max);
        ASSERT_TRUE(image.failed()) << size;
        EXPECT_EQ(image.error().error, Error::corrupt);
    }
}

TEST(Snapshot, ADamagedByteIsNoticed) {
    ImageBuilder builder = everything();
    const Snapshot whole = encode_snapshot(builder.image(), Timestamp(0));
    // Where a batch is and who led when it was written is beside its checksum.
    BatchSplitter batches(whole.content.view());
    while (const auto batch = batches.next()) {
        const auto begin = static_cast<std::size_t>(batch->bytes().data() - whole.content.data());
        for (std::size_t at = batch_crc_from; at < batch->size(); ++at) {
            Buffer damaged = Buffer::allocate(whole.content.size());
            std::ranges::copy(whole.content.view(), damaged.data());
            damaged.data()[begin + at] ^= 1;
            const Snapshot snapshot{whole.end, whole.epoch, Bytes(std::move(damaged))};
            EXPECT_TRUE(decode_snapshot(snapshot, decompressed_max).failed()) << begin + at;
        }
    }
}

Bytes batch_of(Slice value) {
    RecordBatchBuilder batch({.base_offset = Offset(12), .leader_epoch = LeaderEpoch(2)});
    batch.append({.timestamp = Timestamp(1), .value = value});
    return batch.build();
}

TEST(Replay, SaysWhatItCannotServe) {
    const std::uint8_t access_control[] = {1, 18, 0, 0};
    ImageBuilder builder;
    const auto replayed = replay(batch_of(access_control), decompressed_max, builder);
    ASSERT_TRUE(replayed.failed());
    EXPECT_EQ(replayed.error().error, Error::invalid);
    EXPECT_EQ(replayed.error().offset, Offset(12));
    EXPECT_EQ(replayed.error().what, "an access control entry (type 18, version 0)");
}

TEST(Replay, ARecordThatEndsTooSoonIsDamage) {
    const std::uint8_t topic[] = {1, 2, 0, 9};
    ImageBuilder builder;
    const auto replayed = replay(batch_of(topic), decompressed_max, builder);
    ASSERT_TRUE(replayed.failed());
    EXPECT_EQ(replayed.error().error, Error::corrupt);
}

TEST(Replay, GoesBehindTheBatch) {
    ImageBuilder builder;
    const Bytes value = encode_newest(TopicRecord{"words", first_topic});
    ASSERT_TRUE(replay(batch_of(value.view()), decompressed_max, builder));
    EXPECT_EQ(builder.image().next_offset, Offset(13));
    EXPECT_EQ(builder.image().epoch, LeaderEpoch(2));
    ASSERT_NE(builder.image().topic("words"), nullptr);
}

}  // namespace
}  // namespace sluice::metadata
