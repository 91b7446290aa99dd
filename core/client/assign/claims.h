#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/client/assign/assignor.h"

namespace sluice::client {

// Who says that he has a partition, and who of them is believed: the one of the newest generation,
// and nobody when two of the same one say so.
class Claims {
public:
    // Only of partitions that exist and that the member still subscribes to.
    Claims(const std::vector<GroupMemberWish>& members, const PartitionCounts& counts);

    // The member that has it; empty for none.
    const std::string& owner(const TopicPartition& partition) const;
    // Somebody else says he has it, whether or not he is believed.
    bool claimed_by_another(const TopicPartition& partition, const std::string& member) const;
    const std::map<TopicPartition, std::string>& owners() const { return owners_; }

private:
    std::map<TopicPartition, std::string> owners_;
    std::map<TopicPartition, std::set<std::string>> claimants_;
};

}  // namespace sluice::client
