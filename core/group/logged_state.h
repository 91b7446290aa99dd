#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/group/record.h"

namespace sluice::group {

using OffsetsByPartition = std::map<PartitionIndex, protocol::OffsetCommitValue>;
using OffsetsByTopic = std::map<std::string, OffsetsByPartition, std::less<>>;

// What the log says of one group. A simple group, which only keeps offsets here, has no metadata.
struct LoggedGroup {
    std::optional<protocol::GroupMetadataValue> metadata;
    OffsetsByTopic offsets;

    bool operator==(const LoggedGroup&) const = default;
};

// The hard state of a coordinator: what its log says, and nothing else. Only apply() changes it,
// and cannot fail; replaying the log gives the same state again.
class LoggedState {
public:
    using Groups = std::map<std::string, LoggedGroup, std::less<>>;

    void apply(const Record& record);

    const Groups& groups() const { return groups_; }
    const LoggedGroup* find(std::string_view group_id) const;
    std::size_t offset_count() const { return offset_count_; }

    bool operator==(const LoggedState&) const = default;

private:
    void apply_record(const OffsetRecord& record);
    void apply_record(const GroupRecord& record);
    void forget_if_empty(Groups::iterator group);

    Groups groups_;
    std::size_t offset_count_ = 0;
};

// The records that make a state hold this group again.
std::vector<Record> image_of(const std::string& group_id, const LoggedGroup& group);
OffsetRecord offset_tombstone(std::string group_id, std::string topic, PartitionIndex partition);

}  // namespace sluice::group
