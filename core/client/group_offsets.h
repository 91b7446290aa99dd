#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/client/coordinator.h"

namespace sluice::client {

// How far a group has come with a partition.
struct CommittedOffset {
    Offset offset;
    LeaderEpoch leader_epoch = no_leader_epoch;
    std::string metadata = {};
};
using CommittedOffsets = std::map<TopicPartition, CommittedOffset>;

// In whose name offsets are committed. As it is made: from outside of the group, which is refused
// while the group has members.
struct CommitIdentity {
    GenerationId generation{-1};
    std::string member_id = {};
    std::optional<std::string> instance_id = {};
};

// The committed offsets of one group.
class GroupOffsets {
public:
    explicit GroupOffsets(Coordinator& coordinator) : coordinator_(coordinator) {}

    // All of the group; partitions without an offset are not among them.
    Result<CommittedOffsets, Refusal> all();
    Result<CommittedOffsets, Refusal> of(const std::vector<TopicPartition>& partitions);
    // Durable with the coordinator on return. A refusal names the first partition that was refused;
    // others may have been committed.
    Result<void, Refusal> commit(const CommittedOffsets& offsets, const CommitIdentity& identity);
    // Forgets the offsets of partitions that no member subscribes to.
    Result<void, Refusal> remove(const std::vector<TopicPartition>& partitions);

private:
    Result<CommittedOffsets, Refusal> fetch(const std::vector<TopicPartition>* partitions);

    Coordinator& coordinator_;
};

}  // namespace sluice::client
