#include "core/replication/follower_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::replication {
namespace {

using protocol::ErrorCode;
using protocol::FetchSessionId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

SessionPartition partition(std::int32_t index) {
    return {TopicId{{1}}, PartitionIndex(index)};
}
FetchAsk at(std::int64_t offset) {
    FetchAsk ask;
    ask.offset = Offset(offset);
    return ask;
}

class FollowerSessionTest : public testing::Test {
protected:
    void answer(std::int32_t session, ErrorCode error = ErrorCode::none) {
        session_.answered(error, FetchSessionId(session));
    }
    static std::vector<std::int32_t> asked(const FollowerSession::Request& request) {
        std::vector<std::int32_t> indexes;
        for (const auto& [each, ask] : request.asks) indexes.push_back(each.partition.value);
        return indexes;
    }

    FollowerSession session_;
};

TEST_F(FollowerSessionTest, NamesWhatChangedOnceItHasASession) {
    auto request = session_.next({{partition(0), at(5)}, {partition(1), at(7)}});
    EXPECT_EQ(request.epoch, 0);
    EXPECT_THAT(asked(request), ElementsAre(0, 1));
    answer(44);
    request = session_.next({{partition(0), at(5)}, {partition(1), at(8)}, {partition(2), at(0)}});
    EXPECT_EQ(request.session, FetchSessionId(44));
    EXPECT_EQ(request.epoch, 1);
    EXPECT_THAT(asked(request), ElementsAre(1, 2));
    EXPECT_THAT(request.forgotten, IsEmpty());
    answer(44);
    EXPECT_EQ(session_.next({{partition(0), at(5)}}).epoch, 2);
}

TEST_F(FollowerSessionTest, ForgetsWhatIsNotWantedForAMoment) {
    session_.next({{partition(0), at(5)}, {partition(1), at(7)}});
    answer(44);
    // Its disk is behind: the leader would answer the same offset again.
    auto request = session_.next({{partition(1), at(7)}});
    EXPECT_THAT(request.forgotten, ElementsAre(partition(0)));
    EXPECT_EQ(session_.asked(partition(0)), std::nullopt);
    answer(44);
    request = session_.next({{partition(0), at(5)}, {partition(1), at(7)}});
    EXPECT_THAT(asked(request), ElementsAre(0));
    EXPECT_EQ(session_.asked(partition(0)), at(5));
}

TEST_F(FollowerSessionTest, BeginsAgainWhenTheLeaderHasForgotten) {
    session_.next({{partition(0), at(5)}});
    answer(44);
    session_.next({{partition(0), at(5)}});
    answer(0, ErrorCode::fetch_session_id_not_found);
    const auto request = session_.next({{partition(0), at(5)}});
    EXPECT_EQ(request.session, FetchSessionId(0));
    EXPECT_EQ(request.epoch, 0);
    EXPECT_THAT(asked(request), ElementsAre(0));
}

TEST_F(FollowerSessionTest, ClosesASessionThatTheTwoSeeDifferently) {
    session_.next({{partition(0), at(5)}});
    answer(44);
    for (const ErrorCode error :
         {ErrorCode::invalid_fetch_session_epoch, ErrorCode::fetch_session_topic_id_error}) {
        session_.next({{partition(0), at(5)}});
        answer(44, error);
        const auto request = session_.next({{partition(0), at(5)}});
        EXPECT_EQ(request.session, FetchSessionId(44));
        EXPECT_EQ(request.epoch, 0);
        EXPECT_THAT(asked(request), ElementsAre(0));
        answer(44);
    }
    // No answer, and who knows what was heard.
    session_.next({{partition(0), at(6)}});
    session_.failed();
    const auto request = session_.next({{partition(0), at(6)}});
    EXPECT_EQ(request.session, FetchSessionId(44));
    EXPECT_EQ(request.epoch, 0);
    EXPECT_THAT(asked(request), ElementsAre(0));
}

TEST_F(FollowerSessionTest, SendsEverythingWhereTheLeaderHasNoRoom) {
    session_.next({{partition(0), at(5)}});
    answer(0);
    EXPECT_THAT(asked(session_.next({{partition(0), at(5)}})), ElementsAre(0));
    answer(9);
    session_.next({{partition(0), at(5)}});
    // Somebody else was given its room.
    answer(0);
    const auto request = session_.next({{partition(0), at(5)}});
    EXPECT_EQ(request.epoch, 0);
    EXPECT_THAT(asked(request), ElementsAre(0));
}

}  // namespace
}  // namespace sluice::replication
