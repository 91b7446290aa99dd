#pragma once

// Record batches, format 2: the one shape of data from a producer's memory to the disk and on to
// consumers. A batch is read where it lies and never materialised; records are in record.h.

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/result.h"
#include "core/base/strong.h"

namespace sluice::protocol {

// Where the fields of a batch's header begin.
namespace batch_at {
inline constexpr std::size_t base_offset = 0;
inline constexpr std::size_t batch_length = base_offset + sizeof(std::int64_t);
inline constexpr std::size_t leader_epoch = batch_length + sizeof(std::int32_t);
inline constexpr std::size_t magic = leader_epoch + sizeof(std::int32_t);
inline constexpr std::size_t crc = magic + sizeof(std::int8_t);
inline constexpr std::size_t attributes = crc + sizeof(std::uint32_t);
inline constexpr std::size_t last_offset_delta = attributes + sizeof(std::int16_t);
inline constexpr std::size_t base_timestamp = last_offset_delta + sizeof(std::int32_t);
inline constexpr std::size_t max_timestamp = base_timestamp + sizeof(std::int64_t);
inline constexpr std::size_t producer_id = max_timestamp + sizeof(std::int64_t);
inline constexpr std::size_t producer_epoch = producer_id + sizeof(std::int64_t);
inline constexpr std::size_t base_sequence = producer_epoch + sizeof(std::int16_t);
inline constexpr std::size_t record_count = base_sequence + sizeof(std::int32_t);
inline constexpr std::size_t records = record_count + sizeof(std::int32_t);
}  // namespace batch_at

inline constexpr std::size_t batch_header_size = batch_at::records;
static_assert(batch_header_size == 61);
// What stands before the part that batch_length counts.
inline constexpr std::size_t batch_prefix_size = batch_at::leader_epoch;
static_assert(batch_prefix_size == 12);
// What the CRC does not cover, so that a leader can place a batch without touching it: it begins
// here.
inline constexpr std::size_t batch_crc_from = batch_at::attributes;
static_assert(batch_crc_from == 21);

inline constexpr std::int8_t batch_magic = 2;

enum class CompressionType : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };
inline constexpr std::uint8_t compression_types = 5;

enum class TimestampType : std::uint8_t { create_time = 0, log_append_time = 1 };

// The attribute bits of a batch.
inline constexpr std::int16_t compression_mask = 0x07;
inline constexpr std::int16_t log_append_time_bit = 0x08;
inline constexpr std::int16_t transactional_bit = 0x10;
inline constexpr std::int16_t control_bit = 0x20;
inline constexpr std::int16_t delete_horizon_bit = 0x40;

// Why bytes do not begin with a whole batch.
enum class BatchFault {
    incomplete,  // They end too soon: normal at the end of a fetch, and of a torn file.
    bad_length,  // The length is smaller than a header, or negative.
    old_magic,   // A message of format 0 or 1, which nobody writes any more.
    bad_magic,   // No format that exists.
};

// Sequence numbers begin again at 0 behind the largest.
Sequence sequence_plus(Sequence sequence, std::int32_t distance);

// Sums that go around the corner rather than overflow, because their parts may be a stranger's.
constexpr std::int64_t wrapping_plus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
constexpr std::int64_t wrapping_minus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// A batch in somebody else's memory, whole and of format 2 (first_batch saw to that) but otherwise
// not believed: every number in it may be hostile until validate_batch has passed it.
class BatchView {
public:
    // `bytes` is exactly one batch.
    explicit BatchView(Slice bytes) : bytes_(bytes) { ASSERT(bytes.size() >= batch_header_size); }

    Slice bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    // Behind the header; compressed if the batch is.
    Slice records() const { return bytes_.subspan(batch_at::records); }

    Offset base_offset() const { return Offset(load<std::int64_t>(batch_at::base_offset)); }
    Offset last_offset() const {
        return Offset(wrapping_plus(base_offset().value, last_offset_delta()));
    }
    // The offset behind the batch.
    Offset next_offset() const { return Offset(wrapping_plus(last_offset().value, 1)); }
    std::int32_t batch_length() const { return load<std::int32_t>(batch_at::batch_length); }
    LeaderEpoch leader_epoch() const {
        return LeaderEpoch(load<std::int32_t>(batch_at::leader_epoch));
    }
    std::int8_t magic() const { return load<std::int8_t>(batch_at::magic); }
    std::uint32_t crc() const { return load<std::uint32_t>(batch_at::crc); }
    std::int32_t last_offset_delta() const {
        return load<std::int32_t>(batch_at::last_offset_delta);
    }
    Timestamp base_timestamp() const {
        return Timestamp(load<std::int64_t>(batch_at::base_timestamp));
    }
    Timestamp max_timestamp() const {
        return Timestamp(load<std::int64_t>(batch_at::max_timestamp));
    }
    ProducerId producer_id() const { return ProducerId(load<std::int64_t>(batch_at::producer_id)); }
    ProducerEpoch producer_epoch() const {
        return ProducerEpoch(load<std::int16_t>(batch_at::producer_epoch));
    }
    Sequence base_sequence() const { return Sequence(load<std::int32_t>(batch_at::base_sequence)); }
    Sequence last_sequence() const;
    std::int32_t record_count() const { return load<std::int32_t>(batch_at::record_count); }

    std::int16_t attributes() const { return load<std::int16_t>(batch_at::attributes); }
    // Nothing for a number that is no compression.
    std::optional<CompressionType> compression() const {
        const auto number = static_cast<std::uint8_t>(attributes() & compression_mask);
        if (number >= compression_types) return std::nullopt;
        return static_cast<CompressionType>(number);
    }
    TimestampType timestamp_type() const {
        return has(log_append_time_bit) ? TimestampType::log_append_time
                                        : TimestampType::create_time;
    }
    bool is_transactional() const { return has(transactional_bit); }
    bool is_control() const { return has(control_bit); }
    // Set by the cleaner: tombstones and markers in this batch may go at base_timestamp.
    bool has_delete_horizon() const { return has(delete_horizon_bit); }
    bool has_producer_id() const { return producer_id() > no_producer_id; }

    // What the CRC should be, over the bytes as they are.
    std::uint32_t computed_crc() const;
    bool crc_matches() const { return crc() == computed_crc(); }

private:
    template <std::integral Int>
    Int load(std::size_t at) const {
        return load_big<Int>(bytes_.data() + at);
    }
    bool has(std::int16_t bit) const { return (attributes() & bit) != 0; }

    Slice bytes_;
};

// The batch that `bytes` begin with. Its CRC and records are not looked at.
[[nodiscard]] Result<BatchView, BatchFault> first_batch(Slice bytes);

// Goes through batches that stand one behind another, as in a fetch response or a segment.
class BatchSplitter {
public:
    explicit BatchSplitter(Slice bytes) : rest_(bytes) {}

    // The next whole batch; nothing at the end, and where the rest is no whole batch.
    std::optional<BatchView> next();

    // What next() did not pass. Empty when everything was whole batches.
    Slice rest() const { return rest_; }
    // Why next() returned nothing although there is a rest.
    std::optional<BatchFault> fault() const { return fault_; }

private:
    Slice rest_;
    std::optional<BatchFault> fault_;
};

// Gives a batch its place in a log. The CRC covers neither.
void place_batch(MutableSlice batch, Offset base_offset, LeaderEpoch leader_epoch);

// Sets the kind of timestamps and the largest one, and the CRC anew. With log append time every
// record counts as having `max_timestamp`, whatever it says itself.
void stamp_batch(MutableSlice batch, TimestampType type, Timestamp max_timestamp);

}  // namespace sluice::protocol
