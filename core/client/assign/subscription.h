#pragma once

#include <vector>

#include "core/base/result.h"
#include "core/client/assign/assignor.h"

namespace sluice::client {

// What a member writes about itself into JoinGroup, for one strategy, in the form of the Java
// clients: what it owns stands in the subscription itself and, for the sticky strategies of before
// that was possible, in its user data.
Result<Bytes> encode_wish(Strategy strategy, const GroupMemberWish& wish);
// And how the leader reads it, from whatever client. Error::invalid when it is nothing of this
// kind.
Result<GroupMemberWish> decode_wish(Strategy strategy, const Bytes& metadata);

Result<Bytes> encode_share(const std::vector<TopicPartition>& partitions);
Result<std::vector<TopicPartition>> decode_share(const Bytes& assignment);

}  // namespace sluice::client
