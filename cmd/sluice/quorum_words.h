#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/broker/broker_config.h"

namespace sluice::cmd {

struct ServerConfig;

// The part a node takes in a cluster, in the words of Kafka's configuration.
struct QuorumWords {
    std::string roles = "broker,controller";  // process.roles
    std::string voters = {};                  // controller.quorum.voters
    std::string bootstrap = {};               // controller.quorum.bootstrap.servers
};

// ID@HOST:PORT,...
Result<std::vector<broker::QuorumConfig::Voter>, std::string> voters_of(const std::string& words);

// Makes of them what the node is. A sentence about what is wrong, or not served.
std::optional<std::string> apply_quorum(ServerConfig& config);

}  // namespace sluice::cmd
