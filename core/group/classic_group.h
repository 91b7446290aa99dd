#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/group/effects.h"
#include "core/protocol/error_code.h"

namespace sluice::group {

enum class GroupState { empty, preparing_rebalance, completing_rebalance, stable };
// As Kafka's tools know it.
std::string_view name_of(GroupState state);

using Protocols = std::vector<protocol::JoinGroupRequest::Protocol>;

// One member, dynamic or static (then it has an instance id).
struct Member {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string client_host;
    Duration rebalance_timeout{0};
    Duration session_timeout{0};
    Protocols protocols;  // What it can take part in, the dearest first.
    Bytes assignment;
    std::optional<Ticket> joining;  // Its JoinGroup waits.
    std::optional<Ticket> syncing;  // Its SyncGroup waits.
    Time expires = never;           // Unless it is heard of before.
    bool is_new = false;            // Its first JoinGroup was not answered yet.

    const Bytes& metadata(std::string_view protocol) const;
    std::size_t bytes() const;
};

// A group of the classic protocol as it lives: its members and what they wait for. Soft state, a
// value without decisions of its own: Coordinator decides. What of it must survive is logged.
struct ClassicGroup {
    std::string id;
    GroupState state = GroupState::empty;
    Timestamp state_since = no_timestamp;
    GenerationId generation{0};
    std::optional<std::string> protocol_type;
    std::optional<std::string> protocol_name;
    std::string leader;
    std::map<std::string, Member, std::less<>> members;
    std::map<std::string, std::string, std::less<>> static_members;  // Instance to member.
    std::map<std::string, Time, std::less<>> pending;  // Ids handed out, and until when they hold.
    std::set<std::string, std::less<>> pending_sync;   // Who must still ask for its assignment.
    // Nothing when the members' subscriptions cannot be read.
    std::optional<std::set<std::string, std::less<>>> subscribed_topics;
    bool new_member_added = false;  // While the first rebalance waits for more.
    bool is_initial_wait = false;   // join_deadline ends the wait for more, not the rebalance.
    Duration initial_wait_left{0};
    Time join_deadline = never;
    Time sync_deadline = never;
    // The coordinator's notes: when it looks again at the latest, and what its members weigh.
    Time alarm = never;
    std::size_t bytes_counted = 0;

    // A group without members as a log or a first member makes it, and one from the log.
    static ClassicGroup restored(const std::string& id, const protocol::GroupMetadataValue& value,
                                 Now now);

    Member* member(std::string_view member_id);
    const Member* member(std::string_view member_id) const;
    bool is_leader(std::string_view member_id) const { return leader == member_id; }
    bool uses_consumer_protocol() const { return protocol_type == "consumer"; }
    bool is_subscribed_to(std::string_view topic) const;
    bool can_rebalance() const {
        return state == GroupState::stable || state == GroupState::completing_rebalance ||
               state == GroupState::empty;
    }
    bool all_joined() const;
    std::size_t joining_count() const;
    Duration rebalance_timeout() const;
    bool supports(const std::string& type, const Protocols& protocols) const;
    // The protocol everybody knows and most members like best.
    std::string select_protocol() const;
    // FENCED_INSTANCE_ID when another member has taken the instance's place.
    protocol::ErrorCode check_member(std::string_view member_id,
                                     const std::optional<std::string>& instance_id) const;
    Time next_deadline() const;
    std::vector<protocol::JoinGroupResponse::Member> joined_members() const;
    protocol::JoinGroupResponse join_answer(const Member& member) const;

    void enter(GroupState next, Timestamp wall);
    void add(Member member);
    // Forgets a member, joined or pending; its waiting requests must be answered before.
    void remove(const std::string& member_id);
    void replace_static_member(const std::string& old_id, const std::string& new_id);
    // The leader is a member that joined this time; false when there is none.
    bool elect_joined_leader();
    void begin_generation(Timestamp wall);
    void read_subscriptions();
    protocol::GroupMetadataValue record() const;
};

}  // namespace sluice::group
