// ListGroups, DescribeGroups and DeleteGroups.

#include <algorithm>

#include "core/base/probe.h"
#include "core/group/coordinator.h"

namespace sluice::group {

using namespace protocol;

namespace {

constexpr std::string_view classic = "classic";
constexpr Version describe_not_found_since{6};

bool equal_but_for_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

bool passes(const std::vector<std::string>& filter, std::string_view value) {
    return filter.empty() || std::ranges::any_of(filter, [&](const std::string& each) {
               return equal_but_for_case(each, value);
           });
}

}  // namespace

std::vector<ListGroupsResponse::Group> Coordinator::list(const ListGroupsRequest& request) const {
    std::vector<ListGroupsResponse::Group> groups;
    if (!passes(request.types_filter, classic)) return groups;
    const auto show = [&](const std::string& id, GroupState state, std::string protocol_type) {
        if (!passes(request.states_filter, name_of(state))) return;
        groups.push_back(
            {id, std::move(protocol_type), std::string(name_of(state)), std::string(classic)});
    };
    for (const auto& [id, group] : live_) show(id, group.state, group.protocol_type.value_or(""));
    for (const auto& [id, group] : logged_.groups())
        if (!live_.contains(id)) show(id, GroupState::empty, "");
    return groups;
}

DescribeGroupsResponse::Group Coordinator::describe(const std::string& group_id,
                                                    Version version) const {
    DescribeGroupsResponse::Group shown;
    shown.group_id = group_id;
    const ClassicGroup* group = find(group_id);
    if (group == nullptr && logged_.find(group_id) == nullptr) {
        shown.group_state = "Dead";
        if (version >= describe_not_found_since) {
            shown.error_code = ErrorCode::group_id_not_found;
            shown.error_message = "Group " + group_id + " not found.";
        }
        return shown;
    }
    if (group == nullptr) {
        shown.group_state = name_of(GroupState::empty);
        return shown;
    }
    const bool is_stable = group->state == GroupState::stable;
    shown.group_state = name_of(group->state);
    shown.protocol_type = group->protocol_type.value_or("");
    if (is_stable) shown.protocol_data = group->protocol_name.value_or("");
    for (const auto& [member_id, member] : group->members) {
        DescribeGroupsResponse::Member each;
        each.member_id = member_id;
        each.group_instance_id = member.instance_id;
        each.client_id = member.client_id;
        each.client_host = member.client_host;
        if (is_stable) {
            each.member_metadata = member.metadata(shown.protocol_data);
            each.member_assignment = member.assignment;
        }
        shown.members.push_back(std::move(each));
    }
    return shown;
}

Replied<ErrorCode> Coordinator::deleted(const std::string& group_id) {
    const ClassicGroup* group = find(group_id);
    const LoggedGroup* logged = logged_.find(group_id);
    if (group == nullptr && logged == nullptr) return {ErrorCode::group_id_not_found, finish()};
    if (group && group->state != GroupState::empty) return {ErrorCode::non_empty_group, finish()};
    if (logged) {
        for (const auto& [topic, partitions] : logged->offsets)
            for (const auto& [index, value] : partitions)
                effects_.records.emplace_back(offset_tombstone(group_id, topic, index));
        if (PLANT("group.deletion_not_logged")) effects_.records.clear();
        if (logged->metadata) effects_.records.emplace_back(GroupRecord{{group_id}, std::nullopt});
    }
    if (group) forget(group_id);
    return {ErrorCode::none, finish()};
}

}  // namespace sluice::group
