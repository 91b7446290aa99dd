#pragma once

// The records inside a batch: read one by one where they lie, checked as they are read.

#include <cstdint>
#include <limits>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/varint.h"
#include "core/protocol/record_batch.h"

namespace sluice::protocol {

// A signed number of a record: zigzag, at most 5 bytes for 32 bits, at most 10 for 64. Reads at
// `*at`, never beyond `end`, and moves `*at`. One and two bytes are nearly all there are.
bool take_long_number_slowly(const std::uint8_t*& at, const std::uint8_t* end, std::int64_t& out,
                             std::size_t size_max);

template <std::size_t size_max>
inline bool take_number(const std::uint8_t*& at, const std::uint8_t* end, std::int64_t& out) {
    if (end - at >= 2) [[likely]] {
        if (at[0] < 0x80) {
            out = unzigzag(*at++);
            return true;
        }
        if (at[1] < 0x80) {
            out = unzigzag((std::uint64_t{at[1]} << 7) | (at[0] & 0x7fu));
            at += 2;
            return true;
        }
    }
    return take_long_number_slowly(at, end, out, size_max);
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
        : at_(record.headers.data()),
          end_(record.headers.data() + record.headers.size()),
          left_(record.header_count) {}

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
bool headers_are_sound(const RecordView& record);

// Reads the record at `*at`, which lies wholly before `end`, checks all of it and moves `*at`
// behind it. False when it is no record; then `out` means nothing.
inline bool take_record(const std::uint8_t*& at, const std::uint8_t* end, RecordView& out) {
    const std::uint8_t* const begin = at;
    std::int64_t n = 0;
    if (!take_number<varint_size_max>(at, end, n)) return false;
    if (n < 1 || n > end - at) return false;
    const std::uint8_t* const record_end = at + n;
    ++at;  // The attributes of a record mean nothing yet.
    if (!take_number<varlong_size_max>(at, record_end, out.timestamp_delta)) return false;
    if (!take_number<varint_size_max>(at, record_end, n)) return false;
    out.offset_delta = static_cast<std::int32_t>(n);

    if (!take_number<varint_size_max>(at, record_end, n) || n > record_end - at) return false;
    out.has_key = n >= 0;
    out.key = {at, static_cast<std::size_t>(n < 0 ? 0 : n)};
    at += out.key.size();

    if (!take_number<varint_size_max>(at, record_end, n) || n > record_end - at) return false;
    out.has_value = n >= 0;
    out.value = {at, static_cast<std::size_t>(n < 0 ? 0 : n)};
    at += out.value.size();

    if (!take_number<varint_size_max>(at, record_end, n) || n < 0 || n > record_end - at)
        return false;
    out.header_count = static_cast<std::int32_t>(n);
    out.headers = {at, record_end};
    at = record_end;
    out.size = static_cast<std::size_t>(at - begin);
    return n == 0 ? out.headers.empty() : headers_are_sound(out);
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
