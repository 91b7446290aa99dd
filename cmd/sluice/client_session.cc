#include "cmd/sluice/client_session.h"

#include <fmt/format.h>

#include <csignal>

#include "cmd/sluice/server_config.h"
#include "core/posix/seed.h"
#include "net/posix/network.h"

namespace sluice::cmd {
namespace {

bool interrupted_flag = false;

void note_interrupt(int) {
    interrupted_flag = true;
}

Result<std::vector<env::Address>, std::string> bootstrap_of(const Arguments& arguments) {
    std::vector<env::Address> addresses;
    std::string list = arguments.get("bootstrap").value_or("127.0.0.1:9092");
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        TRY(env::Address address, parse_address(list.substr(0, comma)));
        addresses.push_back(std::move(address));
        list.erase(0, std::min(comma + 1, list.size()));
    }
    return addresses;
}

}  // namespace

int with_client(const Arguments& arguments, const std::function<int(ClientSession&)>& body) {
    const auto bootstrap = bootstrap_of(arguments);
    if (bootstrap.failed()) return usage_error("--bootstrap: " + bootstrap.error());
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);

    int code = exit_failed;
    const auto ran = posix::ShardGroup::run({}, [&](posix::ShardGroup::Shard& shard) {
        Random random(posix::system_seed());
        posix::PosixNetwork network(shard.reactor);
        const client::ClientEnv env{shard.reactor.scheduler(), shard.reactor.clock(), network,
                                    random};
        client::Cluster cluster(env, {.client_id = "sluice-cli"}, *bootstrap);
        ClientSession session{cluster, env.scheduler, env.clock, shard.reactor, interrupted_flag};
        code = body(session);
        cluster.close();
    });
    return ran.failed() ? exit_failed : code;
}

int failed(std::string_view what, const client::Refusal& refusal) {
    fmt::print(stderr, "sluice: {}: {}\n", what, refusal.text());
    return exit_failed;
}

int failed(std::string_view what, Error error) {
    const std::string_view remedy =
        error == Error::refused ? " (is a broker running there? --bootstrap names it)" : "";
    fmt::print(stderr, "sluice: {}: {}{}\n", what, name_of(error), remedy);
    return exit_failed;
}

}  // namespace sluice::cmd
