#include <limits>
#include <optional>
#include <vector>

#include "core/protocol/messages/create_partitions.h"
#include "core/protocol/messages/create_topics.h"
#include "core/protocol/messages/delete_records.h"
#include "core/protocol/messages/delete_topics.h"
#include "core/protocol/messages/describe_log_dirs.h"
#include "core/protocol/messages/describe_topic_partitions.h"
#include "core/protocol/messages/metadata.h"
#include "core/protocol/messages/offset_for_leader_epoch.h"
#include "tests/client/answers.h"

namespace sluice::client {
namespace {

using namespace protocol;

constexpr std::int32_t not_asked_for = std::numeric_limits<std::int32_t>::min();
// Topics and their partitions: what each item of a request is answered by itself.
class TopicAnswers : public Answers {
protected:
    static MetadataRequest metadata_of(std::optional<std::vector<MetadataRequest::Topic>> topics) {
        MetadataRequest request;
        request.topics = std::move(topics);
        request.allow_auto_topic_creation = false;
        return request;
    }
};

TEST_F(TopicAnswers, NoListMeansAllTopicsAndAnEmptyOneNone) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        EXPECT_EQ(ask(env, metadata_of(std::nullopt), Version(9)).topics.size(), 1U);
        const std::vector<MetadataRequest::Topic> none;
        EXPECT_TRUE(ask(env, metadata_of(none), Version(9)).topics.empty());
        // The oldest version has no other way to ask for all.
        EXPECT_EQ(ask(env, MetadataRequest{}, Version(0)).topics.size(), 1U);
    });
}

TEST_F(TopicAnswers, AnUnknownIdHasNoNameAndAnUnknownNameNoId) {
    on_client([&](env::Env& env) {
        const auto answers =
            ask(env, metadata_of({{{nobodys_id, std::nullopt}, {{}, "missing"}, {{}, "a b"}}}),
                Version(12))
                .topics;
        ASSERT_EQ(answers.size(), 3U);
        EXPECT_EQ(answers[0].error_code, ErrorCode::unknown_topic_id);
        EXPECT_EQ(answers[0].name, std::nullopt);
        EXPECT_EQ(answers[0].topic_id, nobodys_id);
        EXPECT_EQ(answers[1].error_code, ErrorCode::unknown_topic_or_partition);
        EXPECT_EQ(answers[1].name, "missing");
        EXPECT_TRUE(answers[1].topic_id.is_zero());
        EXPECT_EQ(answers[2].error_code, ErrorCode::invalid_topic_exception);
    });
}

TEST_F(TopicAnswers, WhatAClientMayDoIsToldToWhoAsks) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        MetadataRequest request = metadata_of(std::nullopt);
        const auto silent = ask(env, request, Version(10));
        EXPECT_EQ(silent.topics.at(0).topic_authorized_operations, not_asked_for);
        EXPECT_EQ(silent.cluster_authorized_operations, not_asked_for);
        request.include_topic_authorized_operations = true;
        request.include_cluster_authorized_operations = true;
        const auto told = ask(env, request, Version(10));
        EXPECT_EQ(told.topics.at(0).topic_authorized_operations, 0xdf8);  // Kafka's, without ACLs.
        EXPECT_EQ(told.cluster_authorized_operations, 0x1fa0);
    });
}

TEST_F(TopicAnswers, ATopicNamedTwiceIsNotMade) {
    on_client([&](env::Env& env) {
        CreateTopicsRequest request;
        for (const char* name : {"twice", "once", "twice"})
            request.topics.push_back({.name = name, .num_partitions = 1, .replication_factor = 1});
        const auto answers = ask(env, request, Version(7)).topics;
        ASSERT_EQ(answers.size(), 2U);
        for (const auto& answer : answers)
            EXPECT_EQ(answer.error_code,
                      answer.name == "once" ? ErrorCode::none : ErrorCode::invalid_request)
                << answer.name;
        EXPECT_EQ(ask(env, metadata_of(std::nullopt), Version(9)).topics.size(), 1U);
    });
}

TEST_F(TopicAnswers, ATopicThatIsOnlyTriedIsNotMade) {
    on_client([&](env::Env& env) {
        CreateTopicsRequest request;
        request.validate_only = true;
        request.topics = {{.name = "t", .num_partitions = 3, .replication_factor = -1},
                          {.name = "u", .num_partitions = 0, .replication_factor = 1},
                          {.name = "v", .num_partitions = 1, .replication_factor = 2}};
        const auto answers = ask(env, request, Version(7)).topics;
        EXPECT_EQ(answers.at(0).error_code, ErrorCode::none);
        EXPECT_EQ(answers.at(0).num_partitions, 3);
        EXPECT_EQ(answers.at(1).error_code, ErrorCode::invalid_partitions);
        EXPECT_EQ(answers.at(2).error_code, ErrorCode::invalid_replication_factor);
        EXPECT_TRUE(ask(env, metadata_of(std::nullopt), Version(9)).topics.empty());
    });
}

TEST_F(TopicAnswers, PartitionsAreNeverTakenAway) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 2);
        CreatePartitionsRequest request;
        request.topics = {{"t", 1, std::nullopt}, {"missing", 3, std::nullopt}};
        const auto answers = ask(env, request, Version(3)).results;
        EXPECT_EQ(answers.at(0).error_code, ErrorCode::invalid_partitions);
        request.topics = {{"t", 2, std::nullopt}};
        EXPECT_EQ(ask(env, request, Version(3)).results.at(0).error_code,
                  ErrorCode::invalid_partitions);
        EXPECT_EQ(answers.at(1).error_code, ErrorCode::unknown_topic_or_partition);
    });
}

TEST_F(TopicAnswers, TopicsAreDeletedByNameAndById) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("by-name", 1);
        client.create("by-id", 1);
        DeleteTopicsRequest request;
        request.topics = {{"by-name", {}},
                          {std::nullopt, id_of(client, "by-id")},
                          {std::nullopt, nobodys_id},
                          {"missing", {}}};
        const auto answers = ask(env, request, Version(6)).responses;
        ASSERT_EQ(answers.size(), 4U);
        EXPECT_EQ(answers[0].error_code, ErrorCode::none);
        EXPECT_EQ(answers[1].error_code, ErrorCode::none);
        EXPECT_EQ(answers[1].name, "by-id");
        EXPECT_EQ(answers[2].error_code, ErrorCode::unknown_topic_id);
        EXPECT_EQ(answers[2].name, std::nullopt);
        EXPECT_EQ(answers[3].error_code, ErrorCode::unknown_topic_or_partition);
    });
}

TEST_F(TopicAnswers, RecordsAreDeletedUpToTheEndAndNotFurther) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("t", 2);
        client.fill("t", 2, 0, 10);
        DeleteRecordsRequest request;
        request.timeout_ms = 1000;
        request.topics.push_back(
            {"t", {{PartitionIndex(0), Offset(6)}, {PartitionIndex(1), Offset(-1)}}});
        request.topics.push_back({"missing", {{PartitionIndex(0), Offset(0)}}});
        const auto answers = ask(env, request, Version(2)).topics;
        EXPECT_EQ(answers.at(0).partitions.at(0).error_code, ErrorCode::offset_out_of_range);
        EXPECT_EQ(answers.at(0).partitions.at(1).error_code, ErrorCode::none);
        EXPECT_EQ(answers.at(0).partitions.at(1).low_watermark, Offset(5));
        EXPECT_EQ(answers.at(1).partitions.at(0).error_code, ErrorCode::unknown_topic_or_partition);
        EXPECT_EQ(answers.at(1).partitions.at(0).low_watermark, Offset(-1));
    });
}

TEST_F(TopicAnswers, APageOfTopicsSaysWhereTheNextOneBegins) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("a", 2);
        client.create("b", 2);
        DescribeTopicPartitionsRequest request;
        request.response_partition_limit = 3;
        const auto first = ask(env, request, Version(0));
        ASSERT_EQ(first.topics.size(), 2U);
        EXPECT_EQ(first.topics[1].partitions.size(), 1U);
        ASSERT_TRUE(first.next_cursor);
        EXPECT_EQ(first.next_cursor->topic_name, "b");
        EXPECT_EQ(first.next_cursor->partition_index, PartitionIndex(1));
        request.cursor = {first.next_cursor->topic_name, first.next_cursor->partition_index};
        const auto second = ask(env, request, Version(0));
        ASSERT_EQ(second.topics.size(), 1U);
        EXPECT_EQ(second.topics[0].partitions.at(0).partition_index, PartitionIndex(1));
        EXPECT_FALSE(second.next_cursor);
    });
}

TEST_F(TopicAnswers, OnlyWhatIsThereHasASize) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 3);
        DescribeLogDirsRequest request;
        request.topics = {{"missing", {PartitionIndex(0)}},
                          {"t", {PartitionIndex(2), PartitionIndex(9)}}};
        const auto some = ask(env, request, Version(4)).results.at(0);
        ASSERT_EQ(some.topics.size(), 1U);
        ASSERT_EQ(some.topics[0].partitions.size(), 1U);
        EXPECT_EQ(some.topics[0].partitions[0].partition_index, PartitionIndex(2));
        request.topics.reset();
        EXPECT_EQ(ask(env, request, Version(4)).results.at(0).topics.at(0).partitions.size(), 3U);
    });
}

TEST_F(TopicAnswers, EpochsOfUnknownTopicsHaveNoEnd) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        OffsetForLeaderEpochRequest request;
        request.replica_id = BrokerId(-1);
        request.topics.push_back({"missing", {{}}});
        request.topics.push_back({"t", {{.current_leader_epoch = LeaderEpoch(9)}}});
        const auto answers = ask(env, request, Version(4)).topics;
        EXPECT_EQ(answers.at(0).partitions.at(0).error_code, ErrorCode::unknown_topic_or_partition);
        EXPECT_EQ(answers.at(0).partitions.at(0).end_offset, Offset(-1));
        EXPECT_EQ(answers.at(1).partitions.at(0).error_code, ErrorCode::unknown_leader_epoch);
    });
}

// With the host alone, clients are told the port that the broker listens on.
class AdvertisedHost : public Answers {
protected:
    AdvertisedHost() : Answers(options()) {}
    static sim::BrokerOptions options() {
        sim::BrokerOptions options;
        options.broker.advertise = {"example", 0};
        return options;
    }
};

TEST_F(AdvertisedHost, IsToldWithThePortThatIsListenedOn) {
    on_client([&](env::Env& env) {
        MetadataRequest request;
        const auto brokers = ask(env, request, Version(9)).brokers;
        ASSERT_EQ(brokers.size(), 1U);
        EXPECT_EQ(brokers[0].host, "example");
        EXPECT_EQ(brokers[0].port, 9092);
    });
}

}  // namespace
}  // namespace sluice::client
