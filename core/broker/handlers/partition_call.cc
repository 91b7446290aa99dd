#include "core/broker/handlers/partition_call.h"

namespace sluice::broker {

using protocol::ErrorCode;

ErrorCode with_partition(Broker& broker, std::string_view topic, PartitionIndex index,
                         const std::function<void(Partition&)>& body) {
    const metadata::TopicState* found = broker.image().topic(topic);
    if (found == nullptr || found->partition(index) == nullptr)
        return ErrorCode::unknown_topic_or_partition;
    const PartitionId id{found->id, index};
    const ShardId home = broker.home_of(id);
    Broker& there = broker.on(home);
    ErrorCode error = ErrorCode::none;
    const auto called = env::call(broker.env().shards, home, [&] {
        if (const Partition::Use partition = there.find(id))
            body(*partition);
        else
            error = there.error_for_missing(id);
    });
    return called.failed() ? ErrorCode::request_timed_out : error;
}

}  // namespace sluice::broker
