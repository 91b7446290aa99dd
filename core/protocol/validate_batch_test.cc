#include "core/protocol/validate_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/endian.h"
#include "core/protocol/batch_builder.h"

namespace sluice::protocol {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

// A batch to be spoiled, and the rules it is held against. The time is 1,000,000.
class ValidateBatch : public testing::Test {
protected:
    void given(BatchOptions options, const std::vector<NewRecord>& records) {
        RecordBatchBuilder builder(options);
        for (const NewRecord& record : records) builder.append(record);
        bytes_ = std::string(builder.build().text());
    }
    void given_good_batch() {
        given({.producer_id = ProducerId(7),
               .producer_epoch = ProducerEpoch(0),
               .base_sequence = Sequence(10)},
              {record(1000, "a"), record(1002, "b"), record(1001, "c")});
    }
    static NewRecord record(std::int64_t timestamp, std::string_view key) {
        return {.timestamp = Timestamp(timestamp), .key = as_slice(key), .value = as_slice("v")};
    }

    // Overwrites a field of the header and makes the checksum right again.
    template <std::integral Int>
    void set(std::size_t at, Int value) {
        store_big(data() + at, value);
        fix_checksum();
    }
    void fix_checksum() {
        const Slice all = as_slice(bytes_);
        store_big(data() + batch_at::crc, BatchView(all).computed_crc());
    }
    std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(bytes_.data()); }

    Result<ValidatedBatch, BatchError> validate() {
        rules_.now = Timestamp(1'000'000);
        return validate_batch(as_slice(bytes_), rules_);
    }
    void expect_refused(ErrorCode code) {
        const auto result = validate();
        ASSERT_TRUE(result.failed());
        EXPECT_EQ(result.error().code, code) << result.error().message;
        EXPECT_FALSE(result.error().message.empty());
    }

    std::string bytes_;
    ValidationRules rules_;
};

TEST_F(ValidateBatch, TellsTheLogWhatItNeeds) {
    given_good_batch();
    const auto batch = validate();
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(batch->record_count, 3);
    EXPECT_EQ(batch->last_offset_delta, 2);
    EXPECT_EQ(batch->compression, CompressionType::none);
    EXPECT_EQ(batch->max_timestamp, Timestamp(1002));
    EXPECT_EQ(batch->max_timestamp_offset_delta, 1);
    EXPECT_FALSE(batch->needs_stamp);
    EXPECT_TRUE(batch->has_producer_id());
    EXPECT_EQ(batch->base_sequence, Sequence(10));
    EXPECT_EQ(batch->last_sequence, Sequence(12));
    EXPECT_FALSE(batch->is_transactional);
    EXPECT_EQ(batch->uncompressed_size, bytes_.size() - batch_header_size);
}

TEST_F(ValidateBatch, LooksIntoEveryCodec) {
    for (const auto type : {CompressionType::gzip, CompressionType::snappy, CompressionType::lz4,
                            CompressionType::zstd}) {
        given({.compression = type}, {record(1000, "a"), record(1002, "b")});
        const auto batch = validate();
        ASSERT_TRUE(batch) << batch.error().message;
        EXPECT_EQ(batch->max_timestamp, Timestamp(1002));
        EXPECT_EQ(batch->compression, type);
    }
}

TEST_F(ValidateBatch, RefusesNoBatchAndTwo) {
    expect_refused(ErrorCode::invalid_record);
    given_good_batch();
    const std::string one = bytes_;
    bytes_ += one;
    expect_refused(ErrorCode::invalid_record);
    bytes_ = one + 'x';
    expect_refused(ErrorCode::invalid_record);
    bytes_ = one.substr(0, one.size() - 1);
    expect_refused(ErrorCode::invalid_record);
}

TEST_F(ValidateBatch, RefusesOtherFormats) {
    given_good_batch();
    bytes_[batch_at::magic] = 1;
    expect_refused(ErrorCode::invalid_record);
    bytes_[batch_at::magic] = 3;
    expect_refused(ErrorCode::corrupt_message);
}

TEST_F(ValidateBatch, RefusesAnyDamageBehindTheChecksum) {
    given_good_batch();
    const std::string good = bytes_;
    for (std::size_t i = batch_at::crc; i < good.size(); ++i) {
        bytes_ = good;
        bytes_[i] = static_cast<char>(bytes_[i] ^ 0x40);
        EXPECT_TRUE(validate().failed()) << i;
    }
}

TEST_F(ValidateBatch, RefusesMoreThanTheTopicTakes) {
    given_good_batch();
    rules_.batch_bytes_max = bytes_.size();
    EXPECT_TRUE(validate());
    rules_.batch_bytes_max = bytes_.size() - 1;
    expect_refused(ErrorCode::message_too_large);
}

TEST_F(ValidateBatch, RefusesABomb) {
    const std::string zeros(100'000, '\0');
    given({.compression = CompressionType::zstd},
          {{.timestamp = Timestamp(1000), .value = as_slice(zeros)}});
    ASSERT_LT(bytes_.size(), 200u);
    EXPECT_TRUE(validate());
    rules_.decompressed_bytes_max = zeros.size();
    expect_refused(ErrorCode::message_too_large);
}

TEST_F(ValidateBatch, RefusesWhatDoesNotDecompress) {
    given({.compression = CompressionType::lz4}, {record(1000, "a")});
    bytes_[batch_header_size] = 'x';
    fix_checksum();
    expect_refused(ErrorCode::corrupt_message);
}

TEST_F(ValidateBatch, KnowsWhichCompressionsAreAllowed) {
    given({.compression = CompressionType::zstd}, {record(1000, "a")});
    rules_.produce_version = Version(6);
    expect_refused(ErrorCode::unsupported_compression_type);
    rules_.produce_version = Version(7);
    EXPECT_TRUE(validate());
    set(batch_at::attributes, std::int16_t{5});
    expect_refused(ErrorCode::unsupported_compression_type);
}

TEST_F(ValidateBatch, RefusesControlBatchesFromClients) {
    given({.is_control = true}, {record(1000, "a")});
    expect_refused(ErrorCode::invalid_record);
    rules_.from_client = false;
    EXPECT_TRUE(validate()->is_control);
}

TEST_F(ValidateBatch, NotesTransactions) {
    given({.producer_id = ProducerId(1), .base_sequence = Sequence(0), .is_transactional = true},
          {record(1000, "a")});
    EXPECT_TRUE(validate()->is_transactional);
}

TEST_F(ValidateBatch, RefusesCountsThatDisagree) {
    given_good_batch();
    set(batch_at::last_offset_delta, std::int32_t{3});
    expect_refused(ErrorCode::invalid_record);
    set(batch_at::record_count, std::int32_t{4});
    expect_refused(ErrorCode::invalid_record);
    set(batch_at::last_offset_delta, std::int32_t{1});
    set(batch_at::record_count, std::int32_t{2});
    expect_refused(ErrorCode::invalid_record);
    set(batch_at::last_offset_delta, std::int32_t{-1});
    set(batch_at::record_count, std::int32_t{0});
    expect_refused(ErrorCode::invalid_record);
}

TEST_F(ValidateBatch, RefusesABaseOffsetFromAClient) {
    given({.base_offset = Offset(1)}, {record(1000, "a")});
    expect_refused(ErrorCode::invalid_record);
}

TEST_F(ValidateBatch, RefusesANegativeSequenceOfAProducer) {
    given({.producer_id = ProducerId(1)}, {record(1000, "a")});
    expect_refused(ErrorCode::invalid_record);
    given({}, {record(1000, "a")});
    EXPECT_TRUE(validate());
}

TEST_F(ValidateBatch, RefusesRecordsOutOfOrder) {
    given_good_batch();
    // Length, attributes, timestamp delta, then the offset delta of the first record: 0 becomes 1.
    bytes_[batch_header_size + 3] = 2;
    fix_checksum();
    expect_refused(ErrorCode::invalid_record);
}

TEST_F(ValidateBatch, RefusesNullKeysWhereTheTopicIsCompacted) {
    given({}, {record(1000, "a"), {.timestamp = Timestamp(1001)}, record(1002, "")});
    EXPECT_TRUE(validate());
    rules_.compacted = true;
    const auto result = validate();
    ASSERT_TRUE(result.failed());
    EXPECT_EQ(result.error().code, ErrorCode::invalid_record);
    EXPECT_THAT(result.error().records, ElementsAre(Field(&BadRecord::index, 1)));
}

TEST_F(ValidateBatch, RefusesTimestampsOutsideOfTheWindow) {
    rules_.timestamp_before_max_ms = 100;
    rules_.timestamp_after_max_ms = 10;
    given({}, {record(999'900, "a"), record(1'000'010, "b"), record(-1, "c")});
    EXPECT_TRUE(validate());
    given({}, {record(999'899, "a"), record(1'000'000, "b"), record(1'000'011, "c")});
    const auto result = validate();
    ASSERT_TRUE(result.failed());
    EXPECT_EQ(result.error().code, ErrorCode::invalid_timestamp);
    EXPECT_THAT(result.error().records,
                ElementsAre(Field(&BadRecord::index, 0), Field(&BadRecord::index, 2)));
}

TEST_F(ValidateBatch, NamesOnlySoManyBadRecords) {
    rules_.compacted = true;
    rules_.record_errors_max = 2;
    given({}, {{}, {}, {}, {}});
    EXPECT_EQ(validate().error().records.size(), 2u);
}

TEST_F(ValidateBatch, AsksForTheTimeOfAppendWhereTheTopicWantsIt) {
    rules_.timestamp_type = TimestampType::log_append_time;
    rules_.timestamp_after_max_ms = 0;
    given({}, {record(5'000'000, "a"), record(1002, "b")});
    const auto batch = validate();
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(batch->max_timestamp, Timestamp(1'000'000));
    EXPECT_EQ(batch->timestamp_type, TimestampType::log_append_time);
    EXPECT_TRUE(batch->needs_stamp);
}

TEST_F(ValidateBatch, RefusesAProducerThatStampsItself) {
    rules_.timestamp_type = TimestampType::log_append_time;
    given({.timestamp_type = TimestampType::log_append_time}, {record(1000, "a")});
    expect_refused(ErrorCode::invalid_timestamp);
}

TEST_F(ValidateBatch, CorrectsTheLargestTimestamp) {
    given_good_batch();
    set(batch_at::max_timestamp, std::int64_t{1});
    const auto batch = validate();
    ASSERT_TRUE(batch);
    EXPECT_TRUE(batch->needs_stamp);
    EXPECT_EQ(batch->max_timestamp, Timestamp(1002));
    given({}, {record(-1, "a")});
    EXPECT_EQ(validate()->max_timestamp, no_timestamp);
}

TEST_F(ValidateBatch, SurvivesTimestampsAtTheEdges) {
    given({}, {record(INT64_MAX, "a"), record(INT64_MIN, "b"), record(0, "c")});
    const auto result = validate();
    ASSERT_TRUE(result.failed());
    EXPECT_EQ(result.error().code, ErrorCode::invalid_timestamp);
    EXPECT_EQ(result.error().records.size(), 2u);
}

TEST_F(ValidateBatch, RefusesRecordsOfTheWrongForm) {
    given_good_batch();
    const std::string good = bytes_;
    // Every byte of every record, with the checksum made right: sound or refused, and never a
    // crash.
    for (std::size_t i = batch_header_size; i < good.size(); ++i) {
        for (int value = 0; value < 256; ++value) {
            bytes_ = good;
            bytes_[i] = static_cast<char>(value);
            fix_checksum();
            const auto result = validate();
            if (result) {
                EXPECT_EQ(result->record_count, 3);
            }
        }
    }
    // A record that is longer than the batch.
    bytes_ = good;
    bytes_[batch_header_size] = 0x7e;
    fix_checksum();
    expect_refused(ErrorCode::invalid_record);
}

}  // namespace
}  // namespace sluice::protocol
