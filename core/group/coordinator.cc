// What all steps share, and the passing of time.

#include "core/group/coordinator.h"

#include "core/base/probe.h"

namespace sluice::group {

using namespace protocol;

void Coordinator::restored(Now now) {
    begin(now);
    for (const auto& [id, logged] : logged_.groups()) {
        if (!logged.metadata) continue;
        const auto made =
            live_.insert_or_assign(id, ClassicGroup::restored(id, *logged.metadata, now));
        settle(made.first->second);
    }
}

const ClassicGroup* Coordinator::find(std::string_view group_id) const {
    const auto found = live_.find(group_id);
    return found == live_.end() ? nullptr : &found->second;
}

ClassicGroup* Coordinator::find_live(std::string_view group_id) {
    const auto found = live_.find(group_id);
    return found == live_.end() ? nullptr : &found->second;
}

void Coordinator::settle(ClassicGroup& group) {
    const std::string id = group.id;
    const bool is_shell = group.state == GroupState::empty && group.members.empty() &&
                          group.pending.empty() && logged_.find(id) == nullptr;
    if (is_shell && effects_.records.empty()) {
        forget(id);
        return;
    }
    if (group.alarm != never) alarms_.erase({group.alarm, id});
    group.alarm = group.next_deadline();
    if (group.alarm != never) alarms_.insert({group.alarm, id});
    std::size_t bytes = 0;
    for (const auto& [member_id, member] : group.members) bytes += member.bytes();
    for (const auto& [member_id, expires] : group.pending) bytes += member_id.size();
    members_bytes_ += bytes - group.bytes_counted;
    group.bytes_counted = bytes;
}

void Coordinator::forget(const std::string& group_id) {
    const auto found = live_.find(group_id);
    ASSERT(found != live_.end());
    if (found->second.alarm != never) alarms_.erase({found->second.alarm, group_id});
    members_bytes_ -= found->second.bytes_counted;
    live_.erase(found);
}

std::vector<Ticket> Coordinator::waiting() const {
    std::vector<Ticket> tickets;
    for (const auto& [id, group] : live_)
        for (const auto& [member_id, member] : group.members) {
            if (member.joining) tickets.push_back(*member.joining);
            if (member.syncing) tickets.push_back(*member.syncing);
        }
    return tickets;
}

Effects Coordinator::ticked(Now now) {
    begin(now);
    while (!alarms_.empty() && alarms_.begin()->first <= now.time) {
        ClassicGroup* group = find_live(alarms_.begin()->second);
        ASSERT(group != nullptr);
        members_expired(*group);
        if (group->sync_deadline <= now.time) sync_expired(*group);
        if (group->join_deadline <= now.time) {
            if (group->is_initial_wait)
                initial_wait_over(*group);
            else if (!PLANT("group.rebalance_timeout_ignored"))
                complete_join(*group);
            else
                group->join_deadline = never;
        }
        settle(*group);
    }
    return finish();
}

void Coordinator::members_expired(ClassicGroup& group) {
    std::vector<std::string> expired;
    for (auto& [member_id, member] : group.members) {
        if (member.expires > now_.time) continue;
        if (PLANT("group.sessions_never_end")) {
            member.expires = never;
            continue;
        }
        // Whoever waits for us is alive as far as we can tell; its answer sets the clock anew.
        if (!member.is_new && (member.joining || member.syncing))
            member.expires = never;
        else
            expired.push_back(member_id);
    }
    std::vector<std::string> forgotten;
    for (const auto& [member_id, expires] : group.pending)
        if (expires <= now_.time) forgotten.push_back(member_id);
    SOMETIMES("group.member_expired", !expired.empty());
    SOMETIMES("group.pending_member_expired", !forgotten.empty());
    for (const std::string& member_id : forgotten) group.remove(member_id);
    for (const std::string& member_id : expired) remove_member(group, member_id);
    if (expired.empty() && forgotten.empty()) return;
    if (group.state == GroupState::preparing_rebalance)
        complete_if_all_joined(group);
    else if (!expired.empty() && group.state != GroupState::empty)
        rebalance_or_complete(group);
}

// Answers what the member waits for and forgets it; what follows for the group is up to the caller.
void Coordinator::remove_member(ClassicGroup& group, const std::string& member_id) {
    Member* member = group.member(member_id);
    ASSERT(member != nullptr);
    if (member->joining) {
        refuse_join(*member->joining, ErrorCode::unknown_member_id, "");
        member->joining.reset();
    }
    if (member->syncing) answer_sync(*member, ErrorCode::unknown_member_id, group);
    group.remove(member_id);
}

// A member that was told its generation and never asks for its assignment would hold up everybody.
void Coordinator::sync_expired(ClassicGroup& group) {
    group.sync_deadline = never;
    const bool is_waiting =
        group.state == GroupState::completing_rebalance || group.state == GroupState::stable;
    if (!is_waiting || group.pending_sync.empty()) return;
    SOMETIMES("group.sync_expired", true);
    const auto late = group.pending_sync;
    for (const std::string& member_id : late)
        if (group.members.contains(member_id)) remove_member(group, member_id);
    prepare_rebalance(group);
}

void Coordinator::log(const ClassicGroup& group) {
    effects_.records.emplace_back(GroupRecord{{group.id}, group.record()});
}

PartitionIndex partition_of_group(std::string_view group_id, std::int32_t partitions) {
    std::uint32_t hash = 0;
    const auto add = [&](std::uint32_t unit) { hash = hash * 31 + unit; };
    for (std::size_t i = 0; i < group_id.size();) {
        const auto byte = [&](std::size_t at) {
            return at < group_id.size()
                       ? static_cast<std::uint32_t>(static_cast<unsigned char>(group_id[at]))
                       : 0u;
        };
        const std::uint32_t lead = byte(i);
        const auto tail = [&](std::size_t n) { return byte(i + n) & 0x3fu; };
        if (lead < 0x80) {
            add(lead);
            i += 1;
        } else if (lead < 0xe0) {
            add((lead & 0x1fu) << 6 | tail(1));
            i += 2;
        } else if (lead < 0xf0) {
            add((lead & 0x0fu) << 12 | tail(1) << 6 | tail(2));
            i += 3;
        } else {
            const std::uint32_t point =
                (((lead & 0x07u) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3)) - 0x10000u) &
                0xfffffu;
            add(0xd800u + (point >> 10));
            add(0xdc00u + (point & 0x3ffu));
            i += 4;
        }
    }
    // Kafka's Utils.abs clears the sign rather than negating.
    const std::uint32_t positive = hash & 0x7fffffffu;
    return PartitionIndex(
        static_cast<std::int32_t>(positive % static_cast<std::uint32_t>(partitions)));
}

}  // namespace sluice::group
