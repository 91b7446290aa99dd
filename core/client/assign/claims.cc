#include "core/client/assign/claims.h"

#include <algorithm>

namespace sluice::client {

Claims::Claims(const std::vector<GroupMemberWish>& members, const PartitionCounts& counts) {
    std::map<TopicPartition, GenerationId> newest;
    for (const GroupMemberWish& member : members) {
        for (const TopicPartition& partition : member.owned) {
            const auto count = counts.find(partition.topic);
            const bool exists = count != counts.end() && partition.partition >= PartitionIndex(0) &&
                                partition.partition < PartitionIndex(count->second);
            const bool subscribed =
                std::ranges::find(member.topics, partition.topic) != member.topics.end();
            if (!exists || !claimants_[partition].insert(member.member_id).second) continue;
            const auto [known, first] = newest.emplace(partition, member.generation);
            if (first || member.generation > known->second) {
                known->second = member.generation;
                owners_[partition] = subscribed ? member.member_id : "";
            } else if (member.generation == known->second) {
                owners_[partition].clear();
            }
        }
    }
}

const std::string& Claims::owner(const TopicPartition& partition) const {
    static const std::string nobody;
    const auto found = owners_.find(partition);
    return found == owners_.end() ? nobody : found->second;
}

bool Claims::claimed_by_another(const TopicPartition& partition, const std::string& member) const {
    const auto found = claimants_.find(partition);
    return found != claimants_.end() &&
           std::ranges::any_of(found->second, [&](const auto& each) { return each != member; });
}

}  // namespace sluice::client
