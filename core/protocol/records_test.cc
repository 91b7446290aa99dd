#include <gtest/gtest.h>

#include "core/protocol/metadata_record.h"
#include "core/protocol/versioned.h"

namespace sluice::protocol {
namespace {

// The bytes here were written by Apache Kafka 4.3.1's own classes.

std::string hex(const Result<Bytes>& bytes) {
    if (bytes.failed()) return "cannot be said";
    std::string text;
    for (const std::uint8_t b : bytes->view())
        fmt::format_to(std::back_inserter(text), "{:02x}", b);
    return text;
}

Uuid uuid(std::uint8_t high, std::uint8_t low) {
    Uuid id;
    id.bytes[7] = high;
    id.bytes[15] = low;
    return id;
}

void expect_written_as(const MetadataRecord& record, int version, const std::string& expected) {
    const auto bytes = encode_metadata_record(record, Version(static_cast<std::int16_t>(version)));
    EXPECT_EQ(hex(bytes), expected) << to_text(record);
    const auto back = decode_metadata_record(*bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(to_text(*back), to_text(record));
}

TEST(MetadataRecords, AreWrittenAsKafkaDoes) {
    expect_written_as(
        PartitionRecord{.partition_id = PartitionIndex(3),
                        .topic_id = uuid(1, 2),
                        .replicas = {BrokerId(1), BrokerId(2)},
                        .isr = {BrokerId(1)},
                        .leader = BrokerId(1),
                        .leader_recovery_state = 1,
                        .leader_epoch = LeaderEpoch(4),
                        .partition_epoch = PartitionEpoch(5),
                        .directories = {uuid(0, 1), uuid(0, 1)},
                        .eligible_leader_replicas = std::vector{BrokerId(2)}},
        2,
        "01030200000003000000000000000100000000000000020300000001000000020200000001010100000001"
        "000000040000000503000000000000000000000000000000010000000000000000000000000000000102000101"
        "01050200000002");
    expect_written_as(PartitionChangeRecord{.partition_id = PartitionIndex(3),
                                            .topic_id = uuid(1, 2),
                                            .isr = std::vector{BrokerId(1)},
                                            .leader = BrokerId(-1),
                                            .directories = std::vector{uuid(0, 1)},
                                            .last_known_elr = std::vector{BrokerId(7)}},
                      2,
                      "010502000000030000000000000001000000000000000204000502000000010104ffffffff07"
                      "05020000000708110200000000000000000000000000000001");
    expect_written_as(
        RegisterBrokerRecord{
            .broker_id = BrokerId(1),
            .incarnation_id = uuid(1, 2),
            .broker_epoch = BrokerEpoch(9),
            .end_points = {{.name = "P", .host = "h", .port = 65535, .security_protocol = 0}},
            .rack = std::nullopt,
            .log_dirs = {uuid(1, 2)},
            .cordoned_log_dirs = std::vector<Uuid>{}},
        4,
        "01000400000001000000000000000001000000000000000200000000000000090202500268ffff0000000100"
        "01000200110200000000000000010000000000000002010101");
    expect_written_as(FeatureLevelRecord{.name = "metadata.version", .feature_level = 30}, 0,
                      "010c00116d657461646174612e76657273696f6e001e00");
    expect_written_as(BeginTransactionRecord{.name = "x"}, 0, "0117000100020278");
    expect_written_as(NoOpRecord{}, 0, "01140000");
    expect_written_as(
        BrokerRegistrationChangeRecord{
            .broker_id = BrokerId(1), .broker_epoch = BrokerEpoch(9), .fenced = -1},
        3, "011103000000010000000000000009010001ff");
}

TEST(MetadataRecords, OfAnUnknownKindAreToldFromDamage) {
    const auto decoded = [](std::string_view bytes) {
        return decode_metadata_record(Bytes::copy_of(bytes)).error();
    };
    EXPECT_EQ(decoded(std::string_view("\x01\x0e\x00\x00", 4)), Error::not_found);
    EXPECT_EQ(decoded(std::string_view("\x01\x14\x01\x00", 4)), Error::not_found);
    EXPECT_EQ(decoded(std::string_view("\x00\x14\x00\x00", 4)), Error::invalid);
    EXPECT_EQ(decoded(std::string_view("\x01\x14\x00\x00\x00", 5)), Error::invalid);
    EXPECT_EQ(decoded("\x01"), Error::invalid);
}

TEST(GroupRecords, AreWrittenAsKafkaDoes) {
    OffsetCommitValue value{.offset = Offset(5),
                            .leader_epoch = LeaderEpoch(2),
                            .metadata = "m",
                            .commit_timestamp = Timestamp(7),
                            .topic_id = uuid(1, 2)};
    EXPECT_EQ(
        hex(encode_value(value, Version(4))),
        "0004000000000000000500000002026d000000000000000701001000000000000000010000000000000002");
    EXPECT_EQ(*decode_offset_commit_value(*encode_value(value, Version(4))), value);
    value.expire_timestamp = Timestamp(8);
    EXPECT_EQ(hex(encode_value(value, Version(1))),
              "0001000000000000000500016d00000000000000070000000000000008");

    const GroupMetadataValue group{.protocol_type = "consumer",
                                   .generation = GenerationId(2),
                                   .protocol = "range",
                                   .leader = "a",
                                   .current_state_timestamp = Timestamp(11),
                                   .members = {{.member_id = "a",
                                                .client_id = "c",
                                                .client_host = "/h",
                                                .rebalance_timeout = 1,
                                                .session_timeout = 2,
                                                .subscription = Bytes::copy_of("\1"),
                                                .assignment = Bytes::copy_of("\2\3")}}};
    EXPECT_EQ(
        hex(encode_value(group, Version(3))),
        "00030008636f6e73756d657200000002000572616e6765000161000000000000000b00000001000161ffff"
        "00016300022f6800000001000000020000000101000000020203");
    EXPECT_EQ(*decode_group_metadata_value(*encode_value(group, Version(3))), group);

    EXPECT_EQ(hex(encode_key(
                  OffsetCommitKey{.group = "g", .topic = "t", .partition = PartitionIndex(1)})),
              "0001"
              "000167"
              "000174"
              "00000001");
    EXPECT_EQ(hex(encode_key(GroupMetadataKey{.group = "g"})),
              "0002"
              "000167");
}

TEST(ConsumerProtocol, IsWrittenAsKafkaDoes) {
    const ConsumerProtocolSubscription subscription{
        .topics = {"t"},
        .owned_partitions = {{.topic = "t", .partitions = {PartitionIndex(0), PartitionIndex(1)}}},
        .generation_id = GenerationId(3),
        .rack_id = "r"};
    EXPECT_EQ(hex(encode_subscription(subscription, Version(3))),
              "000300000001000174ffffffff0000000100017400000002000000000000000100000003000172");
}

TEST(ConsumerProtocol, ReadsVersionsYetToCome) {
    const ConsumerProtocolSubscription subscription{.topics = {"t"}, .rack_id = "r"};
    const Bytes newest = *encode_subscription(subscription, Version(3));
    const std::string future =
        std::string("\0\7", 2) + std::string(newest.text().substr(2)) + "more";
    EXPECT_EQ(*decode_subscription(Bytes::copy_of(future)), subscription);
    EXPECT_FALSE(decode_subscription(Bytes::copy_of(std::string_view("\xff\xff", 2))));
}

TEST(ControlRecords, AreWrittenAsKafkaDoes) {
    EXPECT_EQ(hex(encode_control_key(ControlRecordType::commit)), "00000001");
    EXPECT_EQ(*decode_control_key(encode_control_key(ControlRecordType::kraft_voters).view()),
              ControlRecordType::kraft_voters);
    EXPECT_EQ(hex(encode_end_txn_marker({.coordinator_epoch = 3})), "000000000003");
    EXPECT_EQ(hex(encode(LeaderChangeMessage{.version = 1,
                                             .leader_id = BrokerId(1),
                                             .voters = {{BrokerId(1), uuid(1, 2)}}},
                         Version(1))),
              "000100000001020000000100000000000000010000000000000002000100");
}

}  // namespace
}  // namespace sluice::protocol
