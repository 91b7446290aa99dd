#include "core/protocol/record.h"

namespace sluice::protocol {

TakenNumber take_long_number(const std::uint8_t* at, const std::uint8_t* end,
                             std::size_t size_max) {
    Slice rest(at, end);
    const auto n = take_unsigned_varint(rest, size_max);
    if (!n) return {};
    if (size_max == varint_size_max && *n > std::numeric_limits<std::uint32_t>::max()) return {};
    // The tenth byte has room for one bit.
    const auto size = static_cast<std::size_t>(rest.data() - at);
    if (size == varlong_size_max && at[varlong_size_max - 1] > 1) return {};
    return {rest.data(), unzigzag(*n)};
}

std::optional<HeaderView> HeaderReader::next() {
    if (left_ == 0) return std::nullopt;
    HeaderView header;
    const auto key = take_number<varint_size_max>(at_, end_);
    if (!key.behind || key.value < 0 || key.value > end_ - key.behind) return std::nullopt;
    header.key = {key.behind, static_cast<std::size_t>(key.value)};
    const auto value = take_number<varint_size_max>(key.behind + key.value, end_);
    if (!value.behind || value.value > end_ - value.behind) return std::nullopt;
    header.has_value = value.value >= 0;
    header.value = {value.behind, static_cast<std::size_t>(header.has_value ? value.value : 0)};
    at_ = header.value.data() + header.value.size();
    --left_;
    return header;
}

bool headers_are_sound(Slice headers, std::int32_t count) {
    HeaderReader reader(headers, count);
    while (reader.next()) {
    }
    return reader.finished_well();
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
