#include "cmd/sluice/partition_troubles.h"

#include <gtest/gtest.h>

namespace sluice::cmd {
namespace {

using protocol::ErrorCode;

const client::TopicPartition words{"words", PartitionIndex(3)};

TEST(PartitionTroubles, AreSaidOnceWhenTheyLast) {
    PartitionTroubles troubles;
    EXPECT_FALSE(troubles.note(words, ErrorCode::kafka_storage_error, Time{seconds(1)}));
    EXPECT_FALSE(troubles.lasts(words));
    EXPECT_EQ(troubles.note(words, ErrorCode::kafka_storage_error, Time{seconds(3)}),
              "partition 3 of words cannot be read: KAFKA_STORAGE_ERROR; the log of its broker "
              "says why");
    EXPECT_TRUE(troubles.lasts(words));
    EXPECT_FALSE(troubles.note(words, ErrorCode::kafka_storage_error, Time{seconds(9)}));
    EXPECT_TRUE(troubles.any_lasts());
}

TEST(PartitionTroubles, ThatPassAreNotSaid) {
    PartitionTroubles troubles;
    EXPECT_FALSE(troubles.note(words, ErrorCode::not_leader_or_follower, Time{seconds(1)}));
    EXPECT_FALSE(troubles.note(words, std::nullopt, Time{seconds(2)}));
    EXPECT_FALSE(troubles.note(words, ErrorCode::not_leader_or_follower, Time{seconds(3)}));
    EXPECT_FALSE(troubles.any_lasts());
}

TEST(PartitionTroubles, AreSaidAgainForAnotherReason) {
    PartitionTroubles troubles;
    EXPECT_FALSE(troubles.note(words, ErrorCode::not_leader_or_follower, Time{seconds(1)}));
    EXPECT_TRUE(troubles.note(words, ErrorCode::not_leader_or_follower, Time{seconds(3)}));
    EXPECT_EQ(troubles.note(words, ErrorCode::unknown_topic_or_partition, Time{seconds(4)}),
              "partition 3 of words cannot be read: UNKNOWN_TOPIC_OR_PARTITION");
}

TEST(PartitionTroubles, TellWhichTopicsAreGone) {
    PartitionTroubles troubles;
    troubles.note({"other", PartitionIndex(0)}, ErrorCode::kafka_storage_error, Time{seconds(1)});
    troubles.note({"other", PartitionIndex(0)}, ErrorCode::kafka_storage_error, Time{seconds(4)});
    EXPECT_FALSE(troubles.note(words, ErrorCode::unknown_topic_or_partition, Time{seconds(1)}));
    EXPECT_TRUE(troubles.deleted_topics().empty());
    EXPECT_TRUE(troubles.note(words, ErrorCode::unknown_topic_or_partition, Time{seconds(3)}));
    EXPECT_EQ(troubles.deleted_topics(), std::set<std::string>{"words"});
}

}  // namespace
}  // namespace sluice::cmd
