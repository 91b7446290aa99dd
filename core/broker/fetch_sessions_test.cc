#include "core/broker/fetch_sessions.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using protocol::ErrorCode;
using protocol::FetchRequest;
using protocol::FetchSessionId;

constexpr Version by_name{7};

class FetchSessionsTest : public ::testing::Test {
protected:
    static FetchRequest::Topic topic(std::string name, std::int32_t partitions) {
        FetchRequest::Topic wanted;
        wanted.topic = std::move(name);
        for (std::int32_t i = 0; i < partitions; ++i) {
            wanted.partitions.emplace_back();
            wanted.partitions.back().partition = PartitionIndex(i);
        }
        return wanted;
    }
    FetchSessions::Plan begin(FetchRequest& request) {
        return sessions.begin(request, by_name, FetchSessionId(next_id++), now,
                              [](const FetchRequest::Topic& each, PartitionIndex) {
                                  return each.topic != "missing";
                              });
    }
    FetchSessionId open(FetchRequest::Topic wanted) {
        FetchRequest request;
        request.session_epoch = 0;
        request.topics.push_back(std::move(wanted));
        return begin(request).session;
    }
    ErrorCode go_on(FetchSessionId session, std::int32_t epoch, FetchRequest::Topic added) {
        FetchRequest request;
        request.session_id = session;
        request.session_epoch = epoch;
        request.topics.push_back(std::move(added));
        return begin(request).error;
    }

    FetchSessions sessions{{.sessions_max = 3, .partitions_max = 100, .idle_max = seconds(10)}};
    std::int32_t next_id = 1;
    Time now{};
};

constexpr FetchSessionId none{0};

TEST_F(FetchSessionsTest, ManyPartitionsDoWithoutASession) {
    EXPECT_NE(open(topic("a", 60)), none);
    EXPECT_EQ(open(topic("a", 41)), none);
    EXPECT_EQ(sessions.partition_count(), 60);
    EXPECT_NE(open(topic("a", 40)), none);
    EXPECT_EQ(sessions.partition_count(), 100);
}

TEST_F(FetchSessionsTest, ASessionThatGrowsTooLargeIsOver) {
    const FetchSessionId session = open(topic("a", 60));
    EXPECT_EQ(go_on(session, 1, topic("a", 80)), ErrorCode::none);
    EXPECT_EQ(go_on(session, 2, topic("b", 21)), ErrorCode::fetch_session_id_not_found);
    EXPECT_EQ(sessions.size(), 0);
    EXPECT_EQ(sessions.partition_count(), 0);
}

TEST_F(FetchSessionsTest, NoneBeginsWithWhatDoesNotExist) {
    EXPECT_EQ(open(topic("missing", 1)), none);
    EXPECT_EQ(sessions.size(), 0);
}

TEST_F(FetchSessionsTest, ANameNoTopicHasIsNotKept) {
    const FetchSessionId session = open(topic("a", 1));
    EXPECT_EQ(go_on(session, 1, topic(std::string(30'000, 'x'), 1)), ErrorCode::none);
    EXPECT_EQ(sessions.partition_count(), 1);
}

TEST_F(FetchSessionsTest, WhatNobodyUsesIsForgotten) {
    const FetchSessionId idle = open(topic("a", 10));
    now = now + seconds(9);
    const FetchSessionId used = open(topic("b", 20));
    now = now + seconds(1);
    sessions.forget_idle(now);
    EXPECT_EQ(go_on(idle, 1, topic("a", 1)), ErrorCode::fetch_session_id_not_found);
    EXPECT_EQ(go_on(used, 1, topic("b", 1)), ErrorCode::none);
    EXPECT_EQ(sessions.partition_count(), 20);
}

TEST_F(FetchSessionsTest, WhatIsForgottenByItsClientTakesNoRoom) {
    const FetchSessionId session = open(topic("a", 10));
    FetchRequest request;
    request.session_id = session;
    request.session_epoch = 1;
    request.forgotten_topics_data.push_back({"a", {}, {PartitionIndex(3), PartitionIndex(4)}});
    EXPECT_EQ(begin(request).error, ErrorCode::none);
    EXPECT_EQ(sessions.partition_count(), 8);
    ASSERT_EQ(request.topics.size(), 1);
    EXPECT_EQ(request.topics.front().partitions.size(), 8);
}

}  // namespace
}  // namespace sluice::broker
