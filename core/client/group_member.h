#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/client/assign/assignor.h"
#include "core/client/coordinator.h"
#include "core/client/group_offsets.h"

namespace sluice::client {

// What a member of a group is made with; nothing of it changes later. Kafka's names stand beside.
struct GroupOptions {
    std::string group = {};                       // group.id
    std::optional<std::string> instance_id = {};  // group.instance.id; a static member when set.
    // In the order of preference. Cooperative only when all of them are.
    std::vector<Strategy> strategies = {Strategy::range, Strategy::cooperative_sticky};
    Duration session_time_max = std::chrono::seconds(45);   // session.timeout.ms
    Duration heartbeat_interval = std::chrono::seconds(3);  // heartbeat.interval.ms
    // Between two polls; also what others grant this member to join them: max.poll.interval.ms
    Duration poll_interval_max = std::chrono::minutes(5);
    bool commits_by_itself = true;                       // enable.auto.commit
    Duration commit_interval = std::chrono::seconds(5);  // auto.commit.interval.ms

    bool cooperative() const;
};

// What a member was given when the group last shared out its partitions.
struct Membership {
    GenerationId generation{-1};
    Strategy strategy = Strategy::range;
    std::vector<TopicPartition> partitions = {};
    // For the leader alone: what it shared out.
    std::optional<PartitionCounts> shared_out = {};
};

// A member of a classic group, as its coordinator sees it: joins, gets its share, and sends
// heartbeats, all in one fiber of its own and over a connection of its own, where a join may wait
// for minutes. What the shares mean is its owner's business (GroupConsumer). A consumer that isn't
// polled leaves.
class GroupMember {
public:
    GroupMember(Cluster& cluster, Coordinator& coordinator, const GroupOptions& options);
    ~GroupMember();
    GroupMember(const GroupMember&) = delete;
    GroupMember& operator=(const GroupMember&) = delete;

    // Begins to join, with what it subscribes to and what it keeps meanwhile. Only when it is not
    // joining already. The outcome is a membership, or being lost.
    Result<void> join(GroupMemberWish wish);
    bool joining() const { return joining_; }
    // The coordinator asked for it, or nobody has joined yet.
    bool should_join() const { return should_join_; }
    void ask_to_join() { should_join_ = true; }
    // What came of joining, once.
    std::optional<Membership> take_membership() { return std::exchange(outcome_, std::nullopt); }
    // The group went on without this member: what it had may be another's already. Told once.
    bool take_lost() { return std::exchange(lost_, false); }
    // Why this member can never join again; for example another one took its instance id.
    const std::optional<Refusal>& failure() const { return failure_; }

    const std::string& member_id() const { return member_id_; }
    // In whose name to commit now.
    CommitIdentity identity() const { return {generation_, member_id_, options_.instance_id}; }
    // A commit was answered so: it may mean that membership is lost.
    void commit_answered(protocol::ErrorCode code);
    void polled() { last_poll_ = env_.clock.now(); }
    // Something of the above has changed. Error::timed_out at the deadline.
    Result<void> wait_for_news(Time deadline) { return news_.wait_until(deadline); }

    // Ends the fiber, and waits for its end: must come before it goes. A dynamic member says
    // good-bye when `leave`, so that others need not wait for its session to end.
    void close(bool leave);

private:
    // How one attempt went.
    enum class Attempt { done, again_now, again_later };

    void run();
    void attend();
    Result<BrokerConnection*> link();
    void unlink();
    Attempt play_round();
    Attempt send_join();
    Attempt refused(protocol::ErrorCode code);
    Attempt send_sync(const protocol::JoinGroupResponse& joined);
    Result<std::vector<protocol::SyncGroupRequest::Assignment>> share_out(
        const protocol::JoinGroupResponse& joined);
    void heartbeat();
    void leave(std::string_view reason);
    void lose();
    void fail(protocol::ErrorCode code);
    Attempt world_failed(Error error);
    Duration join_time_extra() const;

    Cluster& cluster_;
    const ClientEnv env_;
    Coordinator& coordinator_;
    const GroupOptions options_;
    env::FiberGroup fibers_;
    env::Event work_;
    env::Signal news_;
    std::unique_ptr<BrokerConnection> link_;

    GroupMemberWish wish_;
    std::string member_id_;
    GenerationId generation_{-1};
    Strategy strategy_ = Strategy::range;
    std::optional<PartitionCounts> shared_out_;
    std::optional<Membership> outcome_;
    std::optional<Refusal> failure_;
    bool started_ = false;
    bool joining_ = false;
    bool should_join_ = true;
    bool lost_ = false;
    bool closing_ = false;
    Time last_poll_;
    Time next_heartbeat_;
};

}  // namespace sluice::client
