#include "core/protocol/batch_builder.h"

#include <algorithm>
#include <cstring>

#include "core/base/endian.h"
#include "core/base/varint.h"

namespace sluice::protocol {

void RecordBatchBuilder::append(const NewRecord& record) {
    if (count_ == 0) base_timestamp_ = record.timestamp;
    max_timestamp_ = std::max(max_timestamp_, record.timestamp);
    body_.clear();
    body_.push_back(0);  // Attributes, of which there are none.
    put_number(wrapping_minus(record.timestamp.value, base_timestamp_.value));
    put_number(count_);
    put_bytes(record.key);
    put_bytes(record.value);
    put_number(static_cast<std::int64_t>(record.headers.size()));
    for (const NewHeader& header : record.headers) {
        put_bytes(as_slice(header.key));
        put_bytes(header.value);
    }
    std::uint8_t size[varlong_size_max];
    const std::size_t size_size =
        put_unsigned_varint(size, zigzag(static_cast<std::int64_t>(body_.size())));
    records_.insert(records_.end(), size, size + size_size);
    records_.insert(records_.end(), body_.begin(), body_.end());
    ++count_;
}

Bytes RecordBatchBuilder::build() const {
    const bool compressed = options_.compression != CompressionType::none && count_ > 0;
    const Bytes squeezed =
        compressed ? compress(options_.compression, options_.level, records_) : Bytes();
    const Slice body = compressed ? squeezed.view() : Slice(records_);

    int attributes = static_cast<int>(options_.compression);
    if (options_.is_transactional) attributes |= transactional_bit;
    if (options_.is_control) attributes |= control_bit;
    Buffer batch = Buffer::allocate(batch_header_size + body.size());
    std::uint8_t* const at = batch.data();
    place_batch(batch.all(), options_.base_offset, options_.leader_epoch);
    store_big(at + batch_at::batch_length,
              static_cast<std::int32_t>(batch.size() - batch_prefix_size));
    store_big(at + batch_at::magic, batch_magic);
    store_big(at + batch_at::attributes, static_cast<std::int16_t>(attributes));
    store_big(at + batch_at::last_offset_delta, count_ - 1);
    store_big(at + batch_at::base_timestamp, base_timestamp_.value);
    store_big(at + batch_at::producer_id, options_.producer_id.value);
    store_big(at + batch_at::producer_epoch, options_.producer_epoch.value);
    store_big(at + batch_at::base_sequence, options_.base_sequence.value);
    store_big(at + batch_at::record_count, count_);
    if (!body.empty()) std::memcpy(at + batch_at::records, body.data(), body.size());
    stamp_batch(batch.all(), options_.timestamp_type, max_timestamp_);
    return Bytes(std::move(batch));
}

void RecordBatchBuilder::put_number(std::int64_t n) {
    std::uint8_t bytes[varlong_size_max];
    const std::size_t size = put_unsigned_varint(bytes, zigzag(n));
    body_.insert(body_.end(), bytes, bytes + size);
}

void RecordBatchBuilder::put_bytes(const std::optional<Slice>& bytes) {
    if (!bytes) return put_number(-1);
    put_number(static_cast<std::int64_t>(bytes->size()));
    body_.insert(body_.end(), bytes->begin(), bytes->end());
}

}  // namespace sluice::protocol
