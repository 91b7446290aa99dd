#include "cmd/sluice/replica_moves.h"

#include <gmock/gmock.h>

namespace sluice::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal_of_moves(std::string_view file) {
    const auto moves = moves_in(file);
    return moves ? "" : moves.error();
}

TEST(ReplicaMoves, AreReadFromWords) {
    EXPECT_THAT(*replicas_in("3,1, 2"), ElementsAre(BrokerId(3), BrokerId(1), BrokerId(2)));
    EXPECT_THAT(replicas_in("1,x").error(), HasSubstr("'x' is no node's number"));
    EXPECT_THAT(replicas_in("1,1").error(), HasSubstr("a node is named twice"));
    EXPECT_THAT(replicas_in(",").error(), HasSubstr("no replica is named"));
}

TEST(ReplicaMoves, AreReadFromKafkasFile) {
    const auto moves = moves_in(R"({"version":1,
        "partitions": [{"topic":"a\/b","partition":3,"replicas":[2, 1],"log_dirs":["any","any"]},
                       {"more":{"x":[1.5,null,"}"]},"topic":"c","partition":0,"replicas":[1]}]}
    )");
    ASSERT_TRUE(moves);
    EXPECT_THAT(*moves, ElementsAre(ReplicaMove{"a/b", PartitionIndex(3),
                                                std::vector{BrokerId(2), BrokerId(1)}},
                                    ReplicaMove{"c", PartitionIndex(0), std::vector{BrokerId(1)}}));
}

TEST(ReplicaMoves, AreRefusedWithTheReason) {
    EXPECT_EQ(refusal_of_moves("{\"version\":1,\n\"partitions\":[}"),
              "line 2: this is not what is expected there");
    EXPECT_THAT(refusal_of_moves(""), HasSubstr("line 1"));
    EXPECT_THAT(refusal_of_moves("[1]"), HasSubstr("line 1"));
    EXPECT_THAT(refusal_of_moves("{} x"), HasSubstr("line 1"));
    EXPECT_THAT(refusal_of_moves(std::string(100'000, '[')), HasSubstr("line 1"));
    EXPECT_THAT(refusal_of_moves("{\"x\":" + std::string(100'000, '[')), HasSubstr("line 1"));
    EXPECT_EQ(refusal_of_moves("{\"version\":2}"), "version 2 of this form is not known");
    EXPECT_EQ(refusal_of_moves("{\"partitions\":[]}"), "it names no partitions");
    EXPECT_EQ(refusal_of_moves(R"({"partitions":[{"topic":"a","replicas":[1]}]})"),
              "a partition has no topic or no number");
    EXPECT_EQ(refusal_of_moves(R"({"partitions":[{"topic":"a","partition":0}]})"),
              "a-0: no replica is named");
    EXPECT_EQ(refusal_of_moves(R"({"partitions":[{"topic":"a","partition":0,"replicas":[-7]}]})"),
              "a-0: a node's number is negative");
    EXPECT_EQ(refusal_of_moves(R"({"partitions":[{"topic":"a","partition":0,"replicas":[1]},
                                                 {"topic":"a","partition":0,"replicas":[2]}]})"),
              "a-0 is named twice");
    EXPECT_THAT(refusal_of_moves(R"({"partitions":[{"topic":"a","partition":0,"replicas":[1],
                                    "log_dirs":["/d1"]}]})"),
                HasSubstr("a node has one directory"));
}

}  // namespace
}  // namespace sluice::cmd
