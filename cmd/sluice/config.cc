#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/config_changes.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/table.h"

namespace sluice::cmd {
namespace {

constexpr OptionHelp topic_option{"topic", "NAME", "of this topic", false, any_topic};
constexpr OptionHelp broker_option{"broker", "ID", "of this broker"};
constexpr OptionHelp brokers_option{"brokers", "", "of all brokers"};

}  // namespace

const CommandHelp& config_list_help() {
    static const CommandHelp help{
        .name = "config list",
        .summary = "Show what is set for a topic or for brokers, and where it comes from.",
        .options = {bootstrap_option,
                    topic_option,
                    broker_option,
                    brokers_option,
                    {"all", "", "also what is at its default"},
                    json_option},
        .examples =
            "  sluice config list --topic words\n"
            "  sluice config list --topic words --all --json\n"
            "  sluice config list --broker 1 --all"};
    return help;
}

const CommandHelp& config_set_help() {
    static const CommandHelp help{
        .name = "config set",
        .positional = "NAME=VALUE...",
        .summary = "Set configurations of a topic or of brokers; takes effect at once.",
        .options = {bootstrap_option, topic_option, broker_option, brokers_option, json_option},
        .examples =
            "  sluice config set --topic words retention.ms=3600000 segment.bytes=104857600\n"
            "  sluice config set --brokers log.retention.ms=604800000",
        .values = any_config};
    return help;
}

const CommandHelp& config_unset_help() {
    static const CommandHelp help{
        .name = "config unset",
        .positional = "NAME...",
        .summary = "Take back what was set: the default counts again.",
        .options = {bootstrap_option, topic_option, broker_option, brokers_option, json_option},
        .examples = "  sluice config unset --topic words retention.ms",
        .values = any_config};
    return help;
}

namespace {

Result<ConfigTarget, std::string> target_of(const Arguments& arguments) {
    const auto topic = arguments.get("topic");
    const auto broker = arguments.get("broker");
    const bool brokers = arguments.has("brokers");
    if ((topic ? 1 : 0) + (broker ? 1 : 0) + (brokers ? 1 : 0) != 1)
        return std::string("one of --topic NAME, --broker ID and --brokers is wanted");
    if (topic) return ConfigTarget{ConfigTarget::Kind::topic, *topic};
    if (broker && !whole_number(*broker)) return "--broker " + *broker + ": not a broker's id";
    return ConfigTarget{ConfigTarget::Kind::broker, broker.value_or("")};
}

std::string_view name_of_source(std::int8_t source) {
    constexpr std::string_view names[] = {"unknown",     "topic",   "broker",
                                          "all brokers", "started", "default"};
    return source >= 0 && source < 6 ? names[source] : names[0];
}

int list_configs(ClientSession& session, const Arguments& arguments, const ConfigTarget& target) {
    protocol::DescribeConfigsRequest request;
    request.resources.push_back({.resource_type = target.type(),
                                 .resource_name = target.name,
                                 .configuration_keys = std::nullopt});
    const std::string what = "cannot read the configuration of " + target.text();
    const auto reply = client::Admin(session.cluster).ask(request);
    if (reply.failed()) return failed(what, reply.error());
    if (reply->results.size() != 1) return failed(what, Error::invalid);
    const auto& answer = reply->results.front();
    if (answer.error_code != protocol::ErrorCode::none)
        return failed_topic(session, what, target.name,
                            client::refusal(answer.error_code, answer.error_message.value_or("")));
    constexpr std::int8_t fallback = 5;
    Table table({"name", "value", "from"});
    JsonWriter json;
    json.begin_array();
    for (const auto& config : answer.configs) {
        // How a topic acknowledges is always said.
        const bool is_told =
            config.config_source != fallback || arguments.has("all") ||
            (target.kind == ConfigTarget::Kind::topic && config.name == "flush.messages");
        if (!is_told) continue;
        const std::string value = config.is_sensitive ? "(hidden)" : config.value.value_or("");
        const std::string from(name_of_source(config.config_source));
        table.row({config.name, value, from});
        json.begin_object().name("name").value(config.name).name("value").value(value);
        json.name("from").value(from).name("read_only").value(config.read_only).end_object();
    }
    if (arguments.has("json"))
        print_out("{}\n", json.end_array().text());
    else
        table.print();
    return exit_ok;
}

int change(const Arguments& arguments, const ConfigTarget& target,
           const std::vector<ConfigChange>& changes) {
    return with_client(arguments, [&](ClientSession& session) {
        const auto changed = change_configs(session.cluster, target, changes);
        if (changed.failed())
            return failed_topic(session, "cannot change the configuration of " + target.text(),
                                target.name, changed.error());
        if (arguments.has("json"))
            print_out("{}\n", JsonWriter()
                                  .begin_object()
                                  .name("changed")
                                  .value(target.text())
                                  .end_object()
                                  .text());
        else
            print_out("changed the configuration of {}\n", target.text());
        return exit_ok;
    });
}

}  // namespace

int run_config_list(const Arguments& arguments) {
    const auto target = target_of(arguments);
    if (target.failed()) return usage_error(target.error());
    return with_client(arguments, [&](ClientSession& session) {
        return list_configs(session, arguments, *target);
    });
}

int run_config_set(const Arguments& arguments) {
    const auto target = target_of(arguments);
    if (target.failed()) return usage_error(target.error());
    const auto changes = changes_of(arguments.positional(), target->kind);
    if (changes.failed()) return usage_error(changes.error());
    return change(arguments, *target, *changes);
}

int run_config_unset(const Arguments& arguments) {
    const auto target = target_of(arguments);
    if (target.failed()) return usage_error(target.error());
    std::vector<ConfigChange> changes;
    for (const std::string& name : arguments.positional()) {
        if (const auto complaint = unknown_config(name, target->kind))
            return usage_error(*complaint);
        changes.push_back({name, std::nullopt});
    }
    return change(arguments, *target, changes);
}

}  // namespace sluice::cmd
