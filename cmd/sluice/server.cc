#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <latch>

#include "cmd/sluice/commands.h"
#include "cmd/sluice/heap_trimmer.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/real_doors.h"
#include "cmd/sluice/server_config.h"
#include "cmd/sluice/signal_waiter.h"
#include "core/broker/node.h"
#include "core/posix/file_limit.h"
#include "net/kafka/kafka_frontend.h"
#include "net/kafka/peer_connections.h"
#include "storage/log/data_root.h"
#include "storage/log/store.h"

namespace sluice::cmd {

const CommandHelp& server_help() {
    static const CommandHelp help{
        .name = "server",
        .summary =
            "Run a broker. Without options: a durable node on 127.0.0.1:9092 with its data in "
            "./data.",
        .options = {{"listen", "HOST:PORT",
                     "where clients connect; without HOST on all addresses (127.0.0.1:9092)"},
                    {"advertise", "HOST:PORT",
                     "what clients are told to connect to (as --listen, or the host's name)"},
                    {"data", "DIR", "where everything is kept (./data)", false, any_file},
                    {"config", "FILE", "Kafka's server.properties names", false, any_file},
                    {"role", "ROLE", "broker,controller, broker or controller (broker,controller)",
                     false, "broker,controller|controller|broker"},
                    {"id", "N", "the node's number in its cluster (1)"},
                    {"quorum", "ID@HOST:PORT,...",
                     "all controllers; a node that is told of none is alone"},
                    {"set", "NAME=VALUE", "one of them; may be repeated", true, any_server_config},
                    {"shards", "N",
                     "threads, each with its own part of the work (one a processor)"},
                    {"io", "ENGINE", "auto, uring or epoll (auto)", false, "auto|uring|epoll"}},
        .examples =
            "  sluice server\n"
            "  sluice server --data /var/lib/sluice --listen 0.0.0.0:9092 --advertise "
            "broker.example:9092\n"
            "  sluice server --set num.partitions=6\n"
            "  sluice server --role controller --id 1 --data c1 \\\n"
            "      --quorum 1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"};
    return help;
}

namespace {

broker::Node::Parts parts(const ServerConfig& config) {
    return {.directory = [](env::Env& env) { return std::make_unique<storage::DataRoot>(env); },
            .logs =
                [&config](env::Env& env) {
                    return std::make_unique<storage::Store>(storage::LogDoors::of(env), "",
                                                            config.logs);
                },
            .frontend =
                [&config](std::vector<env::Env*> envs, std::vector<broker::Service*> services) {
                    return std::make_unique<net::KafkaFrontend>(
                        std::move(envs), std::move(services), config.network);
                },
            .peers =
                [&config](env::Env& env) {
                    return std::make_unique<net::PeerConnections>(
                        env, net::PeerConnections::Options{
                                 .connect_time_max = config.broker.quorum.request_timeout,
                                 .request_time_max = config.broker.quorum.request_timeout});
                }};
}

// What the shards share while they run.
struct Process {
    explicit Process(const ServerConfig& c)
        : config(c), doors(c.shards.count), made(c.shards.count) {}

    const ServerConfig& config;
    std::vector<std::unique_ptr<RealDoors>> doors;
    std::latch made;
    std::atomic<int> exit_code{exit_ok};
};

void warn_if_unreachable(env::Env& env, const env::Address& advertised) {
    const auto reached = env.network.connect(advertised, env.clock.now() + seconds(2));
    if (!reached.failed()) return;
    env.logger.warn(
        "advertise.unreachable",
        {{"address", advertised.text()},
         {"why", std::string(name_of(reached.error()))},
         {"remedy",
          "clients are told to connect there: set --advertise to an address they reach"}});
}

void run_node(Process& process, posix::Reactor& reactor, Time began) {
    std::vector<env::Env*> envs;
    for (const auto& doors : process.doors) envs.push_back(&doors->env);
    SignalWaiter signals(reactor);
    HeapTrimmer trimmer(reactor.scheduler());
    broker::Node::Parts below = parts(process.config);
    below.failed = [&signals] { signals.pretend(); };
    broker::Node node(envs, process.config.broker, std::move(below));
    env::Env& env = *envs.front();
    if (!process.config.without_effect.empty())
        env.logger.warn(
            "config.without-effect",
            {{"names", fmt::format("{}", fmt::join(process.config.without_effect, " "))}});
    const auto started = node.start();
    if (started.failed()) {
        print_error("sluice: {}\n", started.error().message);
        process.exit_code = exit_failed;
    } else {
        env.logger.info("ready", {{"version", SLUICE_VERSION},
                                  {"address", node.listening().text()},
                                  {"advertised", node.facts().advertised.text()},
                                  {"cluster_id", node.facts().cluster_id},
                                  {"ms", std::to_string(to_milliseconds(env.clock.now() - began))},
                                  {"io", reactor.engine_name()},
                                  {"shards", std::to_string(envs.size())},
                                  {"partitions", std::to_string(node.partition_count())}});
        if (process.config.broker.is_broker) warn_if_unreachable(env, node.facts().advertised);
        signals.wait();
        env.logger.info("stopping", {});
    }
    const bool durable = node.stop();
    trimmer.stop();
    if (started && !durable) process.exit_code = exit_failed;
    if (started) env.logger.info("stopped", {{"clean", durable ? "yes" : "no"}});
}

// Why nothing can be kept there, in the system's words, which the door to the disk does not pass
// on.
std::optional<std::string> complaint_about_directory(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (!error && access(path.c_str(), R_OK | W_OK | X_OK) != 0)
        error = {errno, std::generic_category()};
    if (!error) return std::nullopt;
    return fmt::format(
        "the data directory {} cannot be opened: {}. Choose another one with --data.", path,
        error.message());
}

}  // namespace

int run_server(const Arguments& arguments) {
    const auto config = server_config(arguments);
    if (config.failed()) return usage_error(config.error());
    if (const auto complaint = complaint_about_directory(config->broker.data_directory)) {
        print_error("sluice: {}\n", *complaint);
        return exit_failed;
    }
    const Time began = posix::SystemClock().now();
    SignalWaiter::block();
    posix::raise_file_limit();

    Process process(*config);
    const auto ended = posix::ShardGroup::run(config->shards, [&](posix::ShardGroup::Shard& shard) {
        const std::uint32_t self = shard.shards.self().value;
        process.doors[self] = std::make_unique<RealDoors>(shard, config->data);
        process.made.arrive_and_wait();
        if (self == 0) run_node(process, shard.reactor, began);
    });
    if (ended.failed())
        return usage_error("--io uring: this kernel does not allow io_uring; use --io epoll");
    return process.exit_code;
}

}  // namespace sluice::cmd
