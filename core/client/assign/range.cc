#include <algorithm>

#include "core/client/assign/assignor.h"

namespace sluice::client {

Shares assign_range(const std::vector<GroupMemberWish>& members, const PartitionCounts& counts) {
    Shares shares;
    for (const GroupMemberWish& member : members) shares[member.member_id];
    const auto ordered = in_order(members);
    for (const auto& [topic, count] : counts) {
        std::vector<const GroupMemberWish*> subscribers;
        for (const GroupMemberWish* member : ordered)
            if (std::ranges::find(member->topics, topic) != member->topics.end())
                subscribers.push_back(member);
        if (subscribers.empty()) continue;
        const auto members_count = static_cast<std::int32_t>(subscribers.size());
        std::int32_t next = 0;
        for (std::int32_t i = 0; i < members_count; ++i) {
            const std::int32_t share = count / members_count + (i < count % members_count ? 1 : 0);
            auto& mine = shares[subscribers[static_cast<std::size_t>(i)]->member_id];
            for (const std::int32_t end = next + share; next < end; ++next)
                mine.push_back({topic, PartitionIndex(next)});
        }
    }
    return shares;
}

}  // namespace sluice::client
