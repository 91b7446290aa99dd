#pragma once

#include "core/base/strong.h"
#include "core/replication/leader_epochs.h"

namespace sluice::replication {

// A replica's log as the rules look at it: start <= durable <= end. Good for the call it is passed
// to.
struct LogView {
    Offset start;
    Offset end;      // Behind the last record written,
    Offset durable;  // and behind the last one that is on disk.
    const LeaderEpochs& epochs;
};

}  // namespace sluice::replication
