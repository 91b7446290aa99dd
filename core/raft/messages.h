#pragma once

// What the replicas of the metadata log say to each other, without the wire around it (Kafka's
// messages can speak of many partitions; of this log there is one). wire.h turns one into the
// other.

#include <compare>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/raft/voters.h"

namespace sluice::raft {

// Where a log ends and who wrote its last record, or such a place in it. Of two logs the one whose
// end is greater is more up to date (Raft, 5.4.1).
struct LogPoint {
    LeaderEpoch epoch{0};
    Offset offset{0};

    friend auto operator<=>(const LogPoint&, const LogPoint&) = default;
};

// What every answer says of the quorum as it is known to the one who answers.
struct Leadership {
    LeaderEpoch epoch{0};
    std::optional<BrokerId> leader;

    friend bool operator==(const Leadership&, const Leadership&) = default;
};

struct VoteAsk {
    ReplicaKey candidate;
    LeaderEpoch epoch;
    LogPoint log_end;
    bool pre_vote = false;  // Only whether it would be granted (KIP-996).
    ReplicaKey voter;       // Whom it asks.
};
struct VoteReply {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    Leadership known;
    bool granted = false;
};

// BeginQuorumEpoch: the leader says that it is.
struct LeaderAsk {
    BrokerId leader;
    LeaderEpoch epoch;
    ReplicaKey voter;  // Whom it tells.
};
struct LeaderReply {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    Leadership known;
};

// EndQuorumEpoch: the leader says that it no longer is, and who should follow, best first.
struct ResignAsk {
    BrokerId leader;
    LeaderEpoch epoch;
    std::vector<BrokerId> successors;
};
using ResignReply = LeaderReply;

struct FetchAsk {
    ReplicaKey replica;
    LeaderEpoch epoch;
    LogPoint log_end;
    // What the replica knows to be committed.
    Offset high_watermark{0};
};
// A piece of a log that one leader wrote, and the voters it names, if it does.
struct Run {
    LeaderEpoch epoch;
    Offset first;
    Offset end;
    std::optional<VoterSet> voters = {};
};
struct FetchReply {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    Leadership known;
    Offset high_watermark{0};
    // At most one of them: where the logs part, the snapshot to begin with, or what comes next.
    std::optional<LogPoint> diverging = {};
    std::optional<LogPoint> snapshot = {};
    std::vector<Run> runs = {};
};

// A part of the snapshot that a replica must begin with (KIP-630), from `position` on.
struct SnapshotAsk {
    ReplicaKey replica;
    LeaderEpoch epoch;
    LogPoint snapshot;
    std::int64_t position = 0;
};
struct SnapshotPart {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    Leadership known = {};
    std::int64_t size = 0;  // Of the whole snapshot.
    Bytes bytes = {};
};

using Ask = std::variant<VoteAsk, LeaderAsk, ResignAsk, FetchAsk>;
using Reply = std::variant<VoteReply, LeaderReply, FetchReply>;

}  // namespace sluice::raft
