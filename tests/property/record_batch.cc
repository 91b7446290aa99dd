#include "core/protocol/record_batch.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"
#include "core/protocol/validate_batch.h"

namespace sluice::protocol {
namespace {

constexpr std::size_t plenty = 1 << 20;

// A record that owns its parts.
struct OwnedRecord {
    std::int64_t timestamp = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    bool operator==(const OwnedRecord&) const = default;
};

std::string drawn_text(Random& random, std::size_t size_max) {
    std::string text(random.below(size_max + 1), '\0');
    const bool repetitive = random.chance(0.5);
    for (char& c : text) c = repetitive ? 'x' : static_cast<char>(random.next());
    return text;
}

std::optional<std::string> drawn_maybe(Random& random, std::size_t size_max) {
    if (random.chance(0.2)) return std::nullopt;
    return drawn_text(random, size_max);
}

std::vector<OwnedRecord> drawn_records(Random& random) {
    std::vector<OwnedRecord> records(1 + random.below(20));
    for (OwnedRecord& record : records) {
        record.timestamp = random.between(0, 2'000'000'000'000);
        record.key = drawn_maybe(random, 30);
        record.value = drawn_maybe(random, random.chance(0.1) ? 20000 : 200);
        record.headers.resize(random.below(4));
        for (auto& [key, value] : record.headers) {
            key = drawn_text(random, 10);
            value = drawn_maybe(random, 10);
        }
    }
    return records;
}

std::optional<Slice> as_maybe_slice(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    return as_slice(*text);
}

Bytes built(const std::vector<OwnedRecord>& records, BatchOptions options) {
    RecordBatchBuilder builder(options);
    for (const OwnedRecord& record : records) {
        NewRecord fresh{.timestamp = Timestamp(record.timestamp),
                        .key = as_maybe_slice(record.key),
                        .value = as_maybe_slice(record.value)};
        for (const auto& [key, value] : record.headers)
            fresh.headers.push_back({.key = key, .value = as_maybe_slice(value)});
        builder.append(fresh);
    }
    return builder.build();
}

std::optional<std::string> text_or_null(bool present, Slice bytes) {
    if (!present) return std::nullopt;
    return std::string(as_text(bytes));
}

// Every record of a batch; nothing when it does not hold what it says.
std::optional<std::vector<OwnedRecord>> read(const Bytes& batch) {
    const auto records = records_of(batch, plenty);
    if (!records) return std::nullopt;
    RecordReader reader(BatchView(batch.view()), records->view());
    std::vector<OwnedRecord> all;
    while (const auto record = reader.next()) {
        OwnedRecord owned{.timestamp = reader.timestamp_of(*record).value,
                          .key = text_or_null(record->has_key, record->key),
                          .value = text_or_null(record->has_value, record->value),
                          .headers = {}};
        HeaderReader headers(*record);
        while (const auto header = headers.next())
            owned.headers.emplace_back(as_text(header->key),
                                       text_or_null(header->has_value, header->value));
        all.push_back(std::move(owned));
    }
    if (!reader.finished_well()) return std::nullopt;
    return all;
}

CompressionType drawn_compression(Random& random) {
    return static_cast<CompressionType>(random.below(compression_types));
}

// With room for every timestamp drawn here.
ValidationRules wide_rules() {
    return {.now = Timestamp(1'000'000'000'000 * 3)};
}

RC_GTEST_PROP(RecordBatch, HoldsWhatWasPutIntoIt, (std::uint64_t seed)) {
    Random random(seed);
    const auto records = drawn_records(random);
    const Bytes batch = built(records, {.compression = drawn_compression(random)});
    const auto validated = validate_batch(batch.view(), wide_rules());
    RC_ASSERT(bool(validated));
    RC_ASSERT(static_cast<std::size_t>(validated->record_count) == records.size());
    RC_ASSERT(!validated->needs_stamp);
    RC_ASSERT(read(batch) == records);
}

RC_GTEST_PROP(RecordBatch, IsRefusedOrTheSameAfterDamage, (std::uint64_t seed)) {
    Random random(seed);
    const auto records = drawn_records(random);
    const Bytes batch = built(records, {.compression = drawn_compression(random)});
    std::string damaged(batch.text());
    const std::size_t at = random.below(damaged.size());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
    const Bytes bytes = Bytes::copy_of(damaged);
    const auto validated = validate_batch(bytes.view(), wide_rules());
    // Only the leader epoch may change unnoticed: the leader overwrites it.
    const bool in_epoch = at >= batch_at::leader_epoch && at < batch_at::magic;
    RC_ASSERT(bool(validated) == in_epoch);
    if (validated) RC_ASSERT(read(bytes) == records);
}

RC_GTEST_PROP(RecordBatch, IsSoundWheneverItIsAccepted, (std::uint64_t seed)) {
    Random random(seed);
    const Bytes batch = built(drawn_records(random), {.compression = drawn_compression(random)});
    // Damage that the checksum does not give away.
    Buffer damaged = Buffer::copy_of(batch.view());
    for (std::uint64_t i = 0; i <= random.below(3); ++i) {
        const std::size_t at = batch_crc_from + random.below(damaged.size() - batch_crc_from);
        damaged.data()[at] = static_cast<std::uint8_t>(random.next() >> random.below(8));
    }
    const BatchView view{Slice(damaged.all())};
    store_big(damaged.data() + batch_at::crc, view.computed_crc());
    const Bytes bytes{damaged};
    ValidationRules rules = wide_rules();
    rules.decompressed_bytes_max = plenty;
    const auto validated = validate_batch(bytes.view(), rules);
    if (!validated) {
        RC_ASSERT(validated.error().code != ErrorCode::none);
        return;
    }
    const auto records = read(bytes);
    RC_ASSERT(records.has_value());
    RC_ASSERT(records->size() == static_cast<std::size_t>(validated->record_count));
    RC_ASSERT(validated->last_offset_delta == validated->record_count - 1);
}

RC_GTEST_PROP(RecordBatch, StandsWhereTheLeaderPutIt, (std::uint64_t seed)) {
    Random random(seed);
    const auto records = drawn_records(random);
    Buffer batch =
        Buffer::copy_of(built(records, {.compression = drawn_compression(random)}).view());
    const Offset base(random.between(0, 1'000'000));
    place_batch(batch.all(), base, LeaderEpoch(3));
    stamp_batch(batch.all(), TimestampType::log_append_time, Timestamp(5));
    const BatchView view{Slice(batch.all())};
    RC_ASSERT(view.crc_matches());
    RC_ASSERT(view.next_offset() == base.plus(static_cast<std::int64_t>(records.size())));
    const auto stamped = read(Bytes(batch));
    RC_ASSERT(stamped.has_value());
    for (const OwnedRecord& record : *stamped) RC_ASSERT(record.timestamp == 5);
}

RC_GTEST_PROP(BatchSplitter, PassesEveryWholeBatchAndNoTornOne, (std::uint64_t seed)) {
    Random random(seed);
    std::string bytes;
    std::vector<std::size_t> ends;
    for (std::uint64_t i = 0; i <= random.below(4); ++i) {
        bytes += built(drawn_records(random), {}).text();
        ends.push_back(bytes.size());
    }
    const std::size_t cut = random.below(bytes.size() + 1);
    BatchSplitter splitter(as_slice(bytes).first(cut));
    std::size_t passed = 0;
    while (splitter.next()) ++passed;
    std::size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= cut) ++whole;
    RC_ASSERT(passed == whole);
    RC_ASSERT(splitter.rest().size() == cut - (whole == 0 ? 0 : ends[whole - 1]));
}

RC_GTEST_PROP(Compression, IsUndone, (std::uint64_t seed)) {
    Random random(seed);
    const CompressionType type = drawn_compression(random);
    const std::string text = drawn_text(random, 100'000);
    const Bytes squeezed = compress(type, std::nullopt, as_slice(text));
    RC_ASSERT(decompress(type, squeezed.view(), text.size())->text() == text);
    if (!text.empty())
        RC_ASSERT(decompress(type, squeezed.view(), text.size() - 1).error() == Error::limit);
}

RC_GTEST_PROP(Compression, MakesNoMoreThanAllowedOfAnything, (std::uint64_t seed)) {
    Random random(seed);
    const CompressionType type = drawn_compression(random);
    std::string input(compress(type, std::nullopt, as_slice(drawn_text(random, 50'000))).text());
    for (std::uint64_t i = 0; i <= random.below(4) && !input.empty(); ++i)
        input[random.below(input.size())] = static_cast<char>(random.next());
    if (random.chance(0.2)) input = drawn_text(random, 1000);
    const std::size_t size_max = random.below(60'000);
    const auto result = decompress(type, as_slice(input), size_max);
    if (result) RC_ASSERT(result->size() <= size_max);
}

}  // namespace
}  // namespace sluice::protocol
