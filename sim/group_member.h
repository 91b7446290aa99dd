#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/client/cluster.h"
#include "core/env/env.h"
#include "core/protocol/messages/join_group.h"
#include "sim/group_history.h"
#include "sim/world.h"

namespace sluice::sim {

// How a group is used; outlives its members.
struct GroupUse {
    std::string group;
    std::string topic;
    std::int32_t partitions = 1;
    Duration session_timeout{0};
    Duration rebalance_timeout{0};
    std::size_t metadata_bytes = 0;
    const World& world;
    GroupHistory& history;
};

// One who joins a group, takes part and misbehaves now and then; a fiber of its client's machine
// drives it. Each step asks one thing; a step that fails leaves it outside of the group.
class GroupMember {
public:
    GroupMember(const GroupUse& use, env::Env& env, std::vector<env::Address> servers,
                std::optional<std::string> instance);
    ~GroupMember() { cluster_.close(); }
    GroupMember(const GroupMember&) = delete;
    GroupMember& operator=(const GroupMember&) = delete;

    bool is_in() const { return in_; }
    const std::vector<std::int32_t>& owned() const { return owned_; }
    const GroupHistory::Membership& membership() const { return membership_; }
    bool is_leader() const { return leader_; }

    // Becomes a member, up to where it must ask for its part. False when it must try again.
    bool join();
    // Takes its part, and learns where the group is in it. A leader's parts have so many bytes of
    // ballast.
    bool sync(std::size_t ballast = 0);
    void heartbeat();
    // Commits what it has done since; true when all of it was acknowledged.
    bool commit();
    // Looks what is committed everywhere.
    bool fetch();
    // Says something in the name it had before, or of the generation before.
    void commit_late();
    // As the leader that it was just named, before it has said who owns what.
    void commit_early();
    // As a consumer of no group's protocol does: in nobody's name, and looks. Whether all of it was
    // acknowledged.
    bool commit_alone();
    // Whether it was told that it is out.
    bool leave();
    // On how many partitions anything is committed; nothing when nobody says.
    std::optional<std::size_t> count_committed();
    // Goes without a word; comes back as somebody else.
    void forget_itself();

    // The longest that a JoinGroup waited, whether or not it was answered.
    Duration longest_join() const { return longest_join_; }

private:
    struct Part {
        GroupHistory::Membership membership;
        std::vector<std::int32_t> partitions;
    };
    // A commit, looked up again: must be there if its owner is a member still, as its next one
    // says.
    struct Kept {
        std::int32_t partition = 0;
        std::size_t commit = 0;
        std::optional<GroupHistory::Found> found;
    };

    template <class Request>
    auto ask(const Request& request, Duration extra = {}, Version newest = Version(INT16_MAX)) {
        using Reply = Result<typename client::ApiOf<Request>::type::Response>;
        const auto broker = cluster_.any();
        if (broker.failed()) return Reply(broker.error());
        return (*broker)->ask(request, extra, newest);
    }
    void out(protocol::ErrorCode code);
    void heard_since(Time invoked) { heard_ = invoked; }
    std::vector<std::pair<std::string, std::vector<std::int32_t>>> parts() const;
    bool commit_as(const Part& part);
    void note_kept(const std::map<std::int32_t, std::size_t>& commits);

    const GroupUse& use_;
    env::Env& env_;
    client::Cluster cluster_;
    const std::optional<std::string> instance_;
    bool in_ = false;
    bool leader_ = false;
    GroupHistory::Membership membership_;
    protocol::JoinGroupResponse joined_;
    std::vector<std::int32_t> owned_;
    std::map<std::int32_t, std::int64_t> positions_;
    std::optional<Part> before_;  // What it was in the generation before.
    std::map<std::int32_t, std::size_t> acknowledged_;
    std::vector<Kept> kept_;
    Duration longest_join_{0};
    Time heard_ = never;  // When it last said something as a member and was accepted.
};

}  // namespace sluice::sim
