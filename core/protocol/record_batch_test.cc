#include "core/protocol/record_batch.h"

#include <gtest/gtest.h>
#include <snappy-c.h>

#include <string>
#include <vector>

#include "core/base/golden.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"

namespace sluice::protocol {
namespace {

using golden::from_hex;

constexpr std::size_t plenty = 1 << 20;

// The same two records, by Apache Kafka 4.3.1's producer in each codec.
const char* const batches_by_kafka[] = {
    "000000000000000000000064ffffffff029484573a00000000000100000000000003e800000000000003ed0000"
    "0000000000070001000000050000000256000000026b3a76616c75652076616c75652076616c75652076616c75"
    "652076616c75650402680201026e010c000a02010100",
    "000000000000000000000063ffffffff02c7463a6a00010000000100000000000003e800000000000003ed0000"
    "000000000007000100000005000000021f8b08000000000000ff0b63606060cab62a4bcc294d55c041b2306530"
    "3132e531f2307031313232000005c23e6e33000000",
    "000000000000000000000067ffffffff02469b71b900020000000100000000000003e800000000000003ed0000"
    "00000000000700010000000500000002"
    "82534e4150505900000000010000000100000022333056000000026b3a76616c7565205a060038040268020102"
    "6e010c000a02010100",
    "000000000000000000000062ffffffff02a70ee54200030000000100000000000003e800000000000003ed0000"
    "0000000000070001000000050000000204224d1860408222000000df56000000026b3a76616c75652006000"
    "4f0000402680201026e010c000a0201010000000000",
    "00000000000000000000005fffffffff02e0c2025000040000000100000000000003e800000000000003ed0000"
    "0000000000070001000000050000000228b52ffd0058140100e056000000026b3a76616c756520040268020102"
    "6e010c000a020101000100a9cb17010000",
};

constexpr CompressionType all_types[] = {CompressionType::none, CompressionType::gzip,
                                         CompressionType::snappy, CompressionType::lz4,
                                         CompressionType::zstd};

NewRecord first_record(const std::uint8_t* one) {
    return {.timestamp = Timestamp(1000),
            .key = as_slice("k"),
            .value = as_slice("value value value value value"),
            .headers = {{"h", Slice(one, 1)}, {"n", std::nullopt}}};
}

RecordBatchBuilder two_records(CompressionType type) {
    static constexpr std::uint8_t one = 1;
    RecordBatchBuilder builder({.compression = type,
                                .producer_id = ProducerId(7),
                                .producer_epoch = ProducerEpoch(1),
                                .base_sequence = Sequence(5)});
    builder.append(first_record(&one));
    builder.append({.timestamp = Timestamp(1005)});
    return builder;
}

TEST(RecordBatch, IsReadAsKafkaWroteItInEveryCodec) {
    for (const CompressionType type : all_types) {
        const Bytes bytes = from_hex(batches_by_kafka[static_cast<std::size_t>(type)]);
        const auto batch = first_batch(bytes.view());
        ASSERT_TRUE(batch) << name_of(type);
        EXPECT_EQ(batch->size(), bytes.size());
        EXPECT_EQ(batch->compression(), type);
        EXPECT_TRUE(batch->crc_matches());
        EXPECT_EQ(batch->record_count(), 2);
        EXPECT_EQ(batch->last_offset(), Offset(1));
        EXPECT_EQ(batch->next_offset(), Offset(2));
        EXPECT_EQ(batch->max_timestamp(), Timestamp(1005));
        EXPECT_EQ(batch->producer_id(), ProducerId(7));
        EXPECT_EQ(batch->producer_epoch(), ProducerEpoch(1));
        EXPECT_EQ(batch->last_sequence(), Sequence(6));
        EXPECT_EQ(batch->leader_epoch(), no_leader_epoch);

        const auto records = records_of(bytes, plenty);
        ASSERT_TRUE(records) << name_of(type);
        RecordReader reader(*batch, records->view());
        const auto first = reader.next();
        ASSERT_TRUE(first);
        EXPECT_EQ(as_text(first->key), "k");
        EXPECT_EQ(as_text(first->value), "value value value value value");
        HeaderReader headers(*first);
        EXPECT_EQ(as_text(headers.next()->key), "h");
        EXPECT_FALSE(headers.next()->has_value);
        EXPECT_TRUE(headers.finished_well());
        const auto second = reader.next();
        ASSERT_TRUE(second);
        EXPECT_FALSE(second->has_key);
        EXPECT_FALSE(second->has_value);
        EXPECT_EQ(reader.offset_of(*second), Offset(1));
        EXPECT_EQ(reader.timestamp_of(*second), Timestamp(1005));
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.finished_well());
    }
}

TEST(RecordBatch, IsBuiltAsKafkaDoes) {
    EXPECT_EQ(two_records(CompressionType::none).build(), from_hex(batches_by_kafka[0]));
    for (const CompressionType type : all_types) {
        const Bytes built = two_records(type).build();
        EXPECT_TRUE(first_batch(built.view())->crc_matches());
        EXPECT_EQ(*records_of(built, plenty), *records_of(from_hex(batches_by_kafka[0]), plenty));
    }
}

TEST(RecordBatch, LeavesUncompressedRecordsWhereTheyAre) {
    const Bytes batch = two_records(CompressionType::none).build();
    EXPECT_EQ(records_of(batch, 0)->data(), batch.data() + batch_header_size);
}

TEST(RecordBatch, IsPlacedWithoutTouchingItsChecksum) {
    const Bytes built = two_records(CompressionType::none).build();
    Buffer copy = Buffer::copy_of(built.view());
    place_batch(copy.all(), Offset(40), LeaderEpoch(3));
    const BatchView batch{Slice(copy.all())};
    EXPECT_EQ(batch.crc(), BatchView(built.view()).crc());
    EXPECT_TRUE(batch.crc_matches());
    EXPECT_EQ(batch.last_offset(), Offset(41));
    EXPECT_EQ(batch.leader_epoch(), LeaderEpoch(3));
}

TEST(RecordBatch, GivesEveryRecordTheTimeOfItsAppendWhenStamped) {
    Buffer copy = Buffer::copy_of(two_records(CompressionType::none).build().view());
    stamp_batch(copy.all(), TimestampType::log_append_time, Timestamp(9));
    const BatchView batch{Slice(copy.all())};
    EXPECT_TRUE(batch.crc_matches());
    EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(batch.compression(), CompressionType::none);
    RecordReader reader(batch, batch.records());
    EXPECT_EQ(reader.timestamp_of(*reader.next()), Timestamp(9));
}

TEST(RecordBatch, KnowsItsAttributes) {
    RecordBatchBuilder builder({.is_transactional = true, .is_control = true});
    builder.append({});
    const Bytes bytes = builder.build();
    const BatchView batch(bytes.view());
    EXPECT_TRUE(batch.is_transactional());
    EXPECT_TRUE(batch.is_control());
    EXPECT_FALSE(batch.has_delete_horizon());
    EXPECT_FALSE(batch.has_producer_id());
    EXPECT_EQ(batch.last_sequence(), no_sequence);
}

TEST(Sequences, BeginAgainBehindTheLargest) {
    EXPECT_EQ(sequence_plus(Sequence(INT32_MAX), 1), Sequence(0));
    EXPECT_EQ(sequence_plus(Sequence(INT32_MAX - 1), 1), Sequence(INT32_MAX));
}

TEST(BatchSplitter, StopsBeforeATornBatch) {
    const Bytes one = two_records(CompressionType::none).build();
    const std::string twice = std::string(one.text()) + std::string(one.text());
    for (std::size_t cut = one.size(); cut < twice.size(); ++cut) {
        BatchSplitter splitter(as_slice(twice).first(cut));
        ASSERT_TRUE(splitter.next());
        EXPECT_FALSE(splitter.next());
        EXPECT_EQ(splitter.rest().size(), cut - one.size());
        EXPECT_EQ(splitter.fault().has_value(), cut > one.size());
        if (splitter.fault()) {
            EXPECT_EQ(*splitter.fault(), BatchFault::incomplete);
        }
    }
}

TEST(BatchSplitter, TellsWhatIsNoBatch) {
    std::string bytes(two_records(CompressionType::none).build().text());
    bytes[batch_at::magic] = 1;
    EXPECT_EQ(first_batch(as_slice(bytes)).error(), BatchFault::old_magic);
    bytes[batch_at::magic] = 3;
    EXPECT_EQ(first_batch(as_slice(bytes)).error(), BatchFault::bad_magic);
    bytes[batch_at::magic] = 2;
    bytes[batch_at::batch_length + 3] = 48;
    EXPECT_EQ(first_batch(as_slice(bytes)).error(), BatchFault::bad_length);
    bytes[batch_at::batch_length] = -1;
    EXPECT_EQ(first_batch(as_slice(bytes)).error(), BatchFault::bad_length);
}

std::string text_of(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * i) + ' ';
    text.resize(size);
    return text;
}

TEST(Compression, RestoresWhatItWasGiven) {
    for (const CompressionType type : all_types) {
        for (const std::size_t size : {0u, 1u, 100u, 16384u, 65536u, 300000u}) {
            const std::string text = text_of(size);
            const Bytes squeezed = compress(type, std::nullopt, as_slice(text));
            // Exactly enough room is enough.
            const auto back = decompress(type, squeezed.view(), size);
            ASSERT_TRUE(back) << name_of(type) << ' ' << size;
            EXPECT_EQ(back->text(), text) << name_of(type) << ' ' << size;
        }
    }
}

TEST(Compression, TakesLevels) {
    const std::string text = text_of(100000);
    for (const CompressionType type :
         {CompressionType::gzip, CompressionType::lz4, CompressionType::zstd}) {
        for (const int level : {-1000, -1, 0, 1, 9, 1000}) {
            const Bytes squeezed = compress(type, level, as_slice(text));
            EXPECT_EQ(decompress(type, squeezed.view(), text.size())->text(), text);
        }
    }
}

TEST(Compression, RefusesMoreThanItMayMake) {
    for (const CompressionType type : all_types) {
        for (const std::size_t size : {1u, 20000u, 10'000'000u}) {
            const Bytes bomb = compress(type, std::nullopt, as_slice(std::string(size, 'x')));
            EXPECT_EQ(decompress(type, bomb.view(), size - 1).error(), Error::limit)
                << name_of(type) << ' ' << size;
        }
    }
}

TEST(Compression, RefusesWhatIsCutShort) {
    const std::string text = text_of(100000);
    for (const CompressionType type : all_types) {
        if (type == CompressionType::none) continue;
        const Bytes squeezed = compress(type, std::nullopt, as_slice(text));
        for (const std::size_t cut :
             {std::size_t{0}, std::size_t{3}, squeezed.size() / 2, squeezed.size() - 1}) {
            const auto result = decompress(type, squeezed.view().first(cut), plenty);
            EXPECT_TRUE(result.failed()) << name_of(type) << ' ' << cut;
        }
    }
}

TEST(Compression, ReadsSeveralFramesOneBehindAnother) {
    for (const CompressionType type : all_types) {
        const Bytes once = compress(type, std::nullopt, as_slice("once "));
        const std::string twice = std::string(once.text()) + std::string(once.text());
        EXPECT_EQ(decompress(type, as_slice(twice), plenty)->text(), "once once ") << name_of(type);
    }
}

TEST(Compression, ReadsSnappyWithoutFrames) {
    const std::string text = text_of(1000);
    std::string raw(snappy_max_compressed_length(text.size()), '\0');
    std::size_t size = raw.size();
    ASSERT_EQ(snappy_compress(text.data(), text.size(), raw.data(), &size), SNAPPY_OK);
    raw.resize(size);
    EXPECT_EQ(decompress(CompressionType::snappy, as_slice(raw), plenty)->text(), text);
}

TEST(Compression, DoesNotBelieveASnappyLength) {
    // A block that claims four gigabytes.
    const std::string claim("\xff\xff\xff\xff\x0f", 5);
    EXPECT_EQ(decompress(CompressionType::snappy, as_slice(claim), plenty).error(), Error::limit);
}

}  // namespace
}  // namespace sluice::protocol
