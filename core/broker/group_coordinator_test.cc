#include "core/broker/group_coordinator.h"

#include <gtest/gtest.h>

#include "core/broker/broker.h"
#include "core/broker/testing.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {
namespace {

using namespace protocol;

const TopicId topic{{7}};
const PartitionId partition{topic, PartitionIndex(0)};

// One partition of __consumer_offsets whose log does what it is told.
class GroupCoordinatorTest : public ::testing::Test {
protected:
    GroupCoordinatorTest() {
        metadata::ImageBuilder builder;
        add_topic(builder, std::string(metadata::consumer_offsets_topic), topic);
        add_topic(builder, "t", TopicId{{8}});
        const auto image = Shared<const metadata::MetadataImage>::make(builder.image());
        EXPECT_TRUE(world.run([&] { broker.apply(image, {}); }));
        log = store.logs.at("__consumer_offsets-0");
        restart();
    }
    ~GroupCoordinatorTest() override {
        coordinator->close();
        world.settle();
        coordinator.reset();
        EXPECT_TRUE(world.run([&] {
            broker.groups().stop();
            broker.close();
        }));
    }
    void add_topic(metadata::ImageBuilder& builder, const std::string& name, const TopicId& id) {
        builder.apply(TopicRecord{name, id});
        PartitionRecord record;
        record.partition_id = PartitionIndex(0);
        record.topic_id = id;
        record.replicas = record.isr = {config.node_id};
        record.leader = config.node_id;
        builder.apply(record);
    }
    // Another coordinator of the same log, as after a change of the leader.
    void restart() {
        if (coordinator) coordinator->close();
        coordinator = std::make_unique<GroupCoordinator>(broker, partition, [](bool) {});
    }

    using Committed = GroupCoordinator::Outcome<OffsetCommitResponse>;
    Committed commit(const std::string& group, std::int64_t offset) {
        OffsetCommitRequest request;
        request.group_id = group;
        request.topics.push_back({.name = "t",
                                  .partitions = {{.partition_index = PartitionIndex(0),
                                                  .committed_offset = Offset(offset),
                                                  .committed_metadata = ""}}});
        return coordinator->step<OffsetCommitResponse>(
            [&](group::Coordinator& rules, group::Now now) {
                return rules.committed(request, Version(9), now);
            });
    }
    // -1 when nothing is; an error of the coordinator's as well.
    Offset committed(const std::string& group) {
        Offset offset{-1};
        EXPECT_TRUE(world.run([&] {
            OffsetFetchRequest::Group request;
            request.group_id = group;
            request.topics.reset();
            const auto found = coordinator->look<OffsetFetchResponse::Group>(
                [&](const group::Coordinator& rules) { return rules.offsets(request); });
            if (found && !found->topics.empty())
                offset = found->topics.front().partitions.front().committed_offset;
        }));
        return offset;
    }
    static JoinGroupRequest member_of(const std::string& group) {
        JoinGroupRequest request;
        request.group_id = group;
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 10'000;
        request.protocol_type = "consumer";
        request.protocols.push_back({"range", {}});
        return request;
    }

    testing::StillEnv world;
    BrokerConfig config;
    NodeFacts facts;
    testing::ToldStore store{world.doors.scheduler};
    Broker broker{world.doors, config, facts, store};
    testing::ToldLog* log = nullptr;
    std::unique_ptr<GroupCoordinator> coordinator;
};

TEST_F(GroupCoordinatorTest, AnswersOnceWhatItDecidedIsDurable) {
    log->syncs_at_once = false;
    Committed answer = ErrorCode::unknown_server_error;
    EXPECT_FALSE(world.run([&] { answer = commit("g", 3); }));
    EXPECT_EQ(log->offsets().end, Offset(1));
    EXPECT_FALSE(answer);
    log->sync();
    world.settle();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->topics.at(0).partitions.at(0).error_code, ErrorCode::none);
}

// What is asked rests on what was decided before, which a power cut may still take back.
TEST_F(GroupCoordinatorTest, LooksAtNothingThatIsNotDurable) {
    EXPECT_TRUE(world.run([&] { EXPECT_TRUE(commit("g", 3)); }));
    log->syncs_at_once = false;
    EXPECT_FALSE(world.run([&] { static_cast<void>(commit("g", 4).failed()); }));
    bool looked = false;
    EXPECT_FALSE(world.run([&] {
        static_cast<void>(
            coordinator->look<int>([](const group::Coordinator&) { return 0; }).failed());
        looked = true;
    }));
    log->sync();
    world.settle();
    EXPECT_TRUE(looked);
    EXPECT_EQ(committed("g"), Offset(4));
}

TEST_F(GroupCoordinatorTest, KnowsFromItsLogWhatAnotherOneCommitted) {
    EXPECT_TRUE(world.run([&] {
        EXPECT_TRUE(commit("g", 3));
        EXPECT_TRUE(commit("h", 9));
        EXPECT_TRUE(commit("g", 5));
    }));
    restart();
    EXPECT_EQ(committed("g"), Offset(5));
    EXPECT_EQ(committed("h"), Offset(9));
}

TEST_F(GroupCoordinatorTest, AnOffsetThatCannotBeLoggedWasNotCommitted) {
    EXPECT_TRUE(world.run([&] { EXPECT_TRUE(commit("g", 3)); }));
    log->refuses = Error::limit;
    EXPECT_TRUE(world.run(
        [&] { EXPECT_EQ(commit("g", 4).error(), ErrorCode::coordinator_not_available); }));
    log->refuses = Error::no_space;
    EXPECT_TRUE(world.run([&] { EXPECT_EQ(commit("g", 4).error(), ErrorCode::not_coordinator); }));
    log->refuses.reset();
    EXPECT_FALSE(coordinator->is_unloaded());
    EXPECT_EQ(committed("g"), Offset(3));
}

// A generation that cannot be logged, but that members were told of: nothing it knows is worth
// anything.
TEST_F(GroupCoordinatorTest, WithAGenerationThatIsNotLoggedItForgetsAllAndReadsItsLogAgain) {
    EXPECT_TRUE(world.run([&] { EXPECT_TRUE(commit("g", 3)); }));
    GroupCoordinator::Outcome<JoinGroupResponse> joined = ErrorCode::none;
    EXPECT_FALSE(world.run([&] {
        joined = coordinator->join(member_of("g"), {Version(3), "c", "/host"});
    }));
    world.pass_to(coordinator->next_deadline());
    EXPECT_TRUE(world.run([&] { coordinator->tick(); }));
    ASSERT_TRUE(joined);
    SyncGroupRequest request;
    request.group_id = "g";
    request.generation_id = joined->generation_id;
    request.member_id = joined->member_id;
    request.assignments.push_back({joined->member_id, {}});
    log->refuses = Error::no_space;
    EXPECT_TRUE(world.run([&] {
        const auto synced = coordinator->sync(request);
        EXPECT_TRUE(synced.failed() && synced.error() == ErrorCode::not_coordinator);
    }));
    EXPECT_TRUE(coordinator->is_unloaded());
    log->refuses.reset();
    EXPECT_EQ(committed("g"), Offset(3));
    EXPECT_FALSE(coordinator->is_unloaded());
}

TEST_F(GroupCoordinatorTest, WhoWaitsIsSentAwayWhenItCloses) {
    GroupCoordinator::Outcome<JoinGroupResponse> answer = ErrorCode::none;
    EXPECT_FALSE(world.run([&] {
        answer = coordinator->join(member_of("g"), {Version(3), "c", "/host"});
    }));
    coordinator->close();
    world.settle();
    ASSERT_TRUE(answer.failed());
    EXPECT_EQ(answer.error(), ErrorCode::not_coordinator);
    EXPECT_TRUE(world.run([&] { EXPECT_EQ(commit("g", 3).error(), ErrorCode::not_coordinator); }));
}

TEST_F(GroupCoordinatorTest, ALogThatIsOfflineMakesItNobodysCoordinator) {
    log->syncs_at_once = false;
    Committed answer = ErrorCode::none;
    EXPECT_FALSE(world.run([&] { answer = commit("g", 3); }));
    log->go_offline();
    world.settle();
    ASSERT_TRUE(answer.failed());
    EXPECT_EQ(answer.error(), ErrorCode::not_coordinator);
}

TEST_F(GroupCoordinatorTest, ARewrittenLogBeginsWithAllThatIsLiveAndNothingElse) {
    EXPECT_TRUE(world.run([&] {
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(commit("g", i));
        EXPECT_TRUE(commit("h", 1));
        coordinator->rewrite();
    }));
    EXPECT_EQ(log->offsets().start, Offset(21));
    EXPECT_EQ(log->offsets().end, Offset(23));
    restart();
    EXPECT_EQ(committed("g"), Offset(19));
    EXPECT_EQ(committed("h"), Offset(1));
}

// What it replaces is there until then.
TEST_F(GroupCoordinatorTest, ARewriteThatIsNotDurableForgetsNothing) {
    EXPECT_TRUE(world.run([&] { EXPECT_TRUE(commit("g", 1)); }));
    log->syncs_at_once = false;
    EXPECT_FALSE(world.run([&] { coordinator->rewrite(); }));
    EXPECT_EQ(log->offsets().start, Offset(0));
    log->sync();
    world.settle();
    EXPECT_EQ(log->offsets().start, Offset(1));
}

}  // namespace
}  // namespace sluice::broker
