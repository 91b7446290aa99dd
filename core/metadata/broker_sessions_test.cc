#include "core/metadata/broker_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::metadata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr BrokerId voter{2};
constexpr protocol::BrokerEpoch life{5};

// Decisions 0030: the driver says again and again that the process of a voter is gone.
TEST(BrokerSessions, ARefusalCountsThoughTheCloseIsToldAgain) {
    BrokerSessions sessions({}, MetadataImage(), Time{});
    sessions.heard(voter, life, std::nullopt, Time{seconds(1)});
    sessions.process_gone(voter, life, Time{seconds(2)});
    EXPECT_THAT(sessions.suspects(), ElementsAre(voter));
    sessions.connection_refused(voter, life);
    sessions.process_gone(voter, life, Time{seconds(2)});
    EXPECT_THAT(sessions.suspects(), IsEmpty());
    EXPECT_THAT(sessions.lost(Time{seconds(3)}), ElementsAre(voter));
}

}  // namespace
}  // namespace sluice::metadata
