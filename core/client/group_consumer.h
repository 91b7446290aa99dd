#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/client/consumer.h"
#include "core/client/group_member.h"

namespace sluice::client {

// What a consumer's owner may want to know of its shares. Called by poll() and close(), in the
// caller's fiber; they may wait, and commit.
struct GroupEvents {
    using Partitions = std::vector<TopicPartition>;
    std::function<void(const Partitions&)> assigned = {};
    // Before they are given up: the last chance to commit how far they were read.
    std::function<void(const Partitions&)> revoked = {};
    // They may be somebody else's already: too late to commit.
    std::function<void(const Partitions&)> lost = {};
};

// Reads topics together with the other members of a group: the partitions are shared out among
// them, and offsets that were committed say where somebody else goes on. Used by one fiber at a
// time; close() before the end of its life.
class GroupConsumer {
public:
    GroupConsumer(Cluster& cluster, GroupOptions group, ConsumerOptions reading,
                  GroupEvents events = {});
    ~GroupConsumer();
    GroupConsumer(const GroupConsumer&) = delete;
    GroupConsumer& operator=(const GroupConsumer&) = delete;

    // In place of what was subscribed to before. Takes effect with the next poll.
    void subscribe(std::vector<std::string> topics);

    // Waits at most `time` for records; none is no failure. Joins the group, and follows it through
    // its rebalances, which may go on over several calls. With automatic commits, a call says that
    // what the calls before it returned has been dealt with. Refused for good (FENCED_INSTANCE_ID,
    // INCONSISTENT_GROUP_PROTOCOL, GROUP_AUTHORIZATION_FAILED, ...), or for once: Error::corrupt
    // for a damaged batch; Error::not_found for a partition without a committed offset and
    // OffsetReset::none.
    Result<std::vector<ReadRecord>, Refusal> poll(Duration time);

    // Commits the positions behind what poll() returned, or others. Durable on return. Refused with
    // ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID or REBALANCE_IN_PROGRESS when the partitions may be, or
    // are about to be, somebody else's: poll again.
    Result<void, Refusal> commit();
    Result<void, Refusal> commit(const CommittedOffsets& offsets);

    // What this member reads now.
    std::vector<TopicPartition> assignment() const { return consumer_.assignment(); }
    std::optional<Offset> position(const TopicPartition& partition) const {
        return consumer_.position(partition);
    }
    std::optional<Offset> high_watermark(const TopicPartition& partition) const {
        return consumer_.high_watermark(partition);
    }
    std::optional<protocol::ErrorCode> trouble(const TopicPartition& partition) const {
        return consumer_.trouble(partition);
    }
    const std::optional<Consumer::Damage>& damage() const { return consumer_.damage(); }
    // As it was joined last; -1 for none.
    GenerationId generation() const { return generation_; }
    const std::string& member_id() const { return member_.member_id(); }

    // Commits, if it does so by itself, gives everything up and leaves the group; a static member
    // stays in it until its session ends. Nothing may be called after it.
    void close();

private:
    Result<void, Refusal> keep_membership(Time deadline);
    Result<void, Refusal> begin_to_join();
    void take(const Membership& membership);
    void drop(const std::vector<TopicPartition>& partitions);
    void lose_all();
    Result<void, Refusal> find_positions();
    void commit_when_due();
    void commit_before_revoking();
    void watch_topics();
    CommittedOffsets uncommitted() const;

    Cluster& cluster_;
    const env::Clock& clock_;
    const GroupOptions group_;
    const ConsumerOptions reading_;
    const GroupEvents events_;
    Coordinator coordinator_;
    GroupOffsets offsets_;
    GroupMember member_;
    Consumer consumer_;
    std::vector<std::string> topics_;
    std::vector<TopicPartition> owned_;  // What the member has, also while positions are unknown.
    std::set<TopicPartition> without_position_;
    std::map<TopicPartition, Offset> committed_;
    // Of the last round, for strategies that leave it where it was.
    std::vector<TopicPartition> previous_;
    GenerationId generation_{-1};
    PartitionCounts shared_out_;  // By this member, when it was the leader.
    Time next_commit_;
    Time next_watch_;
    bool closed_ = false;
};

}  // namespace sluice::client
