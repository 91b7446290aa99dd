#include "core/protocol/record_batch.h"

#include <limits>

#include "core/base/crc32c.h"

namespace sluice::protocol {

Sequence sequence_plus(Sequence sequence, std::int32_t distance) {
    constexpr std::int64_t period = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;
    const std::int64_t sum = std::int64_t{sequence.value} + distance;
    return Sequence(static_cast<std::int32_t>(sum < period ? sum : sum - period));
}

Sequence BatchView::last_sequence() const {
    if (base_sequence() == no_sequence) return no_sequence;
    return sequence_plus(base_sequence(), last_offset_delta());
}

std::uint32_t BatchView::computed_crc() const {
    return crc32c(bytes_.subspan(batch_crc_from));
}

Result<BatchView, BatchFault> first_batch(Slice bytes) {
    if (bytes.size() <= batch_at::magic) return BatchFault::incomplete;
    const auto magic = load_big<std::int8_t>(bytes.data() + batch_at::magic);
    if (magic < 0 || magic > batch_magic) return BatchFault::bad_magic;
    if (magic < batch_magic) return BatchFault::old_magic;
    const auto length = load_big<std::int32_t>(bytes.data() + batch_at::batch_length);
    constexpr auto length_min = static_cast<std::int32_t>(batch_header_size - batch_prefix_size);
    if (length < length_min) return BatchFault::bad_length;
    const std::size_t size = batch_prefix_size + static_cast<std::size_t>(length);
    if (size > bytes.size()) return BatchFault::incomplete;
    return BatchView(bytes.first(size));
}

std::optional<BatchView> BatchSplitter::next() {
    if (rest_.empty() || fault_) return std::nullopt;
    const auto batch = first_batch(rest_);
    if (batch.failed()) {
        fault_ = batch.error();
        return std::nullopt;
    }
    rest_ = rest_.subspan(batch->size());
    return *batch;
}

void place_batch(MutableSlice batch, Offset base_offset, LeaderEpoch leader_epoch) {
    ASSERT(batch.size() >= batch_header_size);
    store_big(batch.data() + batch_at::base_offset, base_offset.value);
    store_big(batch.data() + batch_at::leader_epoch, leader_epoch.value);
}

void stamp_batch(MutableSlice batch, TimestampType type, Timestamp max_timestamp) {
    const BatchView before{Slice(batch)};
    const int cleared = before.attributes() & ~log_append_time_bit;
    const int set = type == TimestampType::log_append_time ? log_append_time_bit : 0;
    store_big(batch.data() + batch_at::attributes, static_cast<std::int16_t>(cleared | set));
    store_big(batch.data() + batch_at::max_timestamp, max_timestamp.value);
    store_big(batch.data() + batch_at::crc, BatchView{Slice(batch)}.computed_crc());
}

}  // namespace sluice::protocol
