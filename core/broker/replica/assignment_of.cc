#include "core/broker/replica/assignment_of.h"

namespace sluice::broker {

replication::Assignment assignment_of(const metadata::MetadataImage& image,
                                      const metadata::PartitionState& partition,
                                      std::size_t min_isr) {
    replication::Assignment assignment;
    assignment.replicas = partition.replicas;
    assignment.isr = partition.isr;
    assignment.leader = partition.leader;
    assignment.leader_epoch = partition.leader_epoch;
    assignment.partition_epoch = partition.partition_epoch;
    assignment.min_isr = min_isr;
    for (const BrokerId id : partition.replicas)
        if (const metadata::BrokerState* const broker = image.broker(id))
            assignment.brokers[id] = {broker->epoch, broker->is_active(), broker->rack};
    return assignment;
}

bool is_lone(const metadata::PartitionState& partition, BrokerId self) {
    return partition.replicas.size() == 1 && partition.replicas.front() == self &&
           partition.leader == self;
}

}  // namespace sluice::broker
