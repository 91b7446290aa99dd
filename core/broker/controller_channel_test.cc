#include "core/broker/controller_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/broker/testing.h"

namespace sluice::broker {
namespace {

using namespace protocol;
using ::testing::ElementsAre;

constexpr BrokerId own_id{1};
constexpr BrokerId leader{2};

// Somebody who says what he is told to; nothing of the quorum.
class ToldPeers final : public Peers {
public:
    using Peers::ask;
    Result<Answer> ask(const env::Address& to, const Question& question, const How&) override {
        const bool is_of_quorum =
            question.key != ApiKey::allocate_producer_ids && question.key != ApiKey::envelope;
        if (is_of_quorum) return Error::refused;
        asked.push_back(to.text());
        if (answers.empty()) return Error::closed;
        const auto answer = answers.front();
        answers.erase(answers.begin());
        if (answer.failed()) return answer.error();
        return Answer{*answer, Version(question.versions.last)};
    }
    void break_off() override {}
    void close() override {}

    std::vector<std::string> asked;
    std::vector<Result<Bytes>> answers;
};

Bytes block(ErrorCode error, std::int64_t first) {
    AllocateProducerIdsResponse response;
    response.error_code = error;
    response.producer_id_start = ProducerId(first);
    return *encode(response, Version(0));
}

// One of two voters, which never leads.
class ControllerChannelTest : public ::testing::Test {
protected:
    ControllerChannelTest() {
        config.node_id = own_id;
        config.quorum.voters = {{own_id, {"here", 9093}}, {leader, {"there", 9093}}};
        config.cluster.controller_wait_max = seconds(1);
        driver = std::make_unique<MetadataDriver>(world.doors, config, directory, store, &peers);
        here = std::make_unique<ActiveController>(world.doors, config, facts, *driver);
        channel = std::make_unique<ControllerChannel>(world.doors, config, *driver, *here, &peers);
        EXPECT_TRUE(world.run([&] {
            const auto started = driver->start({}, {.facts = facts,
                                                    .checkpoint = [] { return Result<void>(); },
                                                    .failed = [] {},
                                                    .changed = [this] { channel->moved(); }});
            EXPECT_FALSE(started.failed());
        }));
    }
    ~ControllerChannelTest() override {
        EXPECT_TRUE(world.run([&] {
            channel->stop();
            driver->begin_stop();
            driver->stop();
            static_cast<void>(driver->close().failed());
        }));
    }
    void hear_of_leader() {
        EXPECT_TRUE(world.run([&] {
            const auto told = driver->quorum().asked(
                raft::LeaderAsk{.leader = leader, .epoch = LeaderEpoch(1), .voter = {own_id, {}}});
            EXPECT_TRUE(told);
        }));
    }
    // Begins to ask; true when there is an answer.
    bool ask() {
        return world.run([this] {
            answer = channel->ask(AllocateProducerIdsRequest{own_id, BrokerEpoch(7)});
        });
    }
    void pass(Duration time) { world.pass_to(now = now + time); }

    testing::StillEnv world;
    Time now{};
    BrokerConfig config;
    NodeFacts facts;
    ToldPeers peers;
    testing::ToldStore store{world.doors.scheduler};
    testing::ToldDirectory directory;
    std::unique_ptr<MetadataDriver> driver;
    std::unique_ptr<ActiveController> here;
    std::unique_ptr<ControllerChannel> channel;
    Result<AllocateProducerIdsResponse> answer = Error::invalid;
};

TEST_F(ControllerChannelTest, AsksWhoeverLeads) {
    hear_of_leader();
    peers.answers = {block(ErrorCode::none, 3000)};
    EXPECT_TRUE(ask());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->producer_id_start, ProducerId(3000));
    EXPECT_THAT(peers.asked, ElementsAre("there:9093"));
}

TEST_F(ControllerChannelTest, WaitsForSomebodyToLead) {
    EXPECT_FALSE(ask());
    peers.answers = {block(ErrorCode::none, 3000)};
    hear_of_leader();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->producer_id_start, ProducerId(3000));
}

TEST_F(ControllerChannelTest, DoesNotWaitForEver) {
    EXPECT_FALSE(ask());
    pass(milliseconds(999));
    EXPECT_EQ(answer.error(), Error::invalid);
    pass(milliseconds(1));
    EXPECT_EQ(answer.error(), Error::stopped);
}

TEST_F(ControllerChannelTest, AsksAgainWhereNothingWasDone) {
    hear_of_leader();
    peers.answers = {Error::refused, block(ErrorCode::not_controller, 0),
                     block(ErrorCode::none, 3000)};
    EXPECT_FALSE(ask());
    pass(milliseconds(20));
    pass(milliseconds(20));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->producer_id_start, ProducerId(3000));
    EXPECT_EQ(peers.asked.size(), 3);
}

TEST_F(ControllerChannelTest, DoesNotAskAgainWhereItIsNotKnownWhatWasDone) {
    hear_of_leader();
    peers.answers = {Error::closed, block(ErrorCode::none, 3000)};
    EXPECT_TRUE(ask());
    EXPECT_EQ(answer.error(), Error::closed);
    EXPECT_EQ(peers.asked.size(), 1);
}

TEST_F(ControllerChannelTest, WhoWaitsIsSentAwayAtAStop) {
    EXPECT_FALSE(ask());
    EXPECT_TRUE(world.run([this] { channel->stop(); }));
    EXPECT_EQ(answer.error(), Error::stopped);
}

TEST_F(ControllerChannelTest, AForwardedAnswerComesBackAsItIs) {
    hear_of_leader();
    EnvelopeResponse inner;
    inner.response_data = Bytes::copy_of(std::string_view("as it is"));
    EnvelopeResponse other;
    other.error_code = ErrorCode::not_controller;
    peers.answers = {*encode(other, Version(0)), *encode(inner, Version(0))};
    Result<std::optional<Bytes>> forwarded = Error::invalid;
    EXPECT_FALSE(world.run([&] {
        forwarded = channel->forward(Bytes::copy_of(std::string_view("whatever")), {"10.1.2.3", 1});
    }));
    pass(milliseconds(20));
    ASSERT_TRUE(forwarded);
    ASSERT_TRUE(*forwarded);
    EXPECT_EQ((*forwarded)->text(), "as it is");
}

}  // namespace
}  // namespace sluice::broker
