#pragma once

#include <map>
#include <set>
#include <string>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/listeners.h"
#include "cmd/sluice/quorum_words.h"
#include "core/broker/broker_config.h"
#include "core/posix/shard_group.h"
#include "net/kafka/server.h"
#include "storage/log/options.h"

namespace sluice::cmd {

// Everything `sluice server` was told, from its configuration file and its command line.
struct ServerConfig {
    broker::BrokerConfig broker;
    net::ServerLimits network;
    storage::LogOptions logs;
    std::size_t memory_budget_bytes = std::size_t{256} << 20;
    std::string data = "data";
    ListenerWords listeners;
    QuorumWords quorum;
    std::string listener_name;    // Of the one that is served.
    std::set<std::string> given;  // Options of the broker's own that somebody set.
    // Known names that were given and change nothing here, and listeners of controllers.
    std::vector<std::string> without_effect;
    posix::ShardGroup::Options shards;
};

// The file first, then --set, then the options of their own. The message names what is wrong and,
// for an unknown name, the nearest known one.
Result<ServerConfig, std::string> server_config(const Arguments& arguments);

// What of it says whose a data directory is, and where; nothing else is looked at.
Result<ServerConfig, std::string> identity_config(const Arguments& arguments);

Result<env::Address, std::string> parse_address(std::string_view text);

}  // namespace sluice::cmd
