#include "storage/log/quorum_state_file.h"

#include <gtest/gtest.h>

namespace sluice::storage {
namespace {

using raft::QuorumState;
using raft::ReplicaKey;

const Uuid directory = *Uuid::parse("MkU3OEVBNTcwNTJENDM2Qk");

TEST(QuorumStateFile, IsKafkasWhereTheConfigurationNamesTheVoters) {
    const QuorumState state{LeaderEpoch(5), BrokerId(2), ReplicaKey{BrokerId(3), directory}};
    const std::string text = quorum_state_text(state, {BrokerId(1), BrokerId(2), BrokerId(3)});
    EXPECT_EQ(text,
              R"({"clusterId":"","leaderId":2,"leaderEpoch":5,"votedId":3,"appliedOffset":0,)"
              R"("currentVoters":[{"voterId":1},{"voterId":2},{"voterId":3}],"data_version":0})");
    EXPECT_EQ(quorum_state_voters(text), (std::vector{BrokerId(1), BrokerId(2), BrokerId(3)}));
    // It does not know which directory of 3 that was.
    const QuorumState read{LeaderEpoch(5), BrokerId(2), ReplicaKey{BrokerId(3), {}}};
    EXPECT_EQ(parse_quorum_state(text), read);
}

TEST(QuorumStateFile, IsKafkasWhereTheLogNamesTheVoters) {
    const QuorumState state{LeaderEpoch(7), std::nullopt, ReplicaKey{BrokerId(3), directory}};
    const std::string text = quorum_state_text(state, {});
    EXPECT_EQ(text, R"({"leaderId":-1,"leaderEpoch":7,"votedId":3,)"
                    R"("votedDirectoryId":"MkU3OEVBNTcwNTJENDM2Qg","data_version":1})");
    EXPECT_EQ(parse_quorum_state(text), state);
    EXPECT_TRUE(quorum_state_voters(text).empty());
    const QuorumState fresh{};
    EXPECT_EQ(parse_quorum_state(quorum_state_text(fresh, {})), fresh);
}

TEST(QuorumStateFile, PassesOverWhatItDoesNotKnow) {
    const auto state = parse_quorum_state(
        "{ \"new\" : [1, {\"leaderEpoch\": 9}], \"leaderId\": -1, \"leaderEpoch\": 3,\n"
        "\"votedId\": -1, \"data_version\": 0 }\n");
    ASSERT_TRUE(state);
    EXPECT_EQ(state->epoch, LeaderEpoch(3));
}

TEST(QuorumStateFile, IsRefusedWhenItIsDamaged) {
    const std::string good = quorum_state_text({LeaderEpoch(7), BrokerId(1), std::nullopt}, {});
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_FALSE(parse_quorum_state(good.substr(0, length))) << length;
    for (const char* bad :
         {R"({"leaderId":1,"leaderEpoch":7,"votedId":3,"data_version":1})",
          R"({"leaderId":1,"leaderEpoch":-2,"votedId":-1,"data_version":0})",
          R"({"leaderId":1,"leaderEpoch":99999999999,"votedId":-1,"data_version":0})",
          R"({"leaderId":1,"leaderEpoch":7,"votedId":-1,"data_version":2})", R"([])"})
        EXPECT_FALSE(parse_quorum_state(bad)) << bad;
    EXPECT_FALSE(parse_quorum_state(std::string(100'000, '[')));
    EXPECT_FALSE(parse_quorum_state("{\"a\":" + std::string(100'000, '[')));
}

}  // namespace
}  // namespace sluice::storage
