#include "core/protocol/metadata_record.h"

#include <cstring>
#include <limits>
#include <optional>

#include "core/base/varint.h"

namespace sluice::protocol {

namespace {

constexpr std::uint64_t frame_version = 1;

// Calls `visit(Record{})` for the alternative with this type, and says whether there is one.
template <class... Record>
bool with_type(std::type_identity<std::variant<Record...>> /*list*/, MetadataRecordType type,
               auto&& visit) {
    return ((type == Record::type && (visit(std::type_identity<Record>{}), true)) || ...);
}

std::optional<std::int16_t> take_number(Slice& from) {
    const auto n = take_unsigned_varint(from, varint_size_max);
    if (!n || *n > std::numeric_limits<std::int16_t>::max()) return std::nullopt;
    return static_cast<std::int16_t>(*n);
}

}  // namespace

MetadataRecordType type_of(const MetadataRecord& record) {
    return std::visit([](const auto& r) { return r.type; }, record);
}

std::string to_text(const MetadataRecord& record) {
    return std::visit(
        [](const auto& r) {
            return fmt::format("{} {}", static_cast<std::int16_t>(r.type), to_text(r));
        },
        record);
}

Result<Bytes> encode_metadata_record(const MetadataRecord& record, Version version) {
    TRY(const Bytes body, std::visit([&](const auto& r) { return encode(r, version); }, record));
    std::uint8_t frame[3 * varint_size_max];
    std::size_t size = put_unsigned_varint(frame, frame_version);
    size += put_unsigned_varint(frame + size, static_cast<std::uint64_t>(type_of(record)));
    size += put_unsigned_varint(frame + size, static_cast<std::uint64_t>(version.value));
    Buffer value = Buffer::allocate(size + body.size());
    std::memcpy(value.data(), frame, size);
    std::memcpy(value.data() + size, body.data(), body.size());
    return Bytes(std::move(value));
}

Bytes encode_newest(const MetadataRecord& record) {
    const Version newest =
        std::visit([](const auto& r) { return Version(r.versions.last); }, record);
    auto value = encode_metadata_record(record, newest);
    ASSERT(!value.failed());
    return std::move(*value);
}

Result<MetadataRecordFrame> take_metadata_record_frame(Bytes& value) {
    Slice rest = value.view();
    const auto version_of_frame = take_number(rest);
    const auto type = take_number(rest);
    const auto version = take_number(rest);
    if (version_of_frame != frame_version || !type || !version) return Error::invalid;
    value = value.slice(value.size() - rest.size(), rest.size());
    return MetadataRecordFrame{.type = static_cast<MetadataRecordType>(*type),
                               .version = Version(*version)};
}

Result<MetadataRecord> decode_metadata_record(const Bytes& value, DecodeLimits limits) {
    Bytes body = value;
    TRY(const MetadataRecordFrame frame, take_metadata_record_frame(body));
    Result<MetadataRecord> result = Error::not_found;
    with_type(std::type_identity<MetadataRecord>{}, frame.type, [&](auto identity) {
        using Record = typename decltype(identity)::type;
        if (!Record::versions.contains(frame.version)) return;
        auto record = decode<Record>(body, frame.version, limits);
        if (record)
            result = MetadataRecord(*std::move(record));
        else
            result = record.error();
    });
    return result;
}

}  // namespace sluice::protocol
