#include "sim/group_history.h"

#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

Time at(std::int64_t n) {
    return Time{milliseconds(n)};
}

GroupHistory::Membership member(std::string name, std::int32_t generation, std::string owner = {}) {
    const std::string whose = owner.empty() ? name : owner;
    return {.member = std::move(name), .generation = generation, .owner = whose};
}

std::string signature(const GroupHistory& history) {
    const auto failure = history.judge();
    return failure ? failure->signature : "";
}

TEST(GroupHistory, AllowsWhatAGroupDoes) {
    GroupHistory history;
    history.synced(member("a", 1), {0, 1}, {at(1), at(2)});
    const auto first = history.commit(0, 5, at(3));
    history.committed(first, at(4));
    history.synced(member("b", 2), {0}, {at(5), at(6)});
    history.synced(member("a", 2), {1}, {at(5), at(7)});
    history.fetched(0, GroupHistory::Found{5, first}, {at(8), at(9)});
    EXPECT_EQ(signature(history), "");
}

TEST(GroupHistory, SeesTwoOwnersOfAPartition) {
    GroupHistory history;
    history.synced(member("a", 1), {0, 1}, {at(1), at(2)});
    history.synced(member("b", 1), {1}, {at(1), at(2)});
    EXPECT_EQ(signature(history), "group: two owners of a partition in one generation");
}

TEST(GroupHistory, SeesAGenerationThatIsOver) {
    GroupHistory history;
    history.synced(member("a", 1), {0}, {at(1), at(2)});
    history.synced(member("b", 2), {0}, {at(3), at(4)});
    history.served(member("a", 1), {at(5), at(6)});
    EXPECT_EQ(signature(history), "group: a generation that is over is served");
}

TEST(GroupHistory, SeesWhoIsServedThoughFenced) {
    GroupHistory history;
    auto old = member("i-1", 1, "i");
    old.named = {at(1), at(2)};
    auto fresh = member("i-2", 1, "i");
    fresh.named = {at(3), at(4)};
    history.synced(old, {0}, {at(2), at(3)});
    history.synced(fresh, {0}, {at(5), at(6)});
    history.served(old, {at(7), at(8)});
    EXPECT_EQ(signature(history), "group: somebody who was fenced is served");
}

TEST(GroupHistory, SeesACommitThatIsLost) {
    GroupHistory history;
    const auto first = history.commit(0, 5, at(1));
    history.committed(first, at(2));
    const auto second = history.commit(0, 6, at(3));
    history.committed(second, at(4));
    history.fetched(0, GroupHistory::Found{5, first}, {at(5), at(6)});
    EXPECT_EQ(signature(history), "group: an acknowledged commit is not found");
}

TEST(GroupHistory, SeesAnOffsetThatNobodyCommitted) {
    GroupHistory history;
    history.fetched(0, GroupHistory::Found{5, 0}, {at(5), at(6)});
    EXPECT_EQ(signature(history), "group: an offset is found that nobody committed");
}

TEST(GroupHistory, SeesAnOffsetThatGoesBack) {
    GroupHistory history;
    const auto unknown = history.commit(0, 5, at(1));
    const auto later = history.commit(0, 6, at(2));
    history.fetched(0, GroupHistory::Found{6, later}, {at(3), at(4)});
    history.fetched(0, GroupHistory::Found{5, unknown}, {at(5), at(6)});
    EXPECT_EQ(signature(history), "group: a committed offset goes back");
}

}  // namespace
}  // namespace sluice::sim
