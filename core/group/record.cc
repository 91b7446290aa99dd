#include "core/group/record.h"

#include "core/protocol/codec.h"
#include "core/protocol/versioned.h"

namespace sluice::group {
namespace {

using protocol::GroupRecordType;

// Version 1 alone can say when an offset expires; version 4 alone which topic it belongs to.
// Otherwise what Kafka 4.3 writes.
Version version_of(const protocol::OffsetCommitValue& value) {
    return Version(value.expire_timestamp == no_timestamp ? 4 : 1);
}
Version version_of(const protocol::GroupMetadataValue&) {
    return Version(3);
}

RecordBytes encode_parts(const auto& record) {
    RecordBytes bytes;
    auto key = protocol::encode_key(record.key);
    ASSERT(!key.failed());
    bytes.key = std::move(*key);
    if (record.value) {
        auto value = protocol::encode_value(*record.value, version_of(*record.value));
        ASSERT(!value.failed());
        bytes.value = std::move(*value);
    }
    return bytes;
}

Result<std::optional<Record>> decode_offset(const Bytes& key, const std::optional<Bytes>& value) {
    auto decoded = protocol::decode<protocol::OffsetCommitKey>(key, Version(0));
    if (decoded.failed()) return Error::corrupt;
    OffsetRecord record{std::move(*decoded), std::nullopt};
    if (value) {
        auto read = protocol::decode_offset_commit_value(*value);
        if (read.failed()) return Error::corrupt;
        record.value = std::move(*read);
    }
    return std::optional<Record>(std::move(record));
}

Result<std::optional<Record>> decode_group(const Bytes& key, const std::optional<Bytes>& value) {
    auto decoded = protocol::decode<protocol::GroupMetadataKey>(key, Version(0));
    if (decoded.failed()) return Error::corrupt;
    GroupRecord record{std::move(*decoded), std::nullopt};
    if (value) {
        auto read = protocol::decode_group_metadata_value(*value);
        if (read.failed()) return Error::corrupt;
        record.value = std::move(*read);
    }
    return std::optional<Record>(std::move(record));
}

}  // namespace

RecordBytes encode(const Record& record) {
    return std::visit([](const auto& each) { return encode_parts(each); }, record);
}

Result<std::optional<Record>> decode(const RecordBytes& bytes) {
    Bytes key = bytes.key;
    const auto type = protocol::take_prefix(key);
    if (type.failed()) return Error::corrupt;
    switch (static_cast<GroupRecordType>(*type)) {
        case GroupRecordType::legacy_offset_commit:
        case GroupRecordType::offset_commit:
            return decode_offset(key, bytes.value);
        case GroupRecordType::group_metadata:
            return decode_group(key, bytes.value);
    }
    if (bytes.value) return Error::invalid;
    return std::optional<Record>();
}

}  // namespace sluice::group
