#include "core/broker/cluster/control_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/broker/cluster/features.h"
#include "core/broker/testing.h"

namespace sluice::broker {
namespace {

using namespace protocol;
using ::testing::ElementsAre;

constexpr BrokerId self{1};
constexpr BrokerId other{2};

// A broker that is also the only controller of its cluster, in a world where nobody listens.
class ControlPlaneTest : public ::testing::Test {
protected:
    ControlPlaneTest() {
        config.node_id = self;
        config.quorum.voters = {{self, {"here", 9093}}};
        config.cluster.session_timeout = seconds(9);
        config.cluster.heartbeat_interval = seconds(2);
        facts.cluster_id = "cluster";
        facts.directory_id = Uuid::random(world.doors.random);
        facts.advertised = {"here", 9092};
        driver = std::make_unique<MetadataDriver>(world.doors, config, directory, store, nullptr);
        plane = std::make_unique<ControlPlane>(world.doors, config, facts, *driver, nullptr);
        EXPECT_TRUE(world.run([&] {
            const auto started = driver->start({}, {.facts = facts,
                                                    .checkpoint = [] { return Result<void>(); },
                                                    .failed = [] {},
                                                    .changed = [this] { plane->changed(); }});
            EXPECT_FALSE(started.failed());
            EXPECT_FALSE(plane->start().failed());
        }));
    }
    ~ControlPlaneTest() override {
        EXPECT_TRUE(world.run([&] {
            plane->begin_stop();
            driver->begin_stop();
            driver->stop();
            plane->stop();
            static_cast<void>(driver->close().failed());
        }));
    }

    ActiveController& controller() { return plane->channel().here(); }
    const metadata::BrokerState* broker(BrokerId id) {
        return driver->committed_image().broker(id);
    }
    bool in_service(BrokerId id) { return broker(id) != nullptr && broker(id)->is_active(); }
    void pass(Duration time) { world.pass_to(now = now + time); }

    BrokerRegistrationRequest registration(BrokerId id, Uuid disk) {
        BrokerRegistrationRequest request;
        request.broker_id = id;
        request.cluster_id = facts.cluster_id;
        request.incarnation_id = Uuid::random(world.doors.random);
        request.listeners = {{"PLAINTEXT", "there", 9092, 0}};
        request.features = features_to_register<BrokerRegistrationRequest::Feature>();
        request.rack.reset();
        request.log_dirs = {disk};
        return request;
    }
    BrokerEpoch register_other() {
        Result<BrokerRegistrationResponse> answer = Error::stopped;
        EXPECT_TRUE(world.run(
            [&] { answer = controller().decide(registration(other, other_disk), Version(4)); }));
        EXPECT_TRUE(answer);
        EXPECT_EQ(answer->error_code, ErrorCode::none);
        return answer->broker_epoch;
    }
    BrokerHeartbeatResponse heartbeat(BrokerEpoch epoch, bool want_shut_down = false) {
        BrokerHeartbeatRequest request;
        request.broker_id = other;
        request.broker_epoch = epoch;
        request.current_metadata_offset = Offset(driver->published_end().value - 1);
        request.want_shut_down = want_shut_down;
        Result<BrokerHeartbeatResponse> answer = Error::stopped;
        EXPECT_TRUE(world.run([&] { answer = controller().decide(request, Version(1)); }));
        EXPECT_TRUE(answer);
        return *answer;
    }

    testing::StillEnv world;
    Time now{};
    BrokerConfig config;
    NodeFacts facts;
    Uuid other_disk = Uuid::random(world.doors.random);
    testing::ToldStore store{world.doors.scheduler};
    testing::ToldDirectory directory;
    std::unique_ptr<MetadataDriver> driver;
    std::unique_ptr<ControlPlane> plane;
};

TEST_F(ControlPlaneTest, ABrokerRegistersAndIsInServiceAtOnce) {
    ASSERT_NE(broker(self), nullptr);
    EXPECT_TRUE(in_service(self));
    EXPECT_EQ(broker(self)->end_points.at(0).host, "here");
    EXPECT_THAT(broker(self)->directories, ElementsAre(facts.directory_id));
    EXPECT_EQ(driver->image().feature(metadata::eligible_replicas_feature), 1);
}

TEST_F(ControlPlaneTest, ABrokerStaysInServiceAsLongAsItSaysThatItLives) {
    for (int i = 0; i < 30; ++i) pass(seconds(1));
    EXPECT_TRUE(in_service(self));
}

TEST_F(ControlPlaneTest, WhoIsSilentForTheSessionTimeoutIsFenced) {
    const BrokerEpoch epoch = register_other();
    EXPECT_FALSE(in_service(other));
    heartbeat(epoch);
    EXPECT_TRUE(in_service(other));
    pass(milliseconds(8'999));
    EXPECT_TRUE(in_service(other));
    pass(milliseconds(1));
    EXPECT_FALSE(in_service(other));
    EXPECT_TRUE(in_service(self));
}

// Decisions 0030: nobody listens in this world.
TEST_F(ControlPlaneTest, WhoseConnectionClosedAndWhoRefusesAnotherIsFencedAtOnce) {
    const BrokerEpoch epoch = register_other();
    heartbeat(epoch);
    EXPECT_TRUE(world.run([&] { controller().connection_closed(other, epoch); }));
    EXPECT_FALSE(in_service(other));
}

TEST_F(ControlPlaneTest, AConnectionOfAnEarlierLifeSaysNothing) {
    const BrokerEpoch before = register_other();
    heartbeat(before);
    const BrokerEpoch epoch = register_other();
    heartbeat(epoch);
    EXPECT_TRUE(world.run([&] { controller().connection_closed(other, before); }));
    EXPECT_TRUE(in_service(other));
    EXPECT_EQ(heartbeat(before).error_code, ErrorCode::stale_broker_epoch);
}

TEST_F(ControlPlaneTest, WhoIsFencedComesBackWithItsNextHeartbeat) {
    const BrokerEpoch epoch = register_other();
    heartbeat(epoch);
    pass(seconds(9));
    EXPECT_FALSE(in_service(other));
    heartbeat(epoch);
    EXPECT_TRUE(in_service(other));
}

TEST_F(ControlPlaneTest, ABrokerThatWasUnregisteredRegistersAgain) {
    const BrokerEpoch before = broker(self)->epoch;
    EXPECT_TRUE(world.run([&] {
        const auto done = controller().decide(UnregisterBrokerRequest{self}, Version(0));
        EXPECT_TRUE(done && done->error_code == ErrorCode::none);
    }));
    EXPECT_EQ(broker(self), nullptr);
    for (int i = 0; i < 50; ++i) pass(milliseconds(100));
    ASSERT_NE(broker(self), nullptr);
    EXPECT_TRUE(in_service(self));
    EXPECT_GT(broker(self)->epoch, before);
}

TEST_F(ControlPlaneTest, AControllerIsWrittenDown) {
    const auto& controllers = driver->committed_image().controllers;
    ASSERT_TRUE(controllers.contains(self));
    EXPECT_EQ(controllers.at(self).end_points.at(0).port, 9093);
}

// It leads nothing, and whoever is left has read that it goes.
TEST_F(ControlPlaneTest, ABrokerThatLeavesIsFenced) {
    EXPECT_TRUE(world.run([&] { plane->leave(); }));
    EXPECT_FALSE(in_service(self));
}

TEST_F(ControlPlaneTest, WhatIsAskedFromHereIsDecidedHere) {
    Result<AllocateProducerIdsResponse> block = Error::stopped;
    Result<AllocateProducerIdsResponse> stale = Error::stopped;
    EXPECT_TRUE(world.run([&] {
        block = plane->channel().ask(AllocateProducerIdsRequest{self, broker(self)->epoch});
        stale = plane->channel().ask(AllocateProducerIdsRequest{self, BrokerEpoch(77)});
    }));
    ASSERT_TRUE(block);
    EXPECT_EQ(block->producer_id_len, 1000);
    EXPECT_EQ(stale->error_code, ErrorCode::stale_broker_epoch);
}

}  // namespace
}  // namespace sluice::broker
