#include "core/protocol/validate_batch.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/probe.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"

namespace sluice::protocol {

namespace {

constexpr Version zstd_since{7};

BatchError refuse(ErrorCode code, std::string message) {
    return {.code = code, .message = std::move(message)};
}

BatchError refuse_fault(BatchFault fault) {
    switch (fault) {
        case BatchFault::incomplete:
            return refuse(ErrorCode::invalid_record, "the request holds no whole record batch");
        case BatchFault::bad_length:
            return refuse(ErrorCode::corrupt_message,
                          "the record batch is shorter than its header");
        case BatchFault::old_magic:
            return refuse(ErrorCode::invalid_record,
                          "record batches must have format 2 since produce version 3");
        case BatchFault::bad_magic:
            return refuse(ErrorCode::corrupt_message, "the record batch has an unknown format");
    }
    return refuse(ErrorCode::corrupt_message, "the record batch is damaged");
}

// What only a client may not do, or may do wrongly.
std::optional<BatchError> check_as_from_client(const BatchView& batch) {
    if (batch.base_offset() != Offset(0))
        return refuse(ErrorCode::invalid_record,
                      fmt::format("the base offset must be 0, not {}", batch.base_offset().value));
    if (batch.record_count() <= 0)
        return refuse(ErrorCode::invalid_record,
                      fmt::format("the record count is {}", batch.record_count()));
    if (batch.last_offset_delta() != batch.record_count() - 1)
        return refuse(ErrorCode::invalid_record,
                      fmt::format("the last offset delta {} does not go with {} records",
                                  batch.last_offset_delta(), batch.record_count()));
    if (batch.is_control())
        return refuse(ErrorCode::invalid_record, "clients may not write control records");
    if (batch.has_producer_id() && batch.base_sequence().value < 0)
        return refuse(ErrorCode::invalid_record,
                      fmt::format("the sequence number is {} in a batch with a producer id",
                                  batch.base_sequence().value));
    return std::nullopt;
}

// Everything that the header says, and the CRC over what follows it.
std::optional<BatchError> check_header(const BatchView& batch, const ValidationRules& rules) {
    const auto compression = batch.compression();
    if (!compression)
        return refuse(
            ErrorCode::unsupported_compression_type,
            fmt::format("no compression has the number {}", batch.attributes() & compression_mask));
    if (*compression == CompressionType::zstd && rules.produce_version < zstd_since)
        return refuse(ErrorCode::unsupported_compression_type,
                      "zstd needs produce version 7 or later");
    if (batch.size() > rules.batch_bytes_max && !PLANT("produce.size_not_checked"))
        return refuse(ErrorCode::message_too_large,
                      fmt::format("the record batch has {} bytes, max.message.bytes is {}",
                                  batch.size(), rules.batch_bytes_max));
    if (!batch.crc_matches() && !PLANT("produce.crc_not_checked"))
        return refuse(ErrorCode::corrupt_message, "the checksum of the record batch is wrong");
    if (rules.from_client) return check_as_from_client(batch);
    if (batch.record_count() < 0 || batch.last_offset_delta() < 0)
        return refuse(ErrorCode::invalid_record, "a count in the record batch is negative");
    return std::nullopt;
}

// Timestamps within these need no second look; the bounds saturate.
struct Window {
    std::int64_t first;
    std::int64_t last;

    bool contains(Timestamp t) const { return first <= t.value && t.value <= last; }
};

Window window_of(const ValidationRules& rules) {
    constexpr __int128 lowest = std::numeric_limits<std::int64_t>::min();
    constexpr __int128 highest = std::numeric_limits<std::int64_t>::max();
    const __int128 first = static_cast<__int128>(rules.now.value) - rules.timestamp_before_max_ms;
    const __int128 last = static_cast<__int128>(rules.now.value) + rules.timestamp_after_max_ms;
    return {.first = static_cast<std::int64_t>(std::max(first, lowest)),
            .last = static_cast<std::int64_t>(std::min(last, highest))};
}

// Walks the records of one batch. Lives for one call.
class RecordCheck {
public:
    RecordCheck(const BatchView& batch, const ValidationRules& rules)
        : batch_(batch),
          rules_(rules),
          window_(window_of(rules)),
          base_timestamp_(batch.base_timestamp()),
          stamped_(batch.timestamp_type() == TimestampType::log_append_time) {}

    // False when the records are not as many, in the order, and of the form the header promises.
    bool walk(Slice records) {
        const std::uint8_t* at = records.data();
        const std::uint8_t* const end = at + records.size();
        const std::int32_t count = batch_.record_count();
        for (std::int32_t i = 0; i < count; ++i) {
            RecordView record;
            if (!take_record(at, end, record)) [[unlikely]]
                return false;
            // A cleaned batch has gaps; only the broker writes those.
            if (record.offset_delta != i && rules_.from_client) [[unlikely]]
                return false;
            look_at(record, i);
        }
        return at == end;
    }

    Timestamp max_timestamp() const { return max_timestamp_; }
    std::int32_t max_timestamp_offset_delta() const { return max_timestamp_offset_delta_; }
    std::optional<BatchError> error();

private:
    void look_at(const RecordView& record, std::int32_t index) {
        const Timestamp timestamp =
            stamped_ ? batch_.max_timestamp()
                     : Timestamp(wrapping_plus(base_timestamp_.value, record.timestamp_delta));
        if (timestamp > max_timestamp_) {
            max_timestamp_ = timestamp;
            max_timestamp_offset_delta_ = record.offset_delta;
        }
        if (rules_.compacted && !record.has_key) [[unlikely]]
            return key_is_missing(index);
        const bool producers = rules_.timestamp_type == TimestampType::create_time;
        if (producers && timestamp != no_timestamp) [[likely]] {
            if (!window_.contains(timestamp) && !PLANT("produce.timestamp_not_checked"))
                [[unlikely]]
                timestamp_is_outside(index, timestamp);
        } else if (stamped_ && rules_.from_client) [[unlikely]] {
            timestamp_is_not_the_producers(index);
        }
    }

    void key_is_missing(std::int32_t index);
    void timestamp_is_outside(std::int32_t index, Timestamp timestamp);
    void timestamp_is_not_the_producers(std::int32_t index);
    void note(std::int32_t index, std::string message);

    const BatchView& batch_;
    const ValidationRules& rules_;
    const Window window_;
    const Timestamp base_timestamp_;
    const bool stamped_;
    Timestamp max_timestamp_ = no_timestamp;
    std::int32_t max_timestamp_offset_delta_ = 0;
    std::int32_t bad_ = 0;
    bool bad_timestamp_ = false;
    std::vector<BadRecord> bad_records_;
};

void RecordCheck::note(std::int32_t index, std::string message) {
    ++bad_;
    if (bad_records_.size() < rules_.record_errors_max)
        bad_records_.push_back({.index = index, .message = std::move(message)});
}

void RecordCheck::key_is_missing(std::int32_t index) {
    note(index, "a record without a key cannot go to a compacted topic");
}

void RecordCheck::timestamp_is_outside(std::int32_t index, Timestamp timestamp) {
    bad_timestamp_ = true;
    note(index, fmt::format("the timestamp {} is not within {} and {}", timestamp.value,
                            window_.first, window_.last));
}

void RecordCheck::timestamp_is_not_the_producers(std::int32_t index) {
    bad_timestamp_ = true;
    note(index, "a producer may not set the timestamp type to log append time");
}

std::optional<BatchError> RecordCheck::error() {
    if (bad_ == 0) return std::nullopt;
    BatchError error;
    error.code = bad_timestamp_ ? ErrorCode::invalid_timestamp : ErrorCode::invalid_record;
    error.message =
        fmt::format("{} of {} records are refused, {}", bad_, batch_.record_count(),
                    bad_timestamp_ ? "at least one for its timestamp" : "because they have no key");
    error.records = std::move(bad_records_);
    return error;
}

ValidatedBatch describe(const BatchView& batch, const ValidationRules& rules,
                        const RecordCheck& records) {
    ValidatedBatch result;
    result.record_count = batch.record_count();
    result.last_offset_delta = batch.last_offset_delta();
    result.compression = *batch.compression();
    result.timestamp_type = rules.timestamp_type;
    if (rules.timestamp_type == TimestampType::log_append_time) {
        result.max_timestamp = rules.now;
        result.max_timestamp_offset_delta = 0;
    } else {
        result.max_timestamp = records.max_timestamp();
        result.max_timestamp_offset_delta = records.max_timestamp_offset_delta();
    }
    result.needs_stamp = batch.timestamp_type() != result.timestamp_type ||
                         batch.max_timestamp() != result.max_timestamp;
    result.producer_id = batch.producer_id();
    result.producer_epoch = batch.producer_epoch();
    result.base_sequence = batch.base_sequence();
    result.last_sequence = batch.last_sequence();
    result.is_transactional = batch.is_transactional();
    result.is_control = batch.is_control();
    return result;
}

BatchError refuse_records(Error error) {
    if (error == Error::limit)
        return refuse(ErrorCode::message_too_large,
                      "the records would be too large when decompressed");
    return refuse(ErrorCode::corrupt_message, "the records cannot be decompressed");
}

}  // namespace

Result<ValidatedBatch, BatchError> validate_batch(Slice bytes, const ValidationRules& rules) {
    const auto first = first_batch(bytes);
    if (first.failed()) return refuse_fault(first.error());
    const BatchView& batch = *first;
    if (batch.size() != bytes.size())
        return refuse(ErrorCode::invalid_record, "more than one record batch for a partition");
    if (auto error = check_header(batch, rules)) return *std::move(error);

    Slice records = batch.records();
    Bytes decompressed;
    if (*batch.compression() != CompressionType::none && !records.empty()) {
        auto result = decompress(*batch.compression(), records, rules.decompressed_bytes_max);
        if (result.failed()) return refuse_records(result.error());
        decompressed = *std::move(result);
        records = decompressed.view();
    }

    RecordCheck check(batch, rules);
    if (!check.walk(records))
        return refuse(ErrorCode::invalid_record,
                      "the records are not as the header of their batch says");
    if (auto error = check.error()) return *std::move(error);
    ValidatedBatch result = describe(batch, rules, check);
    result.uncompressed_size = records.size();
    return result;
}

}  // namespace sluice::protocol
