#include "core/group/classic_group.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/protocol/versioned.h"

namespace sluice::group {

using protocol::ErrorCode;

std::string_view name_of(GroupState state) {
    switch (state) {
        case GroupState::empty:
            return "Empty";
        case GroupState::preparing_rebalance:
            return "PreparingRebalance";
        case GroupState::completing_rebalance:
            return "CompletingRebalance";
        case GroupState::stable:
            return "Stable";
    }
    return "Unknown";
}

const Bytes& Member::metadata(std::string_view protocol) const {
    static const Bytes none;
    const auto found = std::ranges::find(protocols, protocol, &Protocols::value_type::name);
    return found == protocols.end() ? none : found->metadata;
}

std::size_t Member::bytes() const {
    std::size_t sum = sizeof(Member) + id.size() + client_id.size() + client_host.size() +
                      instance_id.value_or("").size() + assignment.size();
    for (const auto& each : protocols) sum += sizeof each + each.name.size() + each.metadata.size();
    return sum;
}

ClassicGroup ClassicGroup::restored(const std::string& id,
                                    const protocol::GroupMetadataValue& value, Now now) {
    ClassicGroup group;
    group.id = id;
    group.state = value.members.empty() ? GroupState::empty : GroupState::stable;
    group.state_since = value.current_state_timestamp;
    group.generation = value.generation;
    if (!value.protocol_type.empty()) group.protocol_type = value.protocol_type;
    if (!value.members.empty()) group.protocol_name = value.protocol.value_or("");
    group.leader = value.leader.value_or("");
    for (const auto& logged : value.members) {
        Member member;
        member.id = logged.member_id;
        member.instance_id = logged.group_instance_id;
        member.client_id = logged.client_id;
        member.client_host = logged.client_host;
        member.session_timeout = milliseconds(logged.session_timeout);
        member.rebalance_timeout = logged.rebalance_timeout < 0
                                       ? member.session_timeout
                                       : milliseconds(logged.rebalance_timeout);
        member.protocols = {{*group.protocol_name, logged.subscription}};
        member.assignment = logged.assignment;
        member.expires = now.time + member.session_timeout;
        group.add(std::move(member));
    }
    group.leader = value.leader.value_or(group.leader);
    group.read_subscriptions();
    return group;
}

Member* ClassicGroup::member(std::string_view member_id) {
    const auto found = members.find(member_id);
    return found == members.end() ? nullptr : &found->second;
}

const Member* ClassicGroup::member(std::string_view member_id) const {
    const auto found = members.find(member_id);
    return found == members.end() ? nullptr : &found->second;
}

bool ClassicGroup::is_subscribed_to(std::string_view topic) const {
    return subscribed_topics ? subscribed_topics->contains(topic) : uses_consumer_protocol();
}

std::size_t ClassicGroup::joining_count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        members, [](const auto& each) { return each.second.joining.has_value(); }));
}

bool ClassicGroup::all_joined() const {
    return pending.empty() && joining_count() == members.size();
}

Duration ClassicGroup::rebalance_timeout() const {
    Duration longest = milliseconds(1);  // So that time passes between two attempts.
    for (const auto& [id_of, each] : members) longest = std::max(longest, each.rebalance_timeout);
    return longest;
}

bool ClassicGroup::supports(const std::string& type, const Protocols& protocols) const {
    if (type.empty() || protocols.empty()) return false;
    if (state == GroupState::empty || members.empty()) return true;
    if (protocol_type != type) return false;
    return std::ranges::any_of(protocols, [&](const auto& offered) {
        return std::ranges::all_of(members, [&](const auto& each) {
            return std::ranges::find(each.second.protocols, offered.name,
                                     &Protocols::value_type::name) != each.second.protocols.end();
        });
    });
}

std::string ClassicGroup::select_protocol() const {
    std::map<std::string_view, std::size_t> known_by;
    for (const auto& [member_id, each] : members) {
        std::set<std::string_view> own;
        for (const auto& offered : each.protocols)
            if (own.insert(offered.name).second) ++known_by[offered.name];
    }
    std::map<std::string_view, std::size_t> votes;
    for (const auto& [member_id, each] : members)
        for (const auto& offered : each.protocols) {
            if (known_by[offered.name] != members.size()) continue;
            ++votes[offered.name];
            break;
        }
    const auto best =
        std::ranges::max_element(votes, {}, [](const auto& candidate) { return candidate.second; });
    return best == votes.end() ? std::string() : std::string(best->first);
}

ErrorCode ClassicGroup::check_member(std::string_view member_id,
                                     const std::optional<std::string>& instance_id) const {
    if (instance_id) {
        const auto known = static_members.find(*instance_id);
        if (known == static_members.end()) return ErrorCode::unknown_member_id;
        if (known->second != member_id && !PLANT("group.static_fencing_skipped"))
            return ErrorCode::fenced_instance_id;
    }
    return members.contains(member_id) ? ErrorCode::none : ErrorCode::unknown_member_id;
}

Time ClassicGroup::next_deadline() const {
    Time next = std::min(join_deadline, sync_deadline);
    for (const auto& [member_id, expires] : pending) next = std::min(next, expires);
    for (const auto& [member_id, each] : members) next = std::min(next, each.expires);
    return next;
}

std::vector<protocol::JoinGroupResponse::Member> ClassicGroup::joined_members() const {
    std::vector<protocol::JoinGroupResponse::Member> list;
    for (const auto& [member_id, each] : members)
        list.push_back({member_id, each.instance_id, each.metadata(protocol_name.value_or(""))});
    return list;
}

protocol::JoinGroupResponse ClassicGroup::join_answer(const Member& joined) const {
    protocol::JoinGroupResponse answer;
    answer.generation_id = generation;
    answer.protocol_type = protocol_type;
    answer.protocol_name = protocol_name;
    answer.leader = leader;
    answer.member_id = joined.id;
    if (is_leader(joined.id)) answer.members = joined_members();
    return answer;
}

void ClassicGroup::enter(GroupState next, Timestamp wall) {
    state = next;
    state_since = wall;
}

void ClassicGroup::add(Member joined) {
    if (leader.empty()) leader = joined.id;
    pending.erase(joined.id);
    if (joined.instance_id) static_members[*joined.instance_id] = joined.id;
    const std::string key = joined.id;
    members.insert_or_assign(key, std::move(joined));
}

void ClassicGroup::remove(const std::string& member_id) {
    pending.erase(member_id);
    pending_sync.erase(member_id);
    const auto found = members.find(member_id);
    if (found == members.end()) return;
    if (found->second.instance_id) {
        const auto known = static_members.find(*found->second.instance_id);
        if (known != static_members.end() && known->second == member_id)
            static_members.erase(known);
    }
    members.erase(found);
    if (leader == member_id) leader = members.empty() ? std::string() : members.begin()->first;
}

void ClassicGroup::replace_static_member(const std::string& old_id, const std::string& new_id) {
    auto node = members.extract(old_id);
    ASSERT(!node.empty());
    node.key() = new_id;
    node.mapped().id = new_id;
    static_members[*node.mapped().instance_id] = new_id;
    members.insert(std::move(node));
    if (leader == old_id) leader = new_id;
    if (pending_sync.erase(old_id) > 0) pending_sync.insert(new_id);
}

bool ClassicGroup::elect_joined_leader() {
    const Member* current = member(leader);
    if (current && current->joining) return true;
    for (const auto& [member_id, each] : members) {
        if (!each.joining) continue;
        leader = member_id;
        return true;
    }
    return false;
}

void ClassicGroup::begin_generation(Timestamp wall) {
    generation = generation.next();
    pending_sync.clear();
    if (members.empty()) {
        protocol_name.reset();
        enter(GroupState::empty, wall);
    } else {
        protocol_name = select_protocol();
        enter(GroupState::completing_rebalance, wall);
    }
    read_subscriptions();
}

void ClassicGroup::read_subscriptions() {
    subscribed_topics.reset();
    if (!uses_consumer_protocol()) return;
    std::set<std::string, std::less<>> topics;
    for (const auto& [member_id, each] : members) {
        const auto subscription =
            protocol::decode_subscription(each.metadata(protocol_name.value_or("")));
        if (subscription.failed()) return;
        topics.insert(subscription->topics.begin(), subscription->topics.end());
    }
    subscribed_topics = std::move(topics);
}

protocol::GroupMetadataValue ClassicGroup::record() const {
    protocol::GroupMetadataValue value;
    value.protocol_type = protocol_type.value_or("");
    value.generation = generation;
    value.protocol = protocol_name;
    value.leader = leader.empty() ? std::nullopt : std::optional(leader);
    value.current_state_timestamp = state_since;
    for (const auto& [member_id, each] : members) {
        protocol::GroupMetadataValue::MemberMetadata logged;
        logged.member_id = member_id;
        logged.group_instance_id = each.instance_id;
        logged.client_id = each.client_id;
        logged.client_host = each.client_host;
        logged.rebalance_timeout =
            static_cast<std::int32_t>(to_milliseconds(each.rebalance_timeout));
        logged.session_timeout = static_cast<std::int32_t>(to_milliseconds(each.session_timeout));
        logged.subscription = each.metadata(protocol_name.value_or(""));
        logged.assignment = each.assignment;
        value.members.push_back(std::move(logged));
    }
    return value;
}

}  // namespace sluice::group
