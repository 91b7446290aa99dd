#pragma once

// The records inside a batch: read one by one where they lie, checked as they are read.

#include <cstdint>
#include <limits>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/varint.h"
#include "core/protocol/record_batch.h"

namespace sluice::protocol {

// A number taken from a record, and where it ended; null when there was none. By value, so that
// both stay in registers.
struct TakenNumber {
    const std::uint8_t* behind = nullptr;
    std::int64_t value = 0;
};

TakenNumber take_long_number(const std::uint8_t* at, const std::uint8_t* end, std::size_t size_max);

// A signed number of a record: zigzag, at most 5 bytes for 32 bits, at most 10 for 64. Never reads
// beyond `end`. One and two bytes are nearly all there are.
template <std::size_t size_max>
[[gnu::always_inline]] inline TakenNumber take_number(const std::uint8_t* at,
                                                      const std::uint8_t* end) {
    if (end - at >= 2) [[likely]] {
        if (at[0] < 0x80) return {at + 1, unzigzag(at[0])};
        if (at[1] < 0x80) return {at + 2, unzigzag((std::uint64_t{at[1]} << 7) | (at[0] & 0x7fu))};
    }
    return take_long_number(at, end, size_max);
}

// A record where it lies. Its parts point into the batch (or what it was decompressed to).
struct RecordView {
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
    std::int32_t header_count = 0;
    bool has_key = false;
    bool has_value = false;
    Slice key;
    Slice value;
    // The headers as written; HeaderReader takes them apart.
    Slice headers;
    // The whole record with its length.
    std::size_t size = 0;
};

struct HeaderView {
    Slice key;
    bool has_value = false;
    Slice value;
};

// Goes through the headers of a record.
class HeaderReader {
public:
    explicit HeaderReader(const RecordView& record)
        : HeaderReader(record.headers, record.header_count) {}
    HeaderReader(Slice headers, std::int32_t count)
        : at_(headers.data()), end_(headers.data() + headers.size()), left_(count) {}

    // The next header; nothing at the end, and where there is none although there should be.
    std::optional<HeaderView> next();
    // True once every header was read and nothing is left over.
    bool finished_well() const { return left_ == 0 && at_ == end_; }

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::int32_t left_;
};

// Whether the headers of a record are as many, and as long, as it says.
bool headers_are_sound(Slice headers, std::int32_t count);

// Reads the record at `*at`, which lies wholly before `end`, checks all of it and moves `*at`
// behind it. False when it is no record; then `out` means nothing.
[[gnu::always_inline]] inline bool take_record(const std::uint8_t*& at, const std::uint8_t* end,
                                               RecordView& out) {
    const std::uint8_t* const begin = at;
    const TakenNumber length = take_number<varint_size_max>(at, end);
    if (!length.behind || length.value < 1 || length.value > end - length.behind) return false;
    const std::uint8_t* const record_end = length.behind + length.value;

    // The attributes of a record, one byte, mean nothing yet.
    const auto timestamp = take_number<varlong_size_max>(length.behind + 1, record_end);
    if (!timestamp.behind) return false;
    const auto offset = take_number<varint_size_max>(timestamp.behind, record_end);
    if (!offset.behind) return false;
    const auto key = take_number<varint_size_max>(offset.behind, record_end);
    if (!key.behind || key.value > record_end - key.behind) return false;
    const std::int64_t key_size = key.value < 0 ? 0 : key.value;
    const auto value = take_number<varint_size_max>(key.behind + key_size, record_end);
    if (!value.behind || value.value > record_end - value.behind) return false;
    const std::int64_t value_size = value.value < 0 ? 0 : value.value;
    const auto headers = take_number<varint_size_max>(value.behind + value_size, record_end);
    if (!headers.behind || headers.value < 0) return false;

    out.timestamp_delta = timestamp.value;
    out.offset_delta = static_cast<std::int32_t>(offset.value);
    out.has_key = key.value >= 0;
    out.key = {key.behind, static_cast<std::size_t>(key_size)};
    out.has_value = value.value >= 0;
    out.value = {value.behind, static_cast<std::size_t>(value_size)};
    out.header_count = static_cast<std::int32_t>(headers.value);
    out.headers = {headers.behind, record_end};
    out.size = static_cast<std::size_t>(record_end - begin);
    at = record_end;
    if (headers.value == 0) [[likely]]
        return headers.behind == record_end;
    return headers_are_sound(out.headers, out.header_count);
}

// Goes through the records of a batch, uncompressed.
class RecordReader {
public:
    // `records` is what records_of() gave for the batch.
    RecordReader(const BatchView& batch, Slice records)
        : at_(records.data()),
          end_(records.data() + records.size()),
          left_(batch.record_count()),
          base_timestamp_(batch.base_timestamp()),
          append_time_(batch.max_timestamp()),
          timestamp_type_(batch.timestamp_type()),
          base_offset_(batch.base_offset()) {}

    // The next record; nothing at the end, and where there is none although there should be.
    std::optional<RecordView> next();
    // True once as many records were read as the batch says, and nothing is left over.
    bool finished_well() const { return ok_ && left_ <= 0 && at_ == end_; }

    Offset offset_of(const RecordView& record) const {
        return Offset(wrapping_plus(base_offset_.value, record.offset_delta));
    }
    Timestamp timestamp_of(const RecordView& record) const;

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::int32_t left_;
    bool ok_ = true;
    Timestamp base_timestamp_;
    Timestamp append_time_;
    TimestampType timestamp_type_;
    Offset base_offset_;
};

}  // namespace sluice::protocol
