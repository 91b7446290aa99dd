#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/protocol/records/group_records.h"

namespace sluice::group {

// What a coordinator writes to its log. Without a value it is a tombstone.
struct OffsetRecord {
    protocol::OffsetCommitKey key;
    std::optional<protocol::OffsetCommitValue> value;

    bool operator==(const OffsetRecord&) const = default;
};
// The same of a group and its members.
struct GroupRecord {
    protocol::GroupMetadataKey key;
    std::optional<protocol::GroupMetadataValue> value;

    bool operator==(const GroupRecord&) const = default;
};
using Record = std::variant<OffsetRecord, GroupRecord>;

// A record as it stands in the log.
struct RecordBytes {
    Bytes key;
    std::optional<Bytes> value;
    std::size_t size() const { return key.size() + (value ? value->size() : 0); }
};

// Every name in `record` is at most name_bytes_max long.
RecordBytes encode(const Record& record);
// Nothing for the tombstone of a kind that is not served; Error::invalid for a value of such a
// kind, Error::corrupt for what cannot be read.
Result<std::optional<Record>> decode(const RecordBytes& bytes);

}  // namespace sluice::group
