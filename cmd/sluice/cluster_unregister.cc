#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/cluster_facts.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"

namespace sluice::cmd {

const CommandHelp& cluster_unregister_help() {
    static const CommandHelp help{
        .name = "cluster unregister",
        .positional = "ID",
        .summary =
            "Forget a broker that is not to come back. One that is in service, or holds replicas, "
            "is refused.",
        .options = {bootstrap_option,
                    {"force", "", "though it holds replicas: what only it has is given up"},
                    json_option},
        .examples = "  sluice cluster unregister 4"};
    return help;
}

namespace {

// Why it should not be forgotten now, and what to do first.
std::optional<std::string> complaint_about_leaving(const ClusterFacts& facts, BrokerId id,
                                                   bool force) {
    const ClusterFacts::Node* node = facts.node(id);
    if (node == nullptr || !node->is_broker) {
        std::string known;
        for (const auto& each : facts.nodes)
            if (each.is_broker)
                known += fmt::format("{}{}", known.empty() ? "" : ", ", each.id.value);
        return fmt::format("there is no broker {}; there are {}", id.value, known);
    }
    if (!node->is_fenced) return "it is in service: stop it first";
    if (node->holds > 0 && !force)
        return fmt::format(
            "it holds {}: move them with 'sluice cluster reassign' first; --force forgets it all "
            "the same",
            counted(node->holds, "replica"));
    return std::nullopt;
}

int unregister(ClientSession& session, const Arguments& arguments, BrokerId id) {
    const std::string what = fmt::format("cannot forget broker {}", id.value);
    const auto facts = ask_cluster(session.cluster);
    if (facts.failed()) return failed(what, facts.error());
    if (const auto complaint = complaint_about_leaving(*facts, id, arguments.has("force"))) {
        print_error("sluice: {}: {}\n", what, *complaint);
        return exit_failed;
    }
    const auto reply =
        client::Admin(session.cluster).ask(protocol::UnregisterBrokerRequest{.broker_id = id});
    if (reply.failed()) return failed(what, reply.error());
    if (reply->error_code != protocol::ErrorCode::none)
        return failed(what, client::refusal(reply->error_code, reply->error_message.value_or("")));
    JsonWriter json;
    json.begin_object().name("unregistered").value(std::int64_t{id.value}).end_object();
    print_out("{}\n", arguments.has("json") ? json.text()
                                            : fmt::format("broker {} is forgotten", id.value));
    return exit_ok;
}

}  // namespace

int run_cluster_unregister(const Arguments& arguments) {
    const auto id = whole_number(arguments.positional().front());
    if (!id || *id > INT32_MAX)
        return usage_error(
            fmt::format("'{}' is not a node's number", arguments.positional().front()));
    return with_client(arguments, [&](ClientSession& session) {
        return unregister(session, arguments, BrokerId(static_cast<std::int32_t>(*id)));
    });
}

}  // namespace sluice::cmd
