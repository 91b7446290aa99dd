#include "core/replication/leader_epochs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::replication {
namespace {

using ::testing::ElementsAre;
using Entry = LeaderEpochs::Entry;
using End = LeaderEpochs::End;

Entry at(std::int32_t epoch, std::int64_t start) {
    return {LeaderEpoch(epoch), Offset(start)};
}
LeaderEpochs epochs_of(std::vector<Entry> entries) {
    return LeaderEpochs(entries);
}

TEST(LeaderEpochs, NotesWhereAnEpochBegins) {
    LeaderEpochs epochs;
    EXPECT_TRUE(epochs.assign(LeaderEpoch(2), Offset(0)));
    EXPECT_FALSE(epochs.assign(LeaderEpoch(2), Offset(5)));
    EXPECT_TRUE(epochs.assign(LeaderEpoch(4), Offset(6)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(2, 0), at(4, 6)));
    EXPECT_EQ(epochs.epoch_of(Offset(5)), LeaderEpoch(2));
    EXPECT_EQ(epochs.epoch_of(Offset(6)), LeaderEpoch(4));
}

TEST(LeaderEpochs, DropsWhatANewEntryContradicts) {
    LeaderEpochs epochs = epochs_of({at(1, 0), at(3, 10), at(5, 20)});
    EXPECT_TRUE(epochs.assign(LeaderEpoch(4), Offset(15)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(1, 0), at(3, 10), at(4, 15)));
    EXPECT_TRUE(epochs.assign(LeaderEpoch(6), Offset(15)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(1, 0), at(3, 10), at(6, 15)));
    EXPECT_TRUE(epochs.assign(LeaderEpoch(6), Offset(12)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(1, 0), at(3, 10), at(6, 12)));
    EXPECT_FALSE(epochs.assign(no_leader_epoch, Offset(30)));
}

TEST(LeaderEpochs, SaysWhereAnEpochEnds) {
    const LeaderEpochs epochs = epochs_of({at(2, 5), at(4, 10)});
    const auto ends = [&](std::int32_t epoch) {
        return epochs.end_offset_for(LeaderEpoch(epoch), Offset(20));
    };
    EXPECT_EQ(ends(4), (End{LeaderEpoch(4), Offset(20)}));
    EXPECT_EQ(ends(3), (End{LeaderEpoch(2), Offset(10)}));
    EXPECT_EQ(ends(2), (End{LeaderEpoch(2), Offset(10)}));
    EXPECT_EQ(ends(1), (End{LeaderEpoch(1), Offset(5)}));
    // Only its leader knows.
    EXPECT_EQ(ends(5), std::nullopt);
    EXPECT_EQ(ends(-1), std::nullopt);
    EXPECT_EQ(LeaderEpochs().end_offset_for(LeaderEpoch(0), Offset(0)), std::nullopt);
}

TEST(LeaderEpochs, IsTruncatedFromTheEnd) {
    LeaderEpochs epochs = epochs_of({at(1, 0), at(3, 10), at(5, 20)});
    EXPECT_FALSE(epochs.truncate_from_end(Offset(21)));
    EXPECT_TRUE(epochs.truncate_from_end(Offset(20)));
    EXPECT_TRUE(epochs.truncate_from_end(Offset(5)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(1, 0)));
}

TEST(LeaderEpochs, IsTruncatedFromTheStart) {
    LeaderEpochs epochs = epochs_of({at(1, 0), at(3, 10), at(5, 20)});
    EXPECT_FALSE(epochs.truncate_from_start(Offset(0)));
    EXPECT_TRUE(epochs.truncate_from_start(Offset(12)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(3, 12), at(5, 20)));
    EXPECT_TRUE(epochs.truncate_from_start(Offset(20)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(5, 20)));
    EXPECT_TRUE(epochs.truncate_from_start(Offset(30)));
    EXPECT_THAT(epochs.entries(), ElementsAre(at(5, 30)));
}

}  // namespace
}  // namespace sluice::replication
