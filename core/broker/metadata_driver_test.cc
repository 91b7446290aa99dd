#include "core/broker/metadata_driver.h"

#include <gtest/gtest.h>

#include "core/broker/testing.h"

namespace sluice::broker {
namespace {

using namespace protocol;
using testing::ToldDirectory;

// The metadata of a node whose log does what it is told; there are no shards to publish it to.
class MetadataDriverTest : public ::testing::Test {
protected:
    MetadataDriverTest() {
        config.metadata_snapshot_bytes = 1;
        start();
    }
    ~MetadataDriverTest() override { stop(); }

    void start() {
        driver = std::make_unique<MetadataDriver>(world.doors, config, directory, store, nullptr);
        EXPECT_TRUE(world.run([&] {
            const auto started = driver->start(
                {}, {.facts = facts, .checkpoint = [] { return Result<void>(); }, .failed = [] {}});
            if (started.failed()) refusal = started.error().message;
            EXPECT_TRUE(started.failed() || driver->register_broker(facts));
        }));
        log = store.logs.at(std::string(metadata_log_name));
    }
    void stop() {
        EXPECT_TRUE(world.run([&] {
            driver->begin_stop();
            driver->stop();
            static_cast<void>(driver->close().failed());
        }));
    }
    // The same log and snapshot, to another driver.
    void restart() {
        stop();
        start();
    }
    Result<CreateTopicsResponse> create(const std::string& name) {
        CreateTopicsRequest request;
        request.topics.push_back({name, 1, 1, {}, {}});
        const TopicId id = Uuid::random(world.doors.random);
        return driver->commit<CreateTopicsResponse>([&](const metadata::Controller& controller) {
            return controller.create_topics(request, {id});
        });
    }
    bool knows(const std::string& name) { return driver->image().topic(name) != nullptr; }

    testing::StillEnv world;
    BrokerConfig config;
    NodeFacts facts;
    testing::ToldStore store{world.doors.scheduler};
    ToldDirectory directory;
    std::unique_ptr<MetadataDriver> driver;
    testing::ToldLog* log = nullptr;
    std::string refusal;
};

TEST_F(MetadataDriverTest, AnswersOnceWhatWasDecidedIsDurable) {
    log->syncs_at_once = false;
    Result<CreateTopicsResponse> answer = Error::stopped;
    EXPECT_FALSE(world.run([&] { answer = create("t"); }));
    EXPECT_FALSE(answer);
    log->sync();
    world.settle();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->topics.at(0).error_code, ErrorCode::none);
}

// A refusal may rest on a record that a power cut takes back.
TEST_F(MetadataDriverTest, ARefusalWaitsForWhatItRestsOn) {
    log->syncs_at_once = false;
    EXPECT_FALSE(world.run([&] { static_cast<void>(create("t").failed()); }));
    Result<CreateTopicsResponse> again = Error::stopped;
    EXPECT_FALSE(world.run([&] { again = create("t"); }));
    log->sync();
    world.settle();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->topics.at(0).error_code, ErrorCode::topic_already_exists);
}

TEST_F(MetadataDriverTest, WhatCannotBeLoggedIsNotApplied) {
    log->refuses = Error::no_space;
    EXPECT_TRUE(world.run([&] { EXPECT_EQ(create("t").error(), Error::no_space); }));
    EXPECT_FALSE(knows("t"));
    log->refuses.reset();
    EXPECT_TRUE(world.run([&] { EXPECT_TRUE(create("u")); }));
    EXPECT_FALSE(knows("t"));
    EXPECT_TRUE(knows("u"));
}

TEST_F(MetadataDriverTest, EachStartBeginsALaterEpochAndKnowsWhatWasLogged) {
    EXPECT_TRUE(world.run([&] { EXPECT_TRUE(create("t")); }));
    const LeaderEpoch before = driver->quorum().leadership().epoch;
    restart();
    EXPECT_EQ(refusal, "");
    EXPECT_EQ(driver->quorum().leadership().epoch, before.next());
    EXPECT_TRUE(knows("t"));
    EXPECT_EQ(driver->image().features.size(), 1U);
}

TEST_F(MetadataDriverTest, ASnapshotTakesThePlaceOfTheLogBeforeIt) {
    EXPECT_TRUE(world.run([&] {
        EXPECT_TRUE(create("t"));
        driver->maintain();
        EXPECT_TRUE(create("u"));
    }));
    ASSERT_TRUE(directory.snapshot);
    EXPECT_EQ(log->offsets().start, directory.snapshot->end);
    EXPECT_LT(log->offsets().start, log->offsets().end);
    restart();
    EXPECT_EQ(refusal, "");
    EXPECT_TRUE(knows("t"));
    EXPECT_TRUE(knows("u"));
}

// Nobody may hold one of what a power cut can take back.
TEST_F(MetadataDriverTest, ASnapshotIsTakenOfWhatIsDurable) {
    log->syncs_at_once = false;
    EXPECT_FALSE(world.run([&] { static_cast<void>(create("t").failed()); }));
    EXPECT_FALSE(world.run([&] { driver->maintain(); }));
    EXPECT_FALSE(directory.snapshot);
    log->sync();
    world.settle();
    EXPECT_TRUE(directory.snapshot);
}

TEST_F(MetadataDriverTest, ALogThatBeginsBehindItsSnapshotIsNotServed) {
    EXPECT_TRUE(world.run([&] {
        EXPECT_TRUE(create("t"));
        driver->maintain();
    }));
    directory.snapshot.reset();
    restart();
    EXPECT_NE(refusal.find("newest snapshot ends at 0"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace sluice::broker
