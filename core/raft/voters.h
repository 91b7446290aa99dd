#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/records/control_records.h"

namespace sluice::raft {

// One replica of the metadata log: a node, and the directory its log is in, so that a node whose
// disk was replaced is somebody else (KIP-853). A zero directory is one that is not known.
struct ReplicaKey {
    BrokerId id{-1};
    Uuid directory;

    friend auto operator<=>(const ReplicaKey&, const ReplicaKey&) = default;
};

// The replicas that elect the leader and whose majority commits. A value.
class VoterSet {
public:
    using Voter = protocol::VotersRecord::Voter;

    VoterSet() = default;
    explicit VoterSet(const std::vector<Voter>& voters);

    // Null for a node that has no vote.
    const Voter* find(BrokerId id) const;
    // Whether this replica has a vote. Directories count where both of them are known: a cluster
    // formed without them knows its voters by their ids alone.
    bool holds(const ReplicaKey& replica) const;
    bool is_only(const ReplicaKey& replica) const { return voters_.size() == 1 && holds(replica); }
    std::size_t majority() const { return voters_.size() / 2 + 1; }
    std::size_t size() const { return voters_.size(); }
    bool empty() const { return voters_.empty(); }
    std::vector<BrokerId> ids() const;
    const std::map<BrokerId, Voter>& by_id() const { return voters_; }

    VoterSet with(const Voter& voter) const;
    VoterSet without(BrokerId id) const;

    protocol::VotersRecord record() const;
    friend bool operator==(const VoterSet&, const VoterSet&) = default;

private:
    std::map<BrokerId, Voter> voters_;
};

// Which voters counted from which offset of the metadata log on. A set counts from the moment it is
// appended, not committed, so it must go again when its record is truncated.
class VoterHistory {
public:
    // `configured` counts while the log names nobody: the voters of controller.quorum.voters.
    explicit VoterHistory(VoterSet configured = {}) : configured_(std::move(configured)) {}

    const VoterSet& latest() const;
    // What counted when the log ended at `end`.
    const VoterSet& before(Offset end) const;
    // Where the latest set stands; nothing when it is configured.
    std::optional<Offset> latest_offset() const;

    void appended(Offset at, VoterSet voters);
    // The log ends at `end` now.
    void truncate_from_end(Offset end);
    // The log begins at `start` now; what counts there stays.
    void truncate_from_start(Offset start);

private:
    VoterSet configured_;
    std::map<Offset, VoterSet> sets_;
};

}  // namespace sluice::raft
