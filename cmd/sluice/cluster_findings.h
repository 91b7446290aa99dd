#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/sluice/cluster_facts.h"

namespace sluice::cmd {

// What is wrong with a cluster, in the order of its weight, and what to do about it.
struct Finding {
    enum class Kind {
        no_controller,
        without_leader,
        below_min_isr,
        node_fenced,
        voter_silent,
        voter_behind,
        out_of_sync,
    };

    Kind kind;
    std::string what;
    std::string remedy;
    std::vector<BrokerId> nodes = {};          // That it is about, or that would help.
    std::vector<std::string> partitions = {};  // topic-0, ...
};

std::string_view name_of(Finding::Kind kind);

std::vector<Finding> findings_of(const ClusterFacts& facts);

// How many partitions something is wrong with.
struct PartitionCounts {
    std::int64_t without_leader = 0;
    std::int64_t below_min_isr = 0;
    std::int64_t out_of_sync = 0;  // Whatever else is wrong with them.
};
PartitionCounts count_partitions(const ClusterFacts& facts);

// 1,2,3
std::string node_list(const std::vector<BrokerId>& nodes);

// Longer silence than waiting for news explains.
inline constexpr Duration silence_max = std::chrono::seconds(5);
// Who has not had everything for so long is behind.
inline constexpr Duration behind_max = std::chrono::seconds(10);

}  // namespace sluice::cmd
