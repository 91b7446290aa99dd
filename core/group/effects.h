#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "core/base/strong.h"
#include "core/base/time.h"
#include "core/group/record.h"
#include "core/protocol/messages/join_group.h"
#include "core/protocol/messages/sync_group.h"

namespace sluice::group {

// A request that waits for its answer; drawn by the driver, never used twice.
using Ticket = Strong<struct TicketTag, std::uint64_t>;

// The moment of an input, on both of the node's clocks.
struct Now {
    Time time;
    Timestamp wall;
};

// Of a request that came with an earlier input and waited: a JoinGroup or a SyncGroup.
struct Answer {
    Ticket ticket;
    std::variant<protocol::JoinGroupResponse, protocol::SyncGroupResponse> reply;
};

// What a step asks of the driver: log the records and apply them, in this order, and give the
// answers once everything applied so far is durable.
struct Effects {
    std::vector<Record> records;
    std::vector<Answer> answers;
};

// The answer to the request that was the input, beside what else follows from it. It too waits
// until what it rests on is durable.
template <class Reply>
struct Replied {
    Reply reply;
    Effects effects;
};

}  // namespace sluice::group
