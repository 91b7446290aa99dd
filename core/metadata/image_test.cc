#include "core/metadata/image.h"

#include <gtest/gtest.h>

#include "core/metadata/served.h"

namespace sluice::metadata {
namespace {

using namespace protocol;

constexpr TopicId words{{1}};

ImageBuilder with_topic(int partitions) {
    ImageBuilder builder;
    builder.apply(TopicRecord{"words", words});
    for (int i = 0; i < partitions; ++i) {
        PartitionRecord record;
        record.topic_id = words;
        record.partition_id = PartitionIndex(i);
        record.replicas = {BrokerId(1), BrokerId(2)};
        record.isr = record.replicas;
        record.leader = BrokerId(1);
        record.leader_epoch = LeaderEpoch(0);
        record.partition_epoch = PartitionEpoch(0);
        builder.apply(record);
    }
    return builder;
}

const PartitionState& first_partition(ImageBuilder& builder) {
    return *builder.image().topic("words")->partition(PartitionIndex(0));
}

TEST(Image, CountsPartitions) {
    ImageBuilder builder = with_topic(3);
    EXPECT_EQ(builder.image().partition_count, 3u);
    builder.apply(RemoveTopicRecord{words});
    EXPECT_EQ(builder.image().partition_count, 0u);
    EXPECT_TRUE(equal(builder.image(), MetadataImage{}));
}

TEST(Image, AChangeOfLeaderIsANewEpoch) {
    ImageBuilder builder = with_topic(1);
    PartitionChangeRecord change;
    change.topic_id = words;
    change.partition_id = PartitionIndex(0);
    change.isr = std::vector{BrokerId(1)};
    builder.apply(change);
    EXPECT_EQ(first_partition(builder).leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(first_partition(builder).partition_epoch, PartitionEpoch(1));
    change.leader = BrokerId(2);
    builder.apply(change);
    EXPECT_EQ(first_partition(builder).leader, BrokerId(2));
    EXPECT_EQ(first_partition(builder).leader_epoch, LeaderEpoch(1));
    EXPECT_EQ(first_partition(builder).partition_epoch, PartitionEpoch(2));
}

TEST(Image, ImagesGivenAwayDoNotChange) {
    ImageBuilder builder = with_topic(1);
    const MetadataImage before = builder.image();
    builder.apply(RemoveTopicRecord{words});
    builder.apply(TopicRecord{"words", TopicId{{2}}});
    EXPECT_EQ(before.topic("words")->partitions.size(), 1u);
    EXPECT_EQ(builder.image().topic("words")->partitions.size(), 0u);
}

TEST(Image, RecordsThatFitNothingChangeNothing) {
    ImageBuilder builder;
    PartitionRecord partition;
    partition.topic_id = words;
    builder.apply(partition);
    builder.apply(PartitionChangeRecord{});
    builder.apply(RemoveTopicRecord{words});
    builder.apply(ConfigRecord{2, "words", "retention.ms", std::nullopt});
    EXPECT_TRUE(equal(builder.image(), MetadataImage{}));
}

TEST(Image, AnAbortedTransactionLeavesNothing) {
    ImageBuilder builder = with_topic(1);
    const MetadataImage before = builder.image();
    builder.apply(BeginTransactionRecord{});
    builder.apply(RemoveTopicRecord{words});
    builder.apply(TopicRecord{"other", TopicId{{2}}});
    EXPECT_TRUE(builder.in_transaction());
    builder.apply(AbortTransactionRecord{});
    EXPECT_FALSE(builder.in_transaction());
    EXPECT_TRUE(equal(builder.image(), before));
    builder.apply(BeginTransactionRecord{});
    builder.apply(TopicRecord{"other", TopicId{{2}}});
    builder.apply(EndTransactionRecord{});
    builder.apply(AbortTransactionRecord{});
    EXPECT_NE(builder.image().topic("other"), nullptr);
}

TEST(Served, NamesWhatItCannotServe) {
    ImageBuilder builder = with_topic(1);
    EXPECT_EQ(complaint_about(builder.image()), std::nullopt);
    builder.apply(ConfigRecord{2, "words", "cleanup.policy", "compact,delete"});
    const auto compacted = complaint_about(builder.image());
    ASSERT_TRUE(compacted);
    EXPECT_NE(compacted->find("'words' is compacted"), std::string::npos) << *compacted;
    builder.apply(ConfigRecord{2, "words", "cleanup.policy", "delete"});
    EXPECT_EQ(complaint_about(builder.image()), std::nullopt);
    // Its coordinators keep this one short themselves.
    builder.apply(TopicRecord{"__consumer_offsets", TopicId{{2}}});
    builder.apply(ConfigRecord{2, "__consumer_offsets", "cleanup.policy", "compact"});
    EXPECT_EQ(complaint_about(builder.image()), std::nullopt);
    builder.apply(TopicRecord{"__transaction_state", TopicId{{3}}});
    EXPECT_TRUE(complaint_about(builder.image()));
}

}  // namespace
}  // namespace sluice::metadata
