#include <map>
#include <optional>
#include <vector>

#include "core/protocol/messages/delete_groups.h"
#include "core/protocol/messages/describe_groups.h"
#include "core/protocol/messages/find_coordinator.h"
#include "core/protocol/messages/heartbeat.h"
#include "core/protocol/messages/list_groups.h"
#include "core/protocol/messages/offset_commit.h"
#include "core/protocol/messages/offset_delete.h"
#include "core/protocol/messages/offset_fetch.h"
#include "tests/client/answers.h"

namespace sluice::client {
namespace {

using namespace protocol;

// Groups and their offsets: what each item of a request is answered by itself.
class GroupAnswers : public Answers {
protected:
    // Commits for partition 0 of "t", and for one that is not there, once there is a coordinator.
    std::vector<OffsetCommitResponse::Partition> commit(env::Env& env) {
        OffsetCommitRequest request;
        request.group_id = "g";
        request.topics.push_back({"t",
                                  {},
                                  {{.partition_index = PartitionIndex(0),
                                    .committed_offset = Offset(3),
                                    .committed_metadata = "note"},
                                   {.partition_index = PartitionIndex(9)}}});
        for (;;) {
            auto partitions = ask(env, request, Version(9)).topics.at(0).partitions;
            if (!retriable(partitions.at(0).error_code)) return partitions;
            EXPECT_TRUE(env::sleep_for(env.scheduler, milliseconds(100)));
        }
    }
    static OffsetFetchRequest fetch_of(
        std::optional<std::vector<OffsetFetchRequest::GroupTopic>> topics) {
        OffsetFetchRequest request;
        request.groups.push_back({.group_id = "g", .topics = std::move(topics)});
        return request;
    }
};

TEST_F(GroupAnswers, AnOffsetOfNoPartitionIsRefusedBesideOneThatIsTaken) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        const auto answers = commit(env);
        ASSERT_EQ(answers.size(), 2U);
        EXPECT_EQ(answers[0].error_code, ErrorCode::none);
        EXPECT_EQ(answers[1].error_code, ErrorCode::unknown_topic_or_partition);
    });
}

TEST_F(GroupAnswers, NoListMeansAllOffsetsAndAnEmptyOneNone) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        commit(env);
        const auto all = ask(env, fetch_of(std::nullopt), Version(8)).groups.at(0);
        ASSERT_EQ(all.topics.size(), 1U);
        EXPECT_EQ(all.topics[0].partitions.at(0).committed_offset, Offset(3));
        EXPECT_EQ(all.topics[0].partitions.at(0).metadata, "note");
        const std::vector<OffsetFetchRequest::GroupTopic> none;
        EXPECT_TRUE(ask(env, fetch_of(none), Version(8)).groups.at(0).topics.empty());
    });
}

TEST_F(GroupAnswers, WhatNobodyCommittedIsNoError) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 2);
        commit(env);
        const auto group =
            ask(env, fetch_of({{{"t", {}, {PartitionIndex(1)}}}}), Version(8)).groups.at(0);
        const auto& partition = group.topics.at(0).partitions.at(0);
        EXPECT_EQ(partition.error_code, ErrorCode::none);
        EXPECT_EQ(partition.committed_offset, Offset(-1));
        EXPECT_EQ(partition.metadata, "");
    });
}

TEST_F(GroupAnswers, TopicsOfOffsetsAreKnownByTheirIds) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("t", 1);
        commit(env);
        const TopicId id = id_of(client, "t");
        const auto group =
            ask(env,
                fetch_of({{{"", id, {PartitionIndex(0)}}, {"", nobodys_id, {PartitionIndex(0)}}}}),
                Version(10))
                .groups.at(0);
        ASSERT_EQ(group.topics.size(), 2U);
        EXPECT_EQ(group.topics[0].topic_id, id);
        EXPECT_EQ(group.topics[0].partitions.at(0).committed_offset, Offset(3));
        EXPECT_EQ(group.topics[1].topic_id, nobodys_id);
        EXPECT_EQ(group.topics[1].partitions.at(0).error_code, ErrorCode::unknown_topic_id);
    });
}

TEST_F(GroupAnswers, AGroupAskedForManyTimesIsToldOnce) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        commit(env);
        OffsetFetchRequest request = fetch_of(std::nullopt);
        request.groups.resize(500, request.groups.front());
        EXPECT_EQ(ask(env, request, Version(8)).groups.size(), 1U);
        DescribeGroupsRequest describe;
        describe.groups.assign(500, "g");
        EXPECT_EQ(ask(env, describe, Version(5)).groups.size(), 1U);
    });
}

TEST_F(GroupAnswers, AnUnknownGroupIsDeadUntilItMayBeAnError) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        commit(env);
        DescribeGroupsRequest request;
        request.groups = {"missing"};
        const auto before = ask(env, request, Version(5)).groups.at(0);
        EXPECT_EQ(before.error_code, ErrorCode::none);
        EXPECT_EQ(before.group_state, "Dead");
        const auto since = ask(env, request, Version(6)).groups.at(0);
        EXPECT_EQ(since.error_code, ErrorCode::group_id_not_found);
        EXPECT_TRUE(since.error_message);
    });
}

TEST_F(GroupAnswers, GroupsAreListedByTheirStates) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        commit(env);
        ListGroupsRequest request;
        const auto all = ask(env, request, Version(5)).groups;
        ASSERT_EQ(all.size(), 1U);
        EXPECT_EQ(all[0].group_state, "Empty");
        EXPECT_EQ(all[0].group_type, "classic");
        request.states_filter = {"Stable"};
        EXPECT_TRUE(ask(env, request, Version(5)).groups.empty());
    });
}

TEST_F(GroupAnswers, EachGroupIsDeletedOrNotByItself) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        commit(env);
        DeleteGroupsRequest request;
        request.groups_names = {"missing", "g"};
        const auto answers = ask(env, request, Version(2)).results;
        ASSERT_EQ(answers.size(), 2U);
        EXPECT_EQ(answers[0].error_code, ErrorCode::group_id_not_found);
        EXPECT_EQ(answers[1].error_code, ErrorCode::none);
        EXPECT_TRUE(ask(env, ListGroupsRequest{}, Version(5)).groups.empty());
    });
}

TEST_F(GroupAnswers, OffsetsAreDeletedWhereThereArePartitions) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        commit(env);
        OffsetDeleteRequest request;
        request.group_id = "g";
        request.topics.push_back({"t", {{PartitionIndex(0)}, {PartitionIndex(9)}}});
        const auto answer = ask(env, request, Version(0));
        EXPECT_EQ(answer.error_code, ErrorCode::none);
        std::map<std::int32_t, ErrorCode> codes;
        for (const auto& topic : answer.topics)
            for (const auto& each : topic.partitions)
                codes[each.partition_index.value] = each.error_code;
        EXPECT_EQ(codes[0], ErrorCode::none);
        EXPECT_EQ(codes[9], ErrorCode::unknown_topic_or_partition);
        request.group_id = "missing";
        EXPECT_EQ(ask(env, request, Version(0)).error_code, ErrorCode::group_id_not_found);
    });
}

TEST_F(GroupAnswers, WhoIsNoMemberIsToldSo) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        commit(env);
        HeartbeatRequest request;
        request.group_id = "g";
        request.member_id = "nobody";
        request.generation_id = GenerationId(1);
        EXPECT_EQ(ask(env, request, Version(4)).error_code, ErrorCode::unknown_member_id);
    });
}

TEST_F(GroupAnswers, CoordinatorsOfTransactionsAreNotServed) {
    on_client([&](env::Env& env) {
        FindCoordinatorRequest request;
        request.key_type = 1;
        request.coordinator_keys = {"a", "b"};
        const auto answers = ask(env, request, Version(6)).coordinators;
        ASSERT_EQ(answers.size(), 2U);
        EXPECT_EQ(answers[1].key, "b");
        EXPECT_EQ(answers[1].error_code, ErrorCode::invalid_request);
        EXPECT_FALSE(retriable(answers[1].error_code));
        EXPECT_EQ(answers[1].node_id, BrokerId(-1));
        FindCoordinatorRequest older;
        older.key_type = 1;
        older.key = "a";
        EXPECT_EQ(ask(env, older, Version(3)).error_code, ErrorCode::invalid_request);
    });
}

}  // namespace
}  // namespace sluice::client
