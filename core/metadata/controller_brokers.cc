// What the controller decides when brokers come.

#include <algorithm>

#include "core/metadata/controller.h"
#include "core/metadata/partition_change.h"

namespace sluice::metadata {

using protocol::MetadataRecord;

namespace {

// `broker` has everything that was committed, as far as is known: it was in sync when the last
// leader went (KIP-966). Failing all of those, the last leader itself.
bool may_lead(const PartitionState& partition, BrokerId broker) {
    if (!holds(partition.replicas, broker)) return false;
    if (holds(partition.isr, broker) || holds(partition.eligible_leader_replicas, broker))
        return true;
    return partition.isr.empty() && partition.eligible_leader_replicas.empty() &&
           partition.last_known_elr == std::vector{broker};
}

}  // namespace

std::vector<MetadataRecord> Controller::elections_of(BrokerId broker) const {
    std::vector<MetadataRecord> records;
    for (const auto& [id, topic] : image_.topics_by_id)
        for (const auto& [index, partition] : topic->partitions) {
            if (partition.leader != BrokerId(-1) || !may_lead(partition, broker)) continue;
            protocol::PartitionChangeRecord change;
            change.topic_id = id;
            change.partition_id = index;
            change.leader = broker;
            if (!holds(partition.isr, broker)) {
                change.isr = std::vector{broker};
                change.eligible_leader_replicas = partition.eligible_leader_replicas;
                std::erase(*change.eligible_leader_replicas, broker);
                change.last_known_elr = std::vector<BrokerId>{};
            }
            records.push_back(change);
        }
    return records;
}

Decision<protocol::BrokerEpoch> Controller::register_broker(
    const protocol::RegisterBrokerRecord& registration) const {
    protocol::RegisterBrokerRecord record = registration;
    // As in Kafka a registration's epoch is its offset in the metadata log: it grows by itself.
    record.broker_epoch = protocol::BrokerEpoch(image_.next_offset.value);
    Decision<protocol::BrokerEpoch> decision{{record}, record.broker_epoch};
    if (!record.fenced)
        std::ranges::move(elections_of(record.broker_id), std::back_inserter(decision.records));
    return decision;
}

}  // namespace sluice::metadata
