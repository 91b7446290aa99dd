// SyncGroup, Heartbeat and LeaveGroup: a generation from its assignment to its end.

#include "core/base/probe.h"
#include "core/group/coordinator.h"

namespace sluice::group {

using namespace protocol;

namespace {

bool differ(const std::optional<std::string>& asked, const std::optional<std::string>& own) {
    return asked && own && *asked != *own;
}

}  // namespace

Effects Coordinator::synced(const SyncGroupRequest& request, Ticket ticket, Now now) {
    begin(now);
    ClassicGroup* group = find_live(request.group_id);
    ErrorCode code =
        request.group_id.empty() ? ErrorCode::invalid_group_id : ErrorCode::unknown_member_id;
    if (group && !group->members.empty()) code = check_sync(*group, request);
    if (code != ErrorCode::none) {
        SyncGroupResponse refusal;
        refusal.error_code = code;
        effects_.answers.push_back({ticket, std::move(refusal)});
        return finish();
    }
    Member& member = *group->member(request.member_id);
    // The client gave up on an older request and will not see its answer.
    if (member.syncing) answer_sync(member, ErrorCode::rebalance_in_progress, *group);
    member.syncing = ticket;
    group->pending_sync.erase(member.id);
    if (group->state == GroupState::stable) {
        answer_sync(member, ErrorCode::none, *group);
    } else if (group->is_leader(member.id)) {
        assign(*group, request);
    }
    if (group->pending_sync.empty()) group->sync_deadline = never;
    settle(*group);
    return finish();
}

ErrorCode Coordinator::check_sync(const ClassicGroup& group,
                                  const SyncGroupRequest& request) const {
    const ErrorCode code = group.check_member(request.member_id, request.group_instance_id);
    if (code != ErrorCode::none) return code;
    if (request.generation_id != group.generation && !PLANT("group.generation_check_skipped"))
        return ErrorCode::illegal_generation;
    if (differ(request.protocol_type, group.protocol_type) ||
        differ(request.protocol_name, group.protocol_name))
        return ErrorCode::inconsistent_group_protocol;
    return group.state == GroupState::preparing_rebalance ? ErrorCode::rebalance_in_progress
                                                          : ErrorCode::none;
}

// The leader has decided for everybody. The generation is logged with its assignment, and everybody
// who waits for it is told.
void Coordinator::assign(ClassicGroup& group, const SyncGroupRequest& request) {
    for (auto& [member_id, member] : group.members) member.assignment = Bytes();
    for (const auto& each : request.assignments) {
        Member* member = group.member(each.member_id);
        if (member) member->assignment = Bytes::copy_of(each.assignment.view());
    }
    if (!fits_into_log(group)) {
        SOMETIMES("group.record_too_large", true);
        reset_assignments(group, ErrorCode::unknown_server_error);
        return rebalance_or_complete(group);
    }
    group.enter(GroupState::stable, now_.wall);
    log(group);
    for (auto& [member_id, member] : group.members)
        if (member.syncing) answer_sync(member, ErrorCode::none, group);
}

bool Coordinator::fits_into_log(const ClassicGroup& group) const {
    return encode(GroupRecord{{group.id}, group.record()}).size() <= settings_.record_bytes_max;
}

void Coordinator::reset_assignments(ClassicGroup& group, ErrorCode code) {
    for (auto& [member_id, member] : group.members) {
        member.assignment = Bytes();
        if (member.syncing) answer_sync(member, code, group);
    }
}

void Coordinator::answer_sync(Member& member, ErrorCode code, const ClassicGroup& group) {
    SyncGroupResponse answer;
    answer.error_code = code;
    if (code == ErrorCode::none) {
        answer.protocol_type = group.protocol_type;
        answer.protocol_name = group.protocol_name;
        answer.assignment = member.assignment;
    }
    effects_.answers.push_back({*std::exchange(member.syncing, {}), std::move(answer)});
    heard_of(member);
}

ErrorCode Coordinator::heartbeat_came(const HeartbeatRequest& request, Now now) {
    begin(now);
    if (request.group_id.empty()) return ErrorCode::invalid_group_id;
    ClassicGroup* group = find_live(request.group_id);
    if (group == nullptr) return ErrorCode::unknown_member_id;
    const ErrorCode code = group->check_member(request.member_id, request.group_instance_id);
    if (code != ErrorCode::none) return code;
    if (request.generation_id != group->generation && !PLANT("group.generation_check_skipped"))
        return ErrorCode::illegal_generation;
    if (!PLANT("group.heartbeat_does_not_count")) still_alive(*group, request.member_id);
    return group->state == GroupState::preparing_rebalance ? ErrorCode::rebalance_in_progress
                                                           : ErrorCode::none;
}

void Coordinator::still_alive(ClassicGroup& group, std::string_view member_id) {
    Member* member = group.member(member_id);
    if (member == nullptr) return;
    heard_of(*member);
    // Deadlines only move away, so the alarm may ring in vain; but for one that was switched off.
    if (group.alarm > member->expires) settle(group);
}

Replied<LeaveGroupResponse> Coordinator::left(const LeaveGroupRequest& request, Now now) {
    begin(now);
    LeaveGroupResponse response;
    if (request.group_id.empty()) {
        response.error_code = ErrorCode::invalid_group_id;
        return {std::move(response), finish()};
    }
    ClassicGroup* group = find_live(request.group_id);
    bool somebody_left = false;
    for (const auto& leaver : request.members) {
        LeaveGroupResponse::Member answer;
        answer.member_id = leaver.member_id;
        answer.group_instance_id = leaver.group_instance_id;
        answer.error_code = group ? remove_leaver(*group, leaver) : ErrorCode::unknown_member_id;
        somebody_left |= answer.error_code == ErrorCode::none;
        response.members.push_back(std::move(answer));
    }
    if (somebody_left) {
        if (group->state == GroupState::preparing_rebalance)
            complete_if_all_joined(*group);
        else if (group->state != GroupState::empty)
            rebalance_or_complete(*group);
    }
    if (group) settle(*group);
    return {std::move(response), finish()};
}

ErrorCode Coordinator::remove_leaver(ClassicGroup& group, const LeaveGroupRequest::Member& leaver) {
    if (leaver.member_id.empty()) {
        // An administrator removes a static member, whatever id it has at present.
        if (!leaver.group_instance_id) return ErrorCode::unknown_member_id;
        const auto known = group.static_members.find(*leaver.group_instance_id);
        if (known == group.static_members.end()) return ErrorCode::unknown_member_id;
        remove_member(group, std::string(known->second));
        return ErrorCode::none;
    }
    if (group.pending.erase(leaver.member_id) > 0) return ErrorCode::none;
    const ErrorCode code = group.check_member(leaver.member_id, leaver.group_instance_id);
    if (code == ErrorCode::none && !PLANT("group.who_left_stays"))
        remove_member(group, leaver.member_id);
    return code;
}

}  // namespace sluice::group
