#pragma once

#include <csignal>
#include <functional>
#include <string>

#include "cmd/sluice/arguments.h"
#include "core/client/admin.h"
#include "core/client/cluster.h"
#include "core/posix/reactor.h"

namespace sluice::cmd {

inline constexpr OptionHelp bootstrap_option{"bootstrap", "HOST:PORT[,...]",
                                             "brokers to ask first (127.0.0.1:9092)"};
inline constexpr OptionHelp json_option{"json", "", "as JSON"};

// Runs `body` with a client of the brokers that --bootstrap names, on a shard of its own, and gives
// its exit code; exit_unreachable when none of them answers. `interrupted` is set by SIGINT and
// SIGTERM.
struct ClientSession {
    client::Cluster& cluster;
    env::Scheduler& scheduler;
    const env::Clock& clock;
    posix::Reactor& reactor;
    const volatile std::sig_atomic_t& interrupted;  // Not 0 once it was.
    const bool& lost;  // A broker went away, and none has come back since.
};
int with_client(const Arguments& arguments, const std::function<int(ClientSession&)>& body);
// The same with a client that waits for no answer longer than `patience`, of a second at least.
int with_client(const Arguments& arguments, Duration patience,
                const std::function<int(ClientSession&)>& body);

// No broker answered.
bool is_unreachable(Error error);

// Says why something failed, on stderr, and gives the exit code.
int failed(std::string_view what, const client::Refusal& refusal);
int failed(std::string_view what, Error error);
// The same for something about a topic: names the one that was meant when there is none such.
int failed_topic(ClientSession& session, std::string_view what, const std::string& topic,
                 const client::Refusal& refusal);
// The same for a topic that the broker should make when there is none such: says why it did not.
int failed_new_topic(ClientSession& session, std::string_view what, const std::string& topic,
                     const client::Refusal& refusal);
// The same for something about a group: names the one that was meant when there is none such, and
// says so when its members are in the way, which what brokers answer does not always tell.
int failed_group(ClientSession& session, std::string_view what, const std::string& group,
                 const client::Refusal& refusal);

}  // namespace sluice::cmd
