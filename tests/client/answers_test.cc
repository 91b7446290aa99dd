#include "tests/client/answers.h"

#include "core/protocol/batch_builder.h"
#include "core/protocol/messages/describe_configs.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/init_producer_id.h"
#include "core/protocol/messages/list_config_resources.h"
#include "core/protocol/messages/list_offsets.h"
#include "core/protocol/messages/produce.h"

namespace sluice::client {
namespace {

using namespace protocol;

// What a client of the usual kind never asks, answered as Kafka does.
class AnswersTest : public Answers {
protected:
    static FetchRequest fetch_of(const TopicId& id) {
        FetchRequest request;
        request.topics.push_back({"", id, {{}}});
        request.topics.front().partitions.front().partition_max_bytes = 1000;
        return request;
    }
};

TEST_F(AnswersTest, WhoAsksAsAReplicaIsToldTheLeader) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("t", 1);
        FetchRequest request = fetch_of(id_of(client, "t"));
        request.replica_state.replica_id = BrokerId(5);
        const FetchResponse response = ask(env, request, Version(17));
        const auto& answer = response.responses.at(0).partitions.at(0);
        EXPECT_EQ(answer.error_code, ErrorCode::not_leader_or_follower);
        EXPECT_EQ(answer.high_watermark, Offset(-1));
        EXPECT_EQ(answer.log_start_offset, Offset(-1));
        EXPECT_EQ(answer.current_leader.leader_id, BrokerId(1));
        EXPECT_EQ(answer.current_leader.leader_epoch, LeaderEpoch(0));
        ASSERT_EQ(response.node_endpoints.size(), 1);
        EXPECT_EQ(response.node_endpoints.front().host, "broker");
        EXPECT_EQ(response.node_endpoints.front().port, 9092);
        EXPECT_TRUE(ask(env, request, Version(15)).node_endpoints.empty());
    });
}

TEST_F(AnswersTest, AnEpochNobodyHeardOfHasNoEnd) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("t", 1);
        FetchRequest request = fetch_of(id_of(client, "t"));
        auto& partition = request.topics.front().partitions.front();
        partition.last_fetched_epoch = LeaderEpoch(0);
        EXPECT_EQ(ask(env, request, Version(17)).responses.at(0).partitions.at(0).error_code,
                  ErrorCode::none);
        partition.last_fetched_epoch = LeaderEpoch(7);
        EXPECT_EQ(ask(env, request, Version(17)).responses.at(0).partitions.at(0).error_code,
                  ErrorCode::offset_out_of_range);
    });
}

TEST_F(AnswersTest, OffsetsOfOnePartitionAreAskedForOnce) {
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("t", 2);
        ListOffsetsRequest request;
        request.replica_id = BrokerId(-1);
        request.topics.push_back({"t", {{}, {}, {}}});
        auto& partitions = request.topics.front().partitions;
        for (auto& partition : partitions) partition.timestamp = Timestamp(-2);
        partitions.back().partition_index = PartitionIndex(1);
        const auto answers = ask(env, request, Version(5)).topics.at(0).partitions;
        ASSERT_EQ(answers.size(), 3);
        EXPECT_EQ(answers[0].error_code, ErrorCode::invalid_request);
        EXPECT_EQ(answers[1].error_code, ErrorCode::invalid_request);
        EXPECT_EQ(answers[2].error_code, ErrorCode::none);
        EXPECT_EQ(answers[2].leader_epoch, no_leader_epoch);  // Nothing was written yet.
    });
}

TEST_F(AnswersTest, ResourcesOfAnUnknownTypeAreNotListed) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        ListConfigResourcesRequest request;
        request.resource_types = {2, 3};
        EXPECT_EQ(ask(env, request, Version(1)).error_code, ErrorCode::unsupported_version);
    });
}

TEST_F(AnswersTest, AResourceNamedManyTimesIsDescribedOnce) {
    on_client([&](env::Env& env) {
        Client(env).create("t", 1);
        DescribeConfigsRequest request;
        for (int i = 0; i < 500; ++i) request.resources.push_back({2, "t", std::nullopt});
        EXPECT_EQ(ask(env, request, Version(4)).results.size(), 1);
    });
}

// And the broker says so: many clients show no more than that their time is over.
TEST_F(AnswersTest, TransactionsAreRefusedWithASentenceAndForGood) {
    std::vector<std::string> refused;
    world.listen_to_logs([&](std::string_view, std::string_view line) {
        if (line.find("transaction.refused") != std::string_view::npos) refused.emplace_back(line);
    });
    on_client([&](env::Env& env) {
        Client client(env);
        client.create("t", 1);
        InitProducerIdRequest init;
        init.transactional_id = "payments";
        EXPECT_EQ(ask(env, init, Version(4)).error_code, ErrorCode::invalid_request);
        RecordBatchBuilder batch;
        batch.append({.timestamp = Timestamp(0), .value = as_slice("v")});
        ProduceRequest produce;
        produce.transactional_id = "payments";
        produce.acks = -1;
        produce.topic_data.push_back({"t", {}, {{PartitionIndex(0), batch.build()}}});
        const auto answer =
            ask(env, produce, Version(12)).responses.at(0).partition_responses.at(0);
        EXPECT_EQ(answer.error_code, ErrorCode::invalid_request);
        EXPECT_NE(answer.error_message.value_or("").find("not served yet"), std::string::npos);
    });
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_NE(refused[0].find("InitProducerId"), std::string::npos) << refused[0];
    EXPECT_NE(refused[1].find("client_id=answers"), std::string::npos) << refused[1];
}

}  // namespace
}  // namespace sluice::client
