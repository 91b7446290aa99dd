#include <algorithm>
#include <set>

#include "core/client/assign/assignor.h"
#include "core/client/assign/claims.h"

namespace sluice::client {
namespace {

// The shares while they are being made.
class Sharing {
public:
    Sharing(const std::vector<GroupMemberWish>& members, const PartitionCounts& counts)
        : counts_(counts) {
        for (const GroupMemberWish* member : in_order(members)) {
            shares_[member->member_id];
            for (const std::string& topic : member->topics)
                if (counts.contains(topic)) subscribers_[topic].insert(member->member_id);
        }
    }

    void keep(const Claims& claims) {
        for (const auto& [partition, owner] : claims.owners())
            if (!owner.empty()) give(partition, owner);
    }

    // The topics with the fewest subscribers first: theirs have the least choice.
    void hand_out_the_rest() {
        std::vector<std::pair<std::size_t, std::string>> topics;
        for (const auto& [topic, subscribers] : subscribers_)
            topics.emplace_back(subscribers.size(), topic);
        std::ranges::sort(topics);
        for (const auto& [subscribers, topic] : topics) {
            for (std::int32_t p = 0; p < counts_.at(topic); ++p) {
                const TopicPartition partition{topic, PartitionIndex(p)};
                if (!given_.contains(partition)) give(partition, least_loaded(topic));
            }
        }
    }

    // Each move brings two members' loads nearer to each other, so it ends.
    void balance() {
        while (move_one()) {
        }
    }

    Shares result() const {
        Shares shares;
        for (const auto& [member, by_topic] : shares_) {
            auto& mine = shares[member];
            for (const auto& [topic, partitions] : by_topic)
                for (const PartitionIndex partition : partitions)
                    mine.push_back({topic, partition});
        }
        return shares;
    }

private:
    using ByTopic = std::map<std::string, std::set<PartitionIndex>>;

    void give(const TopicPartition& partition, const std::string& member) {
        shares_[member][partition.topic].insert(partition.partition);
        ++loads_[member];
        given_.insert(partition);
    }

    const std::string& least_loaded(const std::string& topic) {
        return *std::ranges::min_element(subscribers_[topic], {},
                                         [&](const std::string& member) { return loads_[member]; });
    }

    bool move_one() {
        std::vector<std::pair<std::size_t, std::string>> by_load;
        for (const auto& [member, partitions] : shares_)
            by_load.emplace_back(loads_[member], member);
        std::ranges::sort(by_load, std::greater{});
        for (const auto& [load, member] : by_load) {
            for (auto& [topic, partitions] : shares_[member]) {
                if (partitions.empty()) continue;
                const std::string& target = least_loaded(topic);
                if (loads_[target] + 1 >= load) continue;
                const PartitionIndex moved = *partitions.rbegin();
                partitions.erase(moved);
                --loads_[member];
                give({topic, moved}, target);
                return true;
            }
        }
        return false;
    }

    const PartitionCounts& counts_;
    std::map<std::string, ByTopic> shares_;
    std::map<std::string, std::set<std::string>> subscribers_;
    std::map<std::string, std::size_t> loads_;
    std::set<TopicPartition> given_;
};

}  // namespace

Shares assign_sticky(const std::vector<GroupMemberWish>& members, const PartitionCounts& counts) {
    Sharing sharing(members, counts);
    sharing.keep(Claims(members, counts));
    sharing.hand_out_the_rest();
    sharing.balance();
    return sharing.result();
}

Shares assign_cooperatively(const std::vector<GroupMemberWish>& members,
                            const PartitionCounts& counts) {
    const Claims claims(members, counts);
    Shares shares = assign_sticky(members, counts);
    for (auto& [member, partitions] : shares)
        std::erase_if(partitions, [&, id = member](const TopicPartition& partition) {
            return claims.owner(partition) != id && claims.claimed_by_another(partition, id);
        });
    return shares;
}

}  // namespace sluice::client
