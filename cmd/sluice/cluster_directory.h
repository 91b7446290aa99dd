#pragma once

#include <string>
#include <vector>

#include "cmd/sluice/cluster_nodes.h"
#include "core/base/result.h"

namespace sluice::cmd {

// Makes the directories of these nodes where they are missing, and gives each its identity: one
// cluster's. The message says why that cannot be, and what to do.
Result<void, std::string> prepare_directories(const ClusterPlan& plan,
                                              const std::vector<ClusterNode>& nodes);

}  // namespace sluice::cmd
