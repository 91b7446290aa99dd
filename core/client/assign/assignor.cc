#include "core/client/assign/assignor.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sluice::client {
namespace {

constexpr std::pair<Strategy, std::string_view> names[] = {
    {Strategy::range, "range"},
    {Strategy::round_robin, "roundrobin"},
    {Strategy::sticky, "sticky"},
    {Strategy::cooperative_sticky, "cooperative-sticky"},
};

}  // namespace

std::string_view name_of(Strategy strategy) {
    return std::ranges::find(names, strategy, &std::pair<Strategy, std::string_view>::first)
        ->second;
}

std::optional<Strategy> strategy_named(std::string_view name) {
    for (const auto& [strategy, its_name] : names)
        if (its_name == name) return strategy;
    return std::nullopt;
}

Shares assign(Strategy strategy, const std::vector<GroupMemberWish>& members,
              const PartitionCounts& counts) {
    switch (strategy) {
        case Strategy::range:
            return assign_range(members, counts);
        case Strategy::round_robin:
            return assign_round_robin(members, counts);
        case Strategy::sticky:
            return assign_sticky(members, counts);
        case Strategy::cooperative_sticky:
            return assign_cooperatively(members, counts);
    }
    return {};
}

std::vector<const GroupMemberWish*> in_order(const std::vector<GroupMemberWish>& members) {
    std::vector<const GroupMemberWish*> ordered;
    for (const GroupMemberWish& member : members) ordered.push_back(&member);
    std::ranges::sort(ordered, {}, [](const GroupMemberWish* member) {
        return std::tuple(!member->instance_id, member->instance_id.value_or(""),
                          member->member_id);
    });
    return ordered;
}

}  // namespace sluice::client
