#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <map>

#include "cmd/sluice/cluster_directory.h"
#include "cmd/sluice/cluster_nodes.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/node_process.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/process_facts.h"
#include "core/posix/reactor.h"

namespace sluice::cmd {

const CommandHelp& cluster_up_help() {
    static const CommandHelp help{
        .name = "cluster up",
        .positional = "[N]",
        .summary =
            "Run a durable cluster of N nodes (3) on this machine, for trying and for tests, until "
            "SIGINT or SIGTERM. Each is a process of its own, and a line says how to start it "
            "again once it was killed.",
        .options = {{"data", "DIR", "where everything is kept, also for the next time (./cluster)",
                     false, any_file},
                    {"base-port", "P",
                     "brokers listen on 127.0.0.1 from this port on, controllers behind them: "
                     "2 N ports (9092)"},
                    {"shards", "N", "threads of each node (1)"},
                    {"set", "NAME=VALUE", "a configuration of every node; may be repeated", true,
                     any_server_config},
                    {"json", "", "a node is an object with id, pid, address and command"}},
        .examples =
            "  sluice cluster up\n"
            "  sluice cluster up 5 --data /tmp/five --base-port 20000\n"
            "  sluice cluster up --json | jq -r 'select(.id == 2).command'"};
    return help;
}

namespace {

// How long they may take until the controllers have all of them in service, and to stop.
constexpr Duration ready_time_max = seconds(60);
constexpr Duration stop_time_max = seconds(60);
constexpr Duration look_interval = milliseconds(20);

sigset_t awaited_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, each);
    return set;
}

// Waits for the next signal that was blocked, for at most `time` if there is any.
int next_signal(std::optional<Duration> time) {
    const sigset_t set = awaited_signals();
    if (!time) return sigwaitinfo(&set, nullptr);
    timespec wait{};
    wait.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(*time).count();
    return sigtimedwait(&set, nullptr, &wait);
}

bool asks_to_stop(int signal) {
    return signal == SIGINT || signal == SIGTERM || signal == SIGHUP;
}

// The processes of the nodes, from their start to their end.
class RunningCluster {
public:
    explicit RunningCluster(const std::vector<ClusterNode>& nodes) : nodes_(nodes) {}

    // All have started and are in service; says why not otherwise.
    bool start() {
        for (const ClusterNode& node : nodes_) {
            auto process = NodeProcess::start(node);
            if (process.failed()) {
                print_error("sluice: node {}: {}\n", node.id.value, process.error());
                return false;
            }
            processes_.emplace(node.id, std::move(*process));
        }
        const Time deadline = now() + ready_time_max;
        while (!all_serve()) {
            if (asks_to_stop(next_signal(look_interval))) return false;
            note_ends();
            if (someone_ended()) return false;
            if (now() > deadline) return say_who_does_not_serve();
        }
        return true;
    }

    void show(bool as_json) const {
        for (const ClusterNode& node : nodes_) {
            const pid_t pid = processes_.at(node.id).pid();
            const std::string command = shell_text(node.command);
            if (!as_json) {
                print_out("node {}  pid {}  {}  {}\n", node.id.value, pid, node.address.text(),
                          command);
                continue;
            }
            JsonWriter json;
            json.begin_object().name("id").value(std::int64_t{node.id.value}).name("pid");
            json.value(std::int64_t{pid}).name("address").value(node.address.text());
            json.name("command").value(command).end_object();
            print_out("{}\n", json.text());
        }
    }

    // Until it is asked to stop.
    void watch() {
        for (;;) {
            const int signal = next_signal(std::nullopt);
            if (asks_to_stop(signal)) return;
            for (const ClusterNode* node : note_ends())
                print_error(
                    "sluice: node {} (process {}) {}; the others go on. To start it again: {}\n",
                    node->id.value, processes_.at(node->id).pid(), processes_.at(node->id).ending(),
                    shell_text(node->command));
        }
    }

    // Asks all that run to stop, also those that somebody started again by hand, and waits for
    // them. False when one did not stop cleanly.
    bool stop() {
        std::map<BrokerId, pid_t> by_hand;
        for (const ClusterNode& node : nodes_) {
            const auto own = processes_.find(node.id);
            if (own == processes_.end()) continue;
            own->second.signal(SIGTERM);
            if (own->second.runs()) continue;
            if (const auto pid = process_serving(node)) {
                by_hand[node.id] = *pid;
                kill(*pid, SIGTERM);
            }
        }
        const Time deadline = now() + stop_time_max;
        bool clean = true;
        bool forced = false;
        while (some_run(by_hand)) {
            next_signal(look_interval);
            for (const ClusterNode* node : note_ends()) {
                const NodeProcess& process = processes_.at(node->id);
                if (process.exit_status() == 0) continue;
                clean = false;
                print_error("sluice: node {} {}: {}; all it said is in {}\n", node->id.value,
                            process.ending(), process.last_line(), node->log);
            }
            if (!forced && now() > deadline) {
                forced = true;
                clean = false;
                kill_all(by_hand);
            }
        }
        return clean;
    }

private:
    static Time now() { return posix::SystemClock().now(); }

    bool all_serve() const {
        const std::string_view event = nodes_.size() == 1 ? "ready" : "serving";
        for (const auto& [id, process] : processes_)
            if (!process.has_said(event)) return false;
        return true;
    }

    // The nodes whose processes have ended since the last time.
    std::vector<const ClusterNode*> note_ends() {
        std::vector<const ClusterNode*> ended;
        for (const ClusterNode& node : nodes_) {
            const auto found = processes_.find(node.id);
            if (found == processes_.end() || !found->second.runs()) continue;
            int status = 0;
            if (waitpid(found->second.pid(), &status, WNOHANG) != found->second.pid()) continue;
            found->second.ended(status);
            ended.push_back(&node);
        }
        return ended;
    }

    bool someone_ended() const {
        for (const ClusterNode& node : nodes_) {
            const NodeProcess& process = processes_.at(node.id);
            if (process.runs()) continue;
            print_error("sluice: node {} {}: {}; all it said is in {}\n", node.id.value,
                        process.ending(), process.last_line(), node.log);
            return true;
        }
        return false;
    }

    bool say_who_does_not_serve() const {
        for (const ClusterNode& node : nodes_)
            if (!processes_.at(node.id).has_said("serving"))
                print_error("sluice: node {} is not in service after {} s; what it said is in {}\n",
                            node.id.value, to_milliseconds(ready_time_max) / 1000, node.log);
        return false;
    }

    bool some_run(const std::map<BrokerId, pid_t>& by_hand) const {
        for (const ClusterNode& node : nodes_) {
            const auto own = processes_.find(node.id);
            if (own != processes_.end() && own->second.runs()) return true;
            const auto other = by_hand.find(node.id);
            if (other != by_hand.end() && serves(other->second, node)) return true;
        }
        return false;
    }

    void kill_all(const std::map<BrokerId, pid_t>& by_hand) const {
        for (const ClusterNode& node : nodes_) {
            const auto own = processes_.find(node.id);
            const auto other = by_hand.find(node.id);
            const bool own_runs = own != processes_.end() && own->second.runs();
            if (!own_runs && (other == by_hand.end() || !serves(other->second, node))) continue;
            print_error("sluice: node {} did not stop within {} s and is killed (-9)\n",
                        node.id.value, to_milliseconds(stop_time_max) / 1000);
            kill(own_runs ? own->second.pid() : other->second, SIGKILL);
        }
    }

    const std::vector<ClusterNode>& nodes_;
    std::map<BrokerId, NodeProcess> processes_;
};

Result<ClusterPlan, std::string> plan_of(const Arguments& arguments) {
    ClusterPlan plan;
    if (!arguments.positional().empty()) {
        const auto nodes = whole_number(arguments.positional().front());
        if (!nodes || *nodes < 1 || *nodes > ClusterPlan::nodes_max)
            return fmt::format("'sluice cluster up {}': between 1 and {} nodes",
                               arguments.positional().front(), ClusterPlan::nodes_max);
        plan.nodes = *nodes;
    }
    if (const auto text = arguments.get("base-port")) {
        const auto port = whole_number(*text);
        const std::int64_t last = 65536 - 2 * plan.nodes;
        if (!port || *port < 1 || *port > last)
            return fmt::format("--base-port {}: between 1 and {}, for {} nodes", *text, last,
                               plan.nodes);
        plan.base_port = static_cast<std::uint16_t>(*port);
    }
    plan.data = std::filesystem::absolute(arguments.get("data").value_or(plan.data))
                    .lexically_normal()
                    .string();
    while (plan.data.size() > 1 && plan.data.ends_with('/')) plan.data.pop_back();
    std::error_code error;
    plan.program = std::filesystem::read_symlink("/proc/self/exe", error).string();
    if (error) return fmt::format("/proc/self/exe cannot be read: {}", error.message());
    plan.shards = arguments.get("shards").value_or("1");
    plan.settings = arguments.all("set");
    return plan;
}

std::optional<std::string> complaint_about_ports(const std::vector<ClusterNode>& nodes) {
    std::vector<env::Address> all;
    for (const ClusterNode& node : nodes) {
        all.push_back(node.address);
        if (node.controller) all.push_back(*node.controller);
    }
    for (const env::Address& address : all) {
        const auto why = why_not_free(address);
        if (!why) continue;
        const auto pid = pid_listening_on(address.port);
        return fmt::format(
            "{} cannot be used: {}{}. {} ports from --base-port on are needed: stop who uses "
            "this one, or choose another --base-port",
            address.text(), *why, pid ? fmt::format(" (by process {})", *pid) : "",
            nodes.size() * 2);
    }
    return std::nullopt;
}

}  // namespace

int run_cluster_up(const Arguments& arguments) {
    const auto plan = plan_of(arguments);
    if (plan.failed()) return usage_error(plan.error());
    // First of all: one that comes early is met later.
    const sigset_t signals = awaited_signals();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    const std::vector<ClusterNode> nodes = nodes_of(*plan);
    const auto prepared = prepare_directories(*plan, nodes);
    auto complaint = prepared ? complaint_about_ports(nodes) : prepared.error();
    if (complaint) {
        print_error("sluice: {}\n", *complaint);
        return exit_failed;
    }
    RunningCluster cluster(nodes);
    const bool started = cluster.start();
    bool shown = false;
    if (started) {
        cluster.show(arguments.has("json"));
        shown = flush_out();
    }
    if (shown) {
        print_error(
            "sluice: {} {} ready: --bootstrap {}; they say what happens in {}/node-*.log; SIGINT "
            "(Ctrl-C) stops {}\n",
            counted(plan->nodes, "node"), plan->nodes == 1 ? "is" : "are",
            nodes.front().address.text(), plan->data, plan->nodes == 1 ? "it" : "all");
        cluster.watch();
    }
    const bool stopped = cluster.stop();
    return started && stopped ? exit_ok : exit_failed;
}

}  // namespace sluice::cmd
