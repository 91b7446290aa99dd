#pragma once

#include <functional>

#include "cmd/sluice/arguments.h"
#include "core/client/admin.h"
#include "core/client/cluster.h"
#include "core/posix/reactor.h"

namespace sluice::cmd {

inline constexpr OptionHelp bootstrap_option{"bootstrap", "HOST:PORT[,...]",
                                             "brokers to ask first (127.0.0.1:9092)"};
inline constexpr OptionHelp json_option{"json", "", "as JSON"};

// Runs `body` with a client of the brokers that --bootstrap names, on a shard of its own, and gives
// its exit code. `interrupted` is set by SIGINT and SIGTERM.
struct ClientSession {
    client::Cluster& cluster;
    env::Scheduler& scheduler;
    const env::Clock& clock;
    posix::Reactor& reactor;
    const bool& interrupted;
};
int with_client(const Arguments& arguments, const std::function<int(ClientSession&)>& body);

// Says why something failed, on stderr, and gives exit_failed.
int failed(std::string_view what, const client::Refusal& refusal);
int failed(std::string_view what, Error error);

}  // namespace sluice::cmd
