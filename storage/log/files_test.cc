#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log/checkpoint_files.h"
#include "storage/log/names.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/segment_index.h"
#include "storage/log/summaries_file.h"
#include "storage/log/tail.h"

namespace sluice::storage {
namespace {

using replication::ProducerStates;

TEST(Names, AreKafkas) {
    EXPECT_EQ(offset_file(Offset(42), log_suffix), "00000000000000000042.log");
    const auto file = parse_offset_file("00000000000000000042.log.deleted");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->offset, Offset(42));
    EXPECT_EQ(file->suffix, ".log.deleted");
    EXPECT_FALSE(parse_offset_file("leader-epoch-checkpoint"));
    EXPECT_FALSE(parse_offset_file("0000000000000000004x.log"));
    const auto name = parse_log_name("a-topic-12");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->first, "a-topic");
    EXPECT_EQ(name->second, PartitionIndex(12));
    EXPECT_FALSE(parse_log_name("topic"));
    EXPECT_FALSE(parse_log_name("topic-0.0123-delete"));
}

TEST(SummariesFile, SaysWhatIsKnownOfWhichTopicsLog) {
    const TopicId topic = *Uuid::parse("MkU3OEVBNTcwNTJENDM2Qk");
    const KnownLogs logs{
        {"a-b-0",
         {.synced = {.topic = topic, .end = Offset(9), .segment = Offset(5), .start = Offset(2)},
          .summary = Bytes::copy_of("what it knew")}},
        {"c-12",
         {.synced = {.topic = topic, .end = {}, .segment = {}, .start = {}}, .summary = {}}}};
    const std::vector<std::uint8_t> file = summaries_bytes(logs);
    EXPECT_EQ(parse_summaries(Bytes::copy_of(file)), logs);
    for (std::size_t i = 0; i < file.size(); ++i) {
        auto damaged = file;
        damaged[i] ^= 1;
        EXPECT_FALSE(parse_summaries(Bytes::copy_of(damaged))) << i;
        EXPECT_FALSE(parse_summaries(Bytes::copy_of(Slice(file).first(i)))) << i;
    }
}

TEST(CheckpointFiles, AreKafkas) {
    replication::LeaderEpochs epochs;
    epochs.assign(LeaderEpoch(3), Offset(0));
    epochs.assign(LeaderEpoch(5), Offset(17));
    EXPECT_EQ(epochs_text(epochs), "0\n2\n3 0\n5 17\n");
    EXPECT_EQ(parse_epochs(epochs_text(epochs)), epochs);
    EXPECT_FALSE(parse_epochs("0\n2\n3 0\n"));
    EXPECT_FALSE(parse_epochs("1\n0\n"));

    const std::map<std::string, Offset> offsets{{"a-b-0", Offset(5)}, {"c-12", Offset(7)}};
    EXPECT_EQ(offsets_text(offsets), "0\n2\na-b 0 5\nc 12 7\n");
    EXPECT_EQ(parse_offsets(offsets_text(offsets)), offsets);
    EXPECT_FALSE(parse_offsets("0\n1\na 0\n"));

    const TopicId topic = *Uuid::parse("MkU3OEVBNTcwNTJENDM2Qk");
    EXPECT_EQ(partition_metadata_text(topic), "version: 0\ntopic_id: " + topic.text());
    EXPECT_EQ(parse_partition_metadata(partition_metadata_text(topic)), topic);
    EXPECT_FALSE(parse_partition_metadata("version: 0"));

    EXPECT_EQ(clean_shutdown_text(-1), "{\"version\":0,\"brokerEpoch\":-1}");

    const LifeOnDisk life{.broker_epoch = 12, .opted_out = true};
    EXPECT_EQ(life_text(life), "0\n12\n1\n");
    EXPECT_EQ(parse_life(life_text(life)), life);
    for (const char* bad : {"", "0\n12\n", "0\n12\n2\n", "1\n12\n0\n", "0\n12\n0\n\n"})
        EXPECT_FALSE(parse_life(bad)) << bad;

    const MetaProperties meta{"cluster", BrokerId(3), topic};
    EXPECT_EQ(parse_meta_properties(meta_properties_text(meta)), meta);
    EXPECT_EQ(parse_meta_properties("#c\n#d\nversion=1\r\nnode.id=3\ncluster.id=cluster\n"
                                    "directory.id=" +
                                    topic.text() + "\n"),
              meta);
    EXPECT_EQ(parse_meta_properties("version=1\rnode.id=3\r\r\ncluster.id=cluster\r\r\n"
                                    "directory.id=" +
                                    topic.text()),
              meta);
    EXPECT_FALSE(parse_meta_properties("version=0\nbroker.id=3\n"));
}

ProducerStates some_states() {
    ProducerStates states;
    std::int64_t offset = 0;
    for (int i = 0; i < 8; ++i)
        for (const std::int64_t id : {1, 2}) {
            states.apply({.id = ProducerId(id),
                          .epoch = ProducerEpoch(4),
                          .base_sequence = Sequence(i * 3),
                          .last_offset_delta = 2,
                          .max_timestamp = Timestamp(100 + i)},
                         Offset(offset));
            offset += 3;
        }
    return states;
}

TEST(ProducerSnapshot, KeepsAllThatIsKnown) {
    const ProducerStates states = some_states();
    ProducerStates restored;
    ASSERT_TRUE(restore_snapshot(snapshot_bytes(states), restored));
    EXPECT_EQ(restored, states);
}

TEST(ProducerSnapshot, TellsDamage) {
    const auto whole = snapshot_bytes(some_states());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto damaged = whole;
        damaged[at] ^= 0x10;
        ProducerStates restored;
        EXPECT_EQ(restore_snapshot(damaged, restored).error(), Error::corrupt);
        EXPECT_EQ(restored.size(), 0u);
    }
    ProducerStates restored;
    EXPECT_EQ(restore_snapshot(Slice(whole).first(whole.size() - 1), restored).error(),
              Error::corrupt);
    EXPECT_EQ(restore_snapshot({}, restored).error(), Error::corrupt);
}

TEST(SegmentIndex, FindsTheLastEntryAtOrBefore) {
    SegmentIndex index(Offset(100));
    EXPECT_FALSE(index.floor(Offset(100)));
    index.add(OffsetEntry{Offset(110), 1000});
    index.add(OffsetEntry{Offset(120), 2000});
    index.add(TimeEntry{Timestamp(5), Offset(110)});
    index.add(TimeEntry{Timestamp(9), Offset(120)});
    EXPECT_FALSE(index.floor(Offset(109)));
    EXPECT_EQ(index.floor(Offset(110))->position, 1000u);
    EXPECT_EQ(index.floor(Offset(119))->position, 1000u);
    EXPECT_EQ(index.floor(Offset(500))->position, 2000u);
    EXPECT_EQ(index.floor(Timestamp(8))->offset, Offset(110));
    EXPECT_FALSE(index.floor(Timestamp(4)));
    EXPECT_TRUE(index.is_sound(2001));
    EXPECT_FALSE(index.is_sound(2000));
    index.truncate(Offset(120));
    EXPECT_EQ(index.last_offset()->offset, Offset(110));
    EXPECT_EQ(index.last_time()->timestamp, Timestamp(5));
}

TEST(SegmentIndex, IsNotSoundWhenItsEntriesDoNotGrow) {
    SegmentIndex index(Offset(0));
    index.add(OffsetEntry{Offset(10), 1000});
    index.add(OffsetEntry{Offset(20), 1000});
    EXPECT_FALSE(index.is_sound(5000));
    EXPECT_FALSE(SegmentIndex(Offset(0), {1, 2, 3}, {}).is_sound(5000));
}

}  // namespace
}  // namespace sluice::storage
