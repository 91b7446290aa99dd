// JoinGroup: how members come in, and how a rebalance begins and ends.

#include <algorithm>

#include "core/base/probe.h"
#include "core/group/coordinator.h"

namespace sluice::group {

using namespace protocol;

namespace {

constexpr Version member_id_required_since{4};
constexpr Version skip_assignment_since{9};
// Of the client's name in a member's id: ids go into the log, and into every request.
constexpr std::size_t client_id_part_max = 255;

bool same(const Protocols& a, const Protocols& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.name == y.name && x.metadata == y.metadata;
    });
}

// The request's memory is a whole frame: what is kept of it is copied.
Protocols copies_of(const Protocols& protocols) {
    Protocols copies;
    for (const auto& each : protocols)
        copies.push_back({each.name, Bytes::copy_of(each.metadata.view())});
    return copies;
}

Duration rebalance_timeout_of(const JoinGroupRequest& request) {
    return milliseconds(request.rebalance_timeout_ms < 0 ? request.session_timeout_ms
                                                         : request.rebalance_timeout_ms);
}

}  // namespace

Effects Coordinator::joined(const JoinRequest& request, const Joiner& joiner, Now now) {
    begin(now);
    if (const ErrorCode code = check_join(request); code != ErrorCode::none) {
        refuse_join(joiner.ticket, code, "");
        return finish();
    }
    ClassicGroup* group = find_live(request.group_id);
    if (group == nullptr) {
        if (!request.member_id.empty()) {
            refuse_join(joiner.ticket, ErrorCode::unknown_member_id, request.member_id);
            return finish();
        }
        if (live_.size() >= settings_.groups_max) {
            refuse_join(joiner.ticket, ErrorCode::group_max_size_reached, "");
            return finish();
        }
        group = &live_[request.group_id];
        group->id = request.group_id;
        group->state_since = now.wall;
    }
    join(*group, request, joiner);
    settle(*group);
    return finish();
}

ErrorCode Coordinator::check_join(const JoinRequest& request) const {
    if (request.group_id.empty() || request.group_id.size() > name_bytes_max)
        return ErrorCode::invalid_group_id;
    const Duration session = milliseconds(request.session_timeout_ms);
    if (session < settings_.session_timeout_min || session > settings_.session_timeout_max)
        return ErrorCode::invalid_session_timeout;
    std::size_t bytes = 0;
    for (const auto& each : request.protocols) {
        if (each.name.size() > name_bytes_max) return ErrorCode::invalid_request;
        bytes += each.name.size() + each.metadata.size();
    }
    const bool names_fit = request.protocol_type.size() <= name_bytes_max &&
                           request.group_instance_id.value_or("").size() <= instance_id_bytes_max;
    return names_fit && bytes <= settings_.record_bytes_max ? ErrorCode::none
                                                            : ErrorCode::invalid_request;
}

bool Coordinator::has_room(const ClassicGroup& group, const std::string& member_id) const {
    const Member* member = group.member(member_id);
    if (member == nullptr && members_bytes_ >= settings_.members_bytes_max) return false;
    switch (group.state) {
        case GroupState::empty:
            return true;
        case GroupState::preparing_rebalance:
            return (member && member->joining) || group.joining_count() < settings_.group_size_max;
        case GroupState::completing_rebalance:
        case GroupState::stable:
            return member || group.members.size() < settings_.group_size_max;
    }
    return false;
}

void Coordinator::join(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner) {
    if (!has_room(group, request.member_id)) {
        if (group.member(request.member_id)) remove_member(group, request.member_id);
        group.remove(request.member_id);
        return refuse_join(joiner.ticket, ErrorCode::group_max_size_reached, "");
    }
    if (!group.supports(request.protocol_type, request.protocols))
        return refuse_join(joiner.ticket, ErrorCode::inconsistent_group_protocol,
                           request.member_id);
    if (request.member_id.empty())
        join_new(group, request, joiner);
    else
        join_known(group, request, joiner);
}

void Coordinator::join_new(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner) {
    const auto& instance = request.group_instance_id;
    const std::string name = instance ? *instance : joiner.client_id.substr(0, client_id_part_max);
    const std::string new_id = name + "-" + joiner.fresh_id;
    if (instance) {
        if (group.static_members.contains(*instance) && !PLANT("group.static_fencing_skipped"))
            return replace_static(
                group, request, joiner,
                PLANT("group.static_return_keeps_its_name") ? name + "-" : new_id);
        return add_member(group, request, joiner, new_id);
    }
    if (joiner.version < member_id_required_since)
        return add_member(group, request, joiner, new_id);
    // It must come back with its id, so that a client that gives up and tries again does not leave
    // a member behind each time.
    if (group.pending.size() >= settings_.pending_members_max)
        return refuse_join(joiner.ticket, ErrorCode::group_max_size_reached, "");
    group.pending[new_id] = now_.time + milliseconds(request.session_timeout_ms);
    refuse_join(joiner.ticket, ErrorCode::member_id_required, new_id);
}

void Coordinator::join_known(ClassicGroup& group, const JoinRequest& request,
                             const Joiner& joiner) {
    if (group.pending.contains(request.member_id) && !request.group_instance_id)
        return add_member(group, request, joiner, request.member_id);
    const ErrorCode code = group.check_member(request.member_id, request.group_instance_id);
    if (code != ErrorCode::none) return refuse_join(joiner.ticket, code, request.member_id);
    Member& member = *group.member(request.member_id);
    // A retry of what is under way or was answered already changes nothing: the lost answer again.
    const bool has_missed_it = same(member.protocols, request.protocols) &&
                               (group.state == GroupState::completing_rebalance ||
                                (group.state == GroupState::stable && !group.is_leader(member.id)));
    if (has_missed_it) {
        effects_.answers.push_back({joiner.ticket, group.join_answer(member)});
        return;
    }
    update_member(member, request, joiner.ticket);
    rebalance_or_complete(group);
}

void Coordinator::add_member(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner,
                             const std::string& member_id) {
    Member member;
    member.id = member_id;
    member.instance_id = request.group_instance_id;
    member.client_id = joiner.client_id.substr(0, name_bytes_max);
    member.client_host = joiner.client_host.substr(0, name_bytes_max);
    member.is_new = true;
    update_member(member, request, joiner.ticket);
    member.expires = now_.time + settings_.new_member_join_timeout;
    if (group.state == GroupState::preparing_rebalance && group.is_initial_wait)
        group.new_member_added = true;
    if (group.members.empty()) group.protocol_type = request.protocol_type;
    group.add(std::move(member));
    rebalance_or_complete(group);
}

void Coordinator::update_member(Member& member, const JoinRequest& request, Ticket ticket) {
    // The client gave up on an older request and will not see its answer.
    if (member.joining) refuse_join(*member.joining, ErrorCode::unknown_member_id, member.id);
    member.joining = ticket;
    member.protocols = copies_of(request.protocols);
    member.session_timeout = milliseconds(request.session_timeout_ms);
    member.rebalance_timeout = rebalance_timeout_of(request);
}

// A static member came back under a new id. What it had is its own again; whoever still uses the
// old id is fenced.
void Coordinator::replace_static(ClassicGroup& group, const JoinRequest& request,
                                 const Joiner& joiner, const std::string& new_id) {
    const std::string old_id = group.static_members.at(*request.group_instance_id);
    const std::string leader_before = group.leader;
    Member& old = *group.member(old_id);
    if (old.joining)
        refuse_join(*std::exchange(old.joining, {}), ErrorCode::fenced_instance_id, old_id);
    if (old.syncing) answer_sync(old, ErrorCode::fenced_instance_id, group);
    group.replace_static_member(old_id, new_id);
    Member& member = *group.member(new_id);
    update_member(member, request, joiner.ticket);
    member.client_id = joiner.client_id.substr(0, name_bytes_max);
    member.client_host = joiner.client_host.substr(0, name_bytes_max);
    heard_of(member);
    SOMETIMES("group.static_member_replaced", true);
    switch (group.state) {
        case GroupState::stable: {
            if (group.protocol_name != group.select_protocol() || !fits_into_log(group) ||
                PLANT("group.static_return_rebalances"))
                return rebalance_or_complete(group);
            if (!PLANT("group.static_return_not_logged")) log(group);
            JoinGroupResponse answer = group.join_answer(member);
            if (joiner.version >= skip_assignment_since) {
                answer.skip_assignment = group.is_leader(new_id);
            } else {
                // Old clients would assign anew if they found themselves leaders.
                answer.leader = leader_before;
                answer.members.clear();
            }
            return answer_join(member, std::move(answer));
        }
        case GroupState::completing_rebalance:
            return prepare_rebalance(group);
        case GroupState::preparing_rebalance:
            return complete_if_all_joined(group);
        case GroupState::empty:
            break;
    }
    ASSERT(false && "an empty group has no static members");
}

void Coordinator::refuse_join(Ticket ticket, ErrorCode code, std::string member_id) {
    JoinGroupResponse answer;
    answer.error_code = code;
    answer.protocol_name.reset();
    answer.member_id = std::move(member_id);
    effects_.answers.push_back({ticket, std::move(answer)});
}

void Coordinator::answer_join(Member& member, JoinGroupResponse answer) {
    if (!member.joining) return;
    effects_.answers.push_back({*member.joining, std::move(answer)});
    member.joining.reset();
    member.is_new = false;
}

void Coordinator::rebalance_or_complete(ClassicGroup& group) {
    if (group.can_rebalance())
        prepare_rebalance(group);
    else
        complete_if_all_joined(group);
}

void Coordinator::prepare_rebalance(ClassicGroup& group) {
    if (group.state == GroupState::completing_rebalance)
        reset_assignments(group, ErrorCode::rebalance_in_progress);
    group.pending_sync.clear();
    group.sync_deadline = never;
    const bool is_first = group.state == GroupState::empty;
    group.enter(GroupState::preparing_rebalance, now_.wall);
    group.is_initial_wait = is_first;
    if (is_first) {
        // A group's first members usually come together: one rebalance for all of them.
        group.new_member_added = false;
        group.join_deadline = now_.time + settings_.initial_rebalance_delay;
        group.initial_wait_left =
            std::max(group.rebalance_timeout() - settings_.initial_rebalance_delay, Duration(0));
        return;
    }
    if (group.all_joined()) return complete_join(group);
    group.join_deadline = now_.time + group.rebalance_timeout();
}

void Coordinator::initial_wait_over(ClassicGroup& group) {
    if (!group.new_member_added || group.initial_wait_left <= Duration(0))
        return complete_join(group);
    group.new_member_added = false;
    const Duration wait = std::min(settings_.initial_rebalance_delay, group.initial_wait_left);
    group.initial_wait_left -= wait;
    group.join_deadline = now_.time + wait;
}

void Coordinator::complete_if_all_joined(ClassicGroup& group) {
    if (group.state != GroupState::preparing_rebalance) return;
    if (group.is_initial_wait && !group.members.empty()) return;
    if (group.all_joined()) complete_join(group);
}

void Coordinator::complete_join(ClassicGroup& group) {
    group.join_deadline = never;
    group.is_initial_wait = false;
    std::vector<std::string> missing;
    for (const auto& [member_id, member] : group.members)
        if (!member.joining && !member.instance_id) missing.push_back(member_id);
    SOMETIMES("group.rebalance_timed_out", !missing.empty());
    for (const std::string& member_id : missing) remove_member(group, member_id);
    if (!group.members.empty() && !group.elect_joined_leader()) {
        // Only static members, none of them back yet: they may take until their sessions end.
        group.join_deadline = now_.time + std::max(group.rebalance_timeout(), seconds(1));
        return;
    }
    group.begin_generation(now_.wall);
    if (group.members.empty()) {
        if (!PLANT("group.end_of_membership_not_logged")) log(group);
        return;
    }
    for (auto& [member_id, member] : group.members) {
        member.assignment = Bytes();
        if (member.joining) answer_join(member, group.join_answer(member));
        heard_of(member);
        group.pending_sync.insert(member_id);
    }
    group.sync_deadline = now_.time + group.rebalance_timeout();
}

}  // namespace sluice::group
