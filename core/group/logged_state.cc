#include "core/group/logged_state.h"

#include "core/base/probe.h"

namespace sluice::group {

void LoggedState::apply(const Record& record) {
    std::visit([this](const auto& each) { apply_record(each); }, record);
}

const LoggedGroup* LoggedState::find(std::string_view group_id) const {
    const auto found = groups_.find(group_id);
    return found == groups_.end() ? nullptr : &found->second;
}

void LoggedState::apply_record(const OffsetRecord& record) {
    if (record.value) {
        OffsetsByPartition& offsets = groups_[record.key.group].offsets[record.key.topic];
        if (offsets.insert_or_assign(record.key.partition, *record.value).second) ++offset_count_;
        return;
    }
    // A tombstone may come for what was never there: compaction removes records in between.
    const auto group = groups_.find(record.key.group);
    if (group == groups_.end()) return;
    const auto topic = group->second.offsets.find(record.key.topic);
    if (topic == group->second.offsets.end()) return;
    offset_count_ -= topic->second.erase(record.key.partition);
    if (topic->second.empty()) group->second.offsets.erase(topic);
    forget_if_empty(group);
}

void LoggedState::apply_record(const GroupRecord& record) {
    if (record.value) {
        groups_[record.key.group].metadata = *record.value;
        return;
    }
    const auto group = groups_.find(record.key.group);
    if (group == groups_.end()) return;
    group->second.metadata.reset();
    forget_if_empty(group);
}

void LoggedState::forget_if_empty(Groups::iterator group) {
    if (!group->second.metadata && group->second.offsets.empty()) groups_.erase(group);
}

std::vector<Record> image_of(const std::string& group_id, const LoggedGroup& group) {
    std::vector<Record> records;
    if (group.metadata && !PLANT("group.image_without_members"))
        records.emplace_back(GroupRecord{{group_id}, group.metadata});
    for (const auto& [topic, partitions] : group.offsets)
        for (const auto& [partition, value] : partitions)
            if (partition > PartitionIndex(0) || !PLANT("group.image_without_an_offset"))
                records.emplace_back(OffsetRecord{{group_id, topic, partition}, value});
    return records;
}

OffsetRecord offset_tombstone(std::string group_id, std::string topic, PartitionIndex partition) {
    return {{std::move(group_id), std::move(topic), partition}, std::nullopt};
}

}  // namespace sluice::group
