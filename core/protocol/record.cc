#include "core/protocol/record.h"

namespace sluice::protocol {

bool take_long_number_slowly(const std::uint8_t*& at, const std::uint8_t* end, std::int64_t& out,
                             std::size_t size_max) {
    Slice rest(at, end);
    const auto n = take_unsigned_varint(rest, size_max);
    if (!n) return false;
    if (size_max == varint_size_max && *n > std::numeric_limits<std::uint32_t>::max()) return false;
    // The tenth byte has room for one bit.
    const auto size = static_cast<std::size_t>(rest.data() - at);
    if (size == varlong_size_max && at[varlong_size_max - 1] > 1) return false;
    out = unzigzag(*n);
    at = rest.data();
    return true;
}

std::optional<HeaderView> HeaderReader::next() {
    if (left_ == 0) return std::nullopt;
    HeaderView header;
    std::int64_t n = 0;
    if (!take_number<varint_size_max>(at_, end_, n) || n < 0 || n > end_ - at_) return std::nullopt;
    header.key = {at_, static_cast<std::size_t>(n)};
    at_ += n;
    if (!take_number<varint_size_max>(at_, end_, n) || n > end_ - at_) return std::nullopt;
    header.has_value = n >= 0;
    header.value = {at_, static_cast<std::size_t>(n < 0 ? 0 : n)};
    at_ += header.value.size();
    --left_;
    return header;
}

bool headers_are_sound(const RecordView& record) {
    HeaderReader headers(record);
    while (headers.next()) {
    }
    return headers.finished_well();
}

std::optional<RecordView> RecordReader::next() {
    if (left_ <= 0 || !ok_) return std::nullopt;
    RecordView record;
    ok_ = take_record(at_, end_, record);
    if (!ok_) return std::nullopt;
    --left_;
    return record;
}

Timestamp RecordReader::timestamp_of(const RecordView& record) const {
    if (timestamp_type_ == TimestampType::log_append_time) return append_time_;
    return Timestamp(wrapping_plus(base_timestamp_.value, record.timestamp_delta));
}

}  // namespace sluice::protocol
