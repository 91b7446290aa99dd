#include "cmd/sluice/commands.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/real_doors.h"
#include "cmd/sluice/server_config.h"
#include "storage/log/data_root.h"

namespace sluice::cmd {

const CommandHelp& format_help() {
    static const CommandHelp help{
        .name = "format",
        .summary =
            "Give the data directory of a controller its identity. All nodes of a cluster "
            "have one cluster id: without one a new one is made, and printed. A lone node "
            "formats itself.",
        .options = {{"cluster-id", "ID", "22 characters of base64 (a new one)"},
                    {"id", "N", "the node's number in its cluster (1)"},
                    {"data", "DIR", "where everything is kept (./data)", false, any_file},
                    {"config", "FILE", "Kafka's server.properties names", false, any_file},
                    {"set", "NAME=VALUE", "one of them; may be repeated", true, any_server_config}},
        .examples =
            "  sluice format --data c1 --id 1\n"
            "  sluice format --data c2 --id 2 --cluster-id MkU3OEVBNTcwNTJENDM2Qg"};
    return help;
}

namespace {

int format_directory(env::Env& env, const ServerConfig& config,
                     const std::optional<Uuid>& cluster_id) {
    storage::DataRoot directory(env);
    const auto opened = directory.open();
    if (opened.failed() && opened.error() == Error::exists) {
        print_error("sluice: a process uses {}. Stop it first.\n", config.data);
        return exit_failed;
    }
    if (opened.failed() || *opened) {
        print_error("sluice: {} {}. Choose another directory.\n", config.data,
                    opened.failed() ? "cannot be opened" : "is formatted already");
        return exit_failed;
    }
    const broker::DirectoryIdentity identity{cluster_id.value_or(Uuid::random(env.random)).text(),
                                             config.broker.node_id, Uuid::random(env.random)};
    if (const auto done = directory.format(identity); done.failed()) {
        print_error("sluice: {} cannot be written ({})\n", config.data, name_of(done.error()));
        return exit_failed;
    }
    print_out("{}\n", identity.cluster_id);
    return exit_ok;
}

}  // namespace

int run_format(const Arguments& arguments) {
    std::optional<Uuid> cluster_id;
    if (const auto text = arguments.get("cluster-id")) {
        cluster_id = Uuid::parse(*text);
        if (!cluster_id)
            return usage_error("--cluster-id: " + std::string(*text) +
                               " is no id: it has 22 characters of base64");
    }
    const auto config = identity_config(arguments);
    if (config.failed()) return usage_error(config.error());
    int code = exit_failed;
    const auto ended = posix::ShardGroup::run({.count = 1}, [&](posix::ShardGroup::Shard& shard) {
        RealDoors doors(shard, config->data);
        code = format_directory(doors.env, *config, cluster_id);
    });
    return ended.failed() ? exit_failed : end_of_output(code);
}

}  // namespace sluice::cmd
