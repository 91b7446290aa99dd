#include "core/metadata/departures.h"

#include "core/metadata/broker_controller.h"

namespace sluice::metadata {
namespace {

bool concerns(const PartitionState& partition, const BrokerMove& move) {
    if (move.coming && partition.leader == BrokerId(-1)) return true;
    if (!move.leaving) return false;
    return holds(partition.isr, *move.leaving) || partition.leader == *move.leaving ||
           (move.unclean && holds(partition.eligible_leader_replicas, *move.leaving)) ||
           (move.lost && holds(partition.last_known_elr, *move.leaving));
}

}  // namespace

std::vector<protocol::MetadataRecord> changes_of(
    const MetadataImage& image, const BrokerMove& move,
    const std::function<bool(const PartitionState&)>& which) {
    std::vector<protocol::MetadataRecord> records;
    for (const auto& [id, topic] : image.topics_by_id) {
        std::optional<Electorate> electorate;  // Looked up only for topics it matters to.
        for (const auto& [index, partition] : topic->partitions) {
            if (!concerns(partition, move) || (which && !which(partition))) continue;
            PartitionWish wish(partition);
            if (!electorate) {
                electorate = electorate_of(image, *topic);
                if (move.leaving) electorate->active.erase(*move.leaving);
                if (move.coming) electorate->active.insert(*move.coming);
            }
            if (unclean_election_enabled(image, topic->name)) wish.election = Election::unclean;
            if (move.leaving) wish.isr = without(partition.isr, {*move.leaving});
            if (move.leaving && move.unclean) wish.unclean = {*move.leaving};
            if (move.leaving && move.lost) wish.lost = {*move.leaving};
            if (auto change = change_of(id, index, partition, wish, *electorate))
                records.emplace_back(*std::move(change));
        }
    }
    return records;
}

}  // namespace sluice::metadata
