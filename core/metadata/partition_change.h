#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/metadata/image.h"

namespace sluice::metadata {

inline constexpr BrokerId no_leader{-1};
// LeaderRecoveryState: elected though it may lack what was acknowledged.
inline constexpr std::int8_t recovering = 1;

bool holds(const std::vector<BrokerId>& brokers, BrokerId broker);
// `brokers` in their order, but those in `others`.
std::vector<BrokerId> without(const std::vector<BrokerId>& brokers,
                              const std::vector<BrokerId>& others);

// Where a new replica goes: the directory of a broker that has one, or nothing yet (KIP-858).
Uuid directory_for_new(const MetadataImage& image, BrokerId broker);

// Who may be elected. Replicas in sync first, then eligible ones (KIP-966), then the last leader
// if it is the only one known, and with `unclean` whoever there is, though it lacks what was
// acknowledged. `preferred` moves leadership to the first replica where that is in sync.
enum class Election { online, preferred, unclean };

// What decides besides the partition itself.
struct Electorate {
    std::set<BrokerId> active;       // Brokers that may lead and be in sync.
    std::size_t min_isr = 1;         // min.insync.replicas of the topic.
    bool eligible_replicas = false;  // eligible.leader.replicas.version is finalised.
};

// What somebody wants of a partition: it begins as what is so.
struct PartitionWish {
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    std::vector<BrokerId> adding;
    std::vector<BrokerId> removing;
    std::int8_t leader_recovery_state = 0;
    Election election = Election::online;
    // They may have lost what they had: out of sync, and not eligible either.
    std::vector<BrokerId> unclean = {};
    // They have lost it for sure, with their disks: not even the last one that led may lead again.
    std::vector<BrokerId> lost = {};
    // Of replicas that get another directory, or are new.
    std::map<BrokerId, Uuid> directories = {};

    explicit PartitionWish(const PartitionState& now)
        : replicas(now.replicas),
          isr(now.isr),
          adding(now.adding_replicas),
          removing(now.removing_replicas),
          leader_recovery_state(now.leader_recovery_state) {}
};

// The record that brings `wish` about, with what follows from it: a reassignment that is complete
// ends, whoever leaves may become eligible, a leader is elected where there is none good, and a
// replica that is taken away is fenced by a new leader epoch. Nothing when nothing changes.
std::optional<protocol::PartitionChangeRecord> change_of(const TopicId& topic, PartitionIndex index,
                                                         const PartitionState& now,
                                                         const PartitionWish& wish,
                                                         const Electorate& electorate);

// `now` after `change`.
PartitionState changed(const PartitionState& now, const protocol::PartitionChangeRecord& change);

}  // namespace sluice::metadata
