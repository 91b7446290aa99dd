#include "core/broker/cluster/broker_lifecycle.h"

#include <gtest/gtest.h>

#include "core/broker/cluster/active_controller.h"
#include "core/broker/joined.h"
#include "core/broker/testing.h"
#include "core/protocol/header.h"

namespace sluice::broker {
namespace {

using namespace protocol;

constexpr BrokerId this_broker{1};
constexpr BrokerId its_controller{2};

// The active controller, elsewhere; nothing of the quorum.
class ToldController final : public Peers {
public:
    using Peers::ask;
    Result<Answer> ask(const env::Address&, const Question& question, const How&) override {
        if (question.key == ApiKey::broker_heartbeat) {
            BrokerHeartbeatResponse alive;
            return Answer{*encode(alive, Version(1)), Version(1)};
        }
        if (question.key != ApiKey::broker_registration) return Error::refused;
        RequestHeader header;
        header.request_api_key = question.key;
        header.request_api_version = Version(4);
        Bytes frame = joined(*question.frame(header));
        // Its length stands before it.
        frame = frame.slice(4, frame.size() - 4);
        EXPECT_TRUE(take_request_header(frame));
        const auto request = decode<BrokerRegistrationRequest>(frame, Version(4));
        EXPECT_TRUE(request);
        registrations.push_back(*request);
        BrokerRegistrationResponse response;
        response.error_code = refusal;
        response.broker_epoch = BrokerEpoch(50);
        return Answer{*encode(response, Version(4)), Version(4)};
    }
    void break_off() override {}
    void close() override {}

    ErrorCode refusal = ErrorCode::none;
    std::vector<BrokerRegistrationRequest> registrations;
};

// A broker that is one of two voters, and never leads.
class BrokerLifecycleTest : public ::testing::Test {
protected:
    BrokerLifecycleTest() {
        config.node_id = this_broker;
        config.quorum.voters = {{this_broker, {"here", 9093}}, {its_controller, {"there", 9093}}};
    }
    ~BrokerLifecycleTest() override {
        EXPECT_TRUE(world.run([&] {
            channel->stop();
            driver->begin_stop();
            driver->stop();
            lifecycle->stop();
            static_cast<void>(driver->close().failed());
        }));
    }
    void start() {
        driver = std::make_unique<MetadataDriver>(world.doors, config, directory, store, &peers);
        here = std::make_unique<ActiveController>(world.doors, config, facts, *driver);
        channel = std::make_unique<ControllerChannel>(world.doors, config, *driver, *here, &peers);
        lifecycle =
            std::make_unique<BrokerLifecycle>(world.doors, config, facts, *driver, *channel);
        EXPECT_TRUE(world.run([&] {
            EXPECT_FALSE(driver
                             ->start({}, {.facts = facts,
                                          .checkpoint = [] { return Result<void>(); },
                                          .failed = [] {},
                                          .changed = [this] { channel->moved(); }})
                             .failed());
            EXPECT_FALSE(lifecycle->start().failed());
        }));
    }
    void hear_of_controller() {
        EXPECT_TRUE(world.run([&] {
            EXPECT_TRUE(driver->quorum().asked(raft::LeaderAsk{
                .leader = its_controller, .epoch = LeaderEpoch(1), .voter = {this_broker, {}}}));
        }));
    }
    void pass(Duration time) { world.pass_to(now = now + time); }

    testing::StillEnv world;
    Time now{};
    BrokerConfig config;
    NodeFacts facts;
    ToldController peers;
    testing::ToldStore store{world.doors.scheduler};
    testing::ToldDirectory directory;
    std::unique_ptr<MetadataDriver> driver;
    std::unique_ptr<ActiveController> here;
    std::unique_ptr<ControllerChannel> channel;
    std::unique_ptr<BrokerLifecycle> lifecycle;
};

// KIP-966: at a cold start of a whole cluster nobody knows yet what the metadata says of it.
TEST_F(BrokerLifecycleTest, ARestartedBrokerNamesTheLifeBeforeThoughTheMetadataIsNotKnownYet) {
    directory.life = BrokerLife{.epoch = BrokerEpoch(40)};
    start();
    pass(seconds(3));
    hear_of_controller();
    pass(milliseconds(100));
    ASSERT_EQ(peers.registrations.size(), 1);
    EXPECT_EQ(peers.registrations[0].previous_broker_epoch, BrokerEpoch(40));
    EXPECT_EQ(directory.life, BrokerLife{.epoch = BrokerEpoch(50)});
}

// Whatever its topics are set to today: records that it acknowledged then may be gone.
TEST_F(BrokerLifecycleTest, ALifeThatOptedOutOfDurabilityIsNotNamed) {
    directory.life = BrokerLife{.epoch = BrokerEpoch(40), .opted_out = true};
    start();
    hear_of_controller();
    ASSERT_EQ(peers.registrations.size(), 1);
    EXPECT_EQ(peers.registrations[0].previous_broker_epoch, BrokerEpoch(-1));
    EXPECT_EQ(directory.life, BrokerLife{.epoch = BrokerEpoch(50)});
}

TEST_F(BrokerLifecycleTest, ABrokerThatOptsOutSaysSoBeforeAnythingElse) {
    start();
    hear_of_controller();
    EXPECT_TRUE(world.run([&] { EXPECT_FALSE(driver->lives().opt_out().failed()); }));
    EXPECT_EQ(directory.life, (BrokerLife{.epoch = BrokerEpoch(50), .opted_out = true}));
}

}  // namespace
}  // namespace sluice::broker
