#include "core/broker/handlers/leader_hints.h"

namespace sluice::broker {

using protocol::ErrorCode;

const metadata::PartitionState* LeaderHints::hint(const PartitionId& id, ErrorCode error) {
    if (error != ErrorCode::not_leader_or_follower && error != ErrorCode::fenced_leader_epoch)
        return nullptr;
    const metadata::TopicState* const topic = image_.topic(id.topic);
    const metadata::PartitionState* const state = topic ? topic->partition(id.index) : nullptr;
    if (state != nullptr) leaders_.insert(state->leader);
    return state;
}

}  // namespace sluice::broker
