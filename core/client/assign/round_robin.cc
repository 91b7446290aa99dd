#include <algorithm>

#include "core/client/assign/assignor.h"

namespace sluice::client {

Shares assign_round_robin(const std::vector<GroupMemberWish>& members,
                          const PartitionCounts& counts) {
    Shares shares;
    for (const GroupMemberWish& member : members) shares[member.member_id];
    const auto ordered = in_order(members);
    std::size_t turn = 0;
    for (const auto& [topic, count] : counts) {
        const auto subscribes = [&topic = topic](const GroupMemberWish* member) {
            return std::ranges::find(member->topics, topic) != member->topics.end();
        };
        if (std::ranges::none_of(ordered, subscribes)) continue;
        for (std::int32_t p = 0; p < count; ++p) {
            while (!subscribes(ordered[turn % ordered.size()])) ++turn;
            shares[ordered[turn % ordered.size()]->member_id].push_back({topic, PartitionIndex(p)});
            ++turn;
        }
    }
    return shares;
}

}  // namespace sluice::client
