#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/broker/broker_config.h"

namespace sluice::broker {

// Why a node may not go on with a directory in which it voted in `kept`, or watched it: it
// would decide alone what the others must agree to, or bring them what it decided alone. Nothing
// where the configuration says the same, where nothing is known, and where it only watches. Pure.
struct KeptQuorum {
    std::vector<BrokerId> voters = {};    // None where the configuration did not name them,
    std::optional<BrokerId> leader = {};  // who led it last.
};
std::optional<std::string> complaint_about_voters(const KeptQuorum& kept,
                                                  const BrokerConfig& config);

}  // namespace sluice::broker
