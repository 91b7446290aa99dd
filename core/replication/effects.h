#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/types.h"

namespace sluice::replication {

// What a replica asks of its driver, which performs one effect after the other; what comes of it is
// a later input.

// An append that waits until all in-sync replicas have it: named by whoever waits.
using AppendId = Strong<struct AppendIdTag, std::uint64_t>;
using ProposalId = Strong<struct ProposalIdTag, std::uint64_t>;

// Note in the log that `epoch` begins at `at`, its end, though nothing is written yet.
struct BeginEpoch {
    LeaderEpoch epoch;
    Offset at;
};
// Ask the controller for this in-sync set (AlterPartition). The same proposal may be sent again:
// then its first answer counts. What the controller agrees to comes with the metadata log.
struct Propose {
    struct Member {
        BrokerId broker;
        protocol::BrokerEpoch epoch;  // In which it proved what it has.
    };
    ProposalId id;
    LeaderEpoch leader_epoch;
    protocol::PartitionEpoch partition_epoch;
    std::vector<Member> isr;
};
// Everything before `high_watermark` may be read.
struct Committed {
    Offset high_watermark;
};
// Answer an append: it is committed, or nobody here will know.
struct Answer {
    AppendId append;
    protocol::ErrorCode error;
};

// Cut the log at `end`, with its leader epochs and the state of producers: also when it ends there.
struct Truncate {
    Offset end;
};
// Append what the answer under hand brought, as far as `end`.
struct Append {
    Offset end;
};
// Throw the whole log away and begin again at `at`; records before `log_start` are deleted ones.
struct Restart {
    Offset at;
    Offset log_start;
};
// Records before `start` are deleted, as they are at the leader.
struct DeleteBefore {
    Offset start;
};
// Ask the leader where its log begins and ends (ListOffsets): then leader_log_found().
struct FindLeaderLog {};

using Effect = std::variant<BeginEpoch, Propose, Committed, Answer, Truncate, Append, Restart,
                            DeleteBefore, FindLeaderLog>;

}  // namespace sluice::replication
