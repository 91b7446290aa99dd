#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/group/classic_group.h"
#include "core/group/effects.h"
#include "core/group/logged_state.h"
#include "core/group/settings.h"
#include "core/protocol/messages/delete_groups.h"
#include "core/protocol/messages/describe_groups.h"
#include "core/protocol/messages/heartbeat.h"
#include "core/protocol/messages/leave_group.h"
#include "core/protocol/messages/list_groups.h"
#include "core/protocol/messages/offset_commit.h"
#include "core/protocol/messages/offset_delete.h"
#include "core/protocol/messages/offset_fetch.h"

namespace sluice::group {

// Decides for the groups of one partition of __consumer_offsets. What is logged (offsets, and each
// finished generation) changes by apply() alone; members that wait, deadlines and rebalances under
// way are soft and die with it. A driver owns it, and gives it every input in order.
class Coordinator {
public:
    explicit Coordinator(const GroupSettings& settings) : settings_(settings) {}

    // Hard state. After a start: every record of the log, then restored().
    void apply(const Record& record) { logged_.apply(record); }
    void restored(Now now);
    const LoggedState& logged() const { return logged_; }

    // Who asked to join, beside what the request says.
    struct Joiner {
        Ticket ticket;
        Version version;
        std::string fresh_id;  // Nobody else's; part of the id of a new member.
        std::string client_id;
        std::string client_host;
    };
    // Membership. JoinGroup and SyncGroup are answered by this step's effects or a later one's.
    Effects joined(const protocol::JoinGroupRequest& request, const Joiner& joiner, Now now);
    Effects synced(const protocol::SyncGroupRequest& request, Ticket ticket, Now now);
    protocol::ErrorCode heartbeat_came(const protocol::HeartbeatRequest& request, Now now);
    Replied<protocol::LeaveGroupResponse> left(const protocol::LeaveGroupRequest& request, Now now);
    // Whoever did not do in time what was expected is dealt with; due at next_deadline().
    Effects ticked(Now now);
    Time next_deadline() const { return alarms_.empty() ? never : alarms_.begin()->first; }

    // Offsets. The topics exist, and both their names and ids are filled in.
    Replied<protocol::OffsetCommitResponse> committed(const protocol::OffsetCommitRequest& request,
                                                      Version version, Now now);
    protocol::OffsetFetchResponse::Group offsets(
        const protocol::OffsetFetchRequest::Group& request) const;
    Replied<protocol::OffsetDeleteResponse> offsets_deleted(
        const protocol::OffsetDeleteRequest& request);
    // What retention no longer keeps, and groups of which nothing is left.
    Effects retention_checked(Now now);
    // Offsets of topics that are gone, as `exists` says of a topic and, where it is known, its id.
    using TopicExists = std::function<bool(const std::string& topic, const TopicId& id)>;
    Effects topics_changed(const TopicExists& exists);

    // Groups as administrators see them.
    std::vector<protocol::ListGroupsResponse::Group> list(
        const protocol::ListGroupsRequest& request) const;
    protocol::DescribeGroupsResponse::Group describe(const std::string& group_id,
                                                     Version version) const;
    Replied<protocol::ErrorCode> deleted(const std::string& group_id);

    // Every request that waits, in no order: for a driver that gives up.
    std::vector<Ticket> waiting() const;
    const ClassicGroup* find(std::string_view group_id) const;

private:
    using ErrorCode = protocol::ErrorCode;
    using JoinRequest = protocol::JoinGroupRequest;

    // A step: everything between its first line and finish() happens at one moment.
    void begin(Now now) { now_ = now; }
    Effects finish() { return std::exchange(effects_, {}); }
    // Keeps what the coordinator knows about a group in step with it; forgets an empty shell.
    void settle(ClassicGroup& group);
    void forget(const std::string& group_id);
    ClassicGroup* find_live(std::string_view group_id);

    ErrorCode check_join(const JoinRequest& request) const;
    bool has_room(const ClassicGroup& group, const std::string& member_id) const;
    void join(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner);
    void join_new(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner);
    void join_known(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner);
    void add_member(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner,
                    const std::string& member_id);
    void replace_static(ClassicGroup& group, const JoinRequest& request, const Joiner& joiner,
                        const std::string& new_id);
    void update_member(Member& member, const JoinRequest& request, Ticket ticket);
    void refuse_join(Ticket ticket, ErrorCode code, std::string member_id);
    void answer_join(Member& member, protocol::JoinGroupResponse answer);
    void answer_sync(Member& member, ErrorCode code, const ClassicGroup& group);

    void rebalance_or_complete(ClassicGroup& group);
    void prepare_rebalance(ClassicGroup& group);
    void complete_if_all_joined(ClassicGroup& group);
    void complete_join(ClassicGroup& group);
    void initial_wait_over(ClassicGroup& group);
    void heard_of(Member& member) { member.expires = now_.time + member.session_timeout; }
    void still_alive(ClassicGroup& group, std::string_view member_id);
    void remove_member(ClassicGroup& group, const std::string& member_id);
    void members_expired(ClassicGroup& group);
    void sync_expired(ClassicGroup& group);
    void assign(ClassicGroup& group, const protocol::SyncGroupRequest& request);
    void reset_assignments(ClassicGroup& group, ErrorCode code);
    ErrorCode check_sync(const ClassicGroup& group,
                         const protocol::SyncGroupRequest& request) const;
    ErrorCode remove_leaver(ClassicGroup& group, const protocol::LeaveGroupRequest::Member& leaver);
    void log(const ClassicGroup& group);
    bool fits_into_log(const ClassicGroup& group) const;

    ErrorCode check_commit(const protocol::OffsetCommitRequest& request, Version version) const;
    bool is_expired(const ClassicGroup* group, const protocol::OffsetCommitValue& value) const;
    void check_retention(const std::string& group_id, const LoggedGroup& group);

    const GroupSettings& settings_;
    LoggedState logged_;
    std::map<std::string, ClassicGroup, std::less<>> live_;
    std::set<std::pair<Time, std::string>> alarms_;
    std::size_t members_bytes_ = 0;
    Now now_;
    Effects effects_;
};

// Which partition of __consumer_offsets a group belongs to: Java's hash of its name.
PartitionIndex partition_of_group(std::string_view group_id, std::int32_t partitions);

}  // namespace sluice::group
