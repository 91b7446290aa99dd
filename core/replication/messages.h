#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "core/base/strong.h"
#include "core/protocol/error_code.h"
#include "core/protocol/types.h"
#include "core/replication/leader_epochs.h"

namespace sluice::replication {

// What leaders and followers say to each other about one partition, as far as it matters to them:
// the batches themselves stay with the driver.

struct FetchAsk {
    BrokerId follower;
    protocol::BrokerEpoch broker_epoch{-1};  // KIP-903; -1 from a follower that does not say.
    LeaderEpoch leader_epoch;                // As the follower knows it.
    Offset offset;                           // It has everything before.
    LeaderEpoch last_fetched_epoch = no_leader_epoch;  // Of the record before `offset`.
    Offset log_start{0};

    friend bool operator==(const FetchAsk&, const FetchAsk&) = default;
};

// A piece of a log that one leader wrote.
struct Run {
    LeaderEpoch epoch;
    Offset first;
    Offset end;
};

// What comes next in the log, from the offset asked for, is the driver's to add where neither an
// error nor a place where the logs part is named.
struct FetchReply {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    std::optional<LeaderEpochs::End> diverging = {};
    Offset high_watermark{-1};
    Offset log_start{-1};
    std::vector<Run> runs = {};
};

// Where an epoch ends in the leader's log; the epoch is -1 where it knows of none.
struct EpochEndReply {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    LeaderEpochs::End end{no_leader_epoch, Offset(-1)};
};

// AlterPartition, answered.
struct ProposalReply {
    protocol::ErrorCode error = protocol::ErrorCode::none;
    LeaderEpoch leader_epoch;
    protocol::PartitionEpoch partition_epoch;
    std::vector<BrokerId> isr;
};

}  // namespace sluice::replication
