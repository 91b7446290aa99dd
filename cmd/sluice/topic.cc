#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/config_changes.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "core/metadata/topic_name.h"

namespace sluice::cmd {

const CommandHelp& topic_create_help() {
    static const CommandHelp help{
        .name = "topic create",
        .positional = "NAME",
        .summary = "Create a topic.",
        .options = {bootstrap_option,
                    {"partitions", "N", "how many (the broker's num.partitions)"},
                    {"replication", "R", "replicas of each partition (the broker's default)"},
                    {"config", "NAME=VALUE", "a configuration; may be repeated", true, any_config},
                    json_option},
        .examples =
            "  sluice topic create words --partitions 6\n"
            "  sluice topic create logs --partitions 3 --config retention.ms=86400000\n"
            "  sluice topic create cache --config flush.messages=9223372036854775807   # as Kafka"};
    return help;
}

const CommandHelp& topic_list_help() {
    static const CommandHelp help{
        .name = "topic list",
        .summary = "List topics.",
        .options = {bootstrap_option,
                    {"internal", "", "those of the broker itself too"},
                    json_option},
        .examples = "  sluice topic list\n  sluice topic list --json | jq -r '.[].name'"};
    return help;
}

const CommandHelp& topic_describe_help() {
    static const CommandHelp help{
        .name = "topic describe",
        .positional = "[NAME...]",
        .summary =
            "Show the partitions of topics, or of all, where they are, and their own "
            "configuration.",
        .options = {bootstrap_option, json_option},
        .examples =
            "  sluice topic describe words\n"
            "  sluice topic describe --json   # of all: one object a line",
        .values = any_topic};
    return help;
}

const CommandHelp& topic_alter_help() {
    static const CommandHelp help{
        .name = "topic alter",
        .positional = "NAME",
        .summary = "Add partitions to a topic, or change its configuration.",
        .options = {bootstrap_option,
                    {"partitions", "N", "how many in all; never fewer than now"},
                    {"config", "NAME=VALUE", "a configuration; may be repeated", true, any_config},
                    json_option},
        .examples =
            "  sluice topic alter words --partitions 12\n"
            "  sluice topic alter words --config retention.bytes=1073741824",
        .values = any_topic};
    return help;
}

const CommandHelp& topic_delete_help() {
    static const CommandHelp help{.name = "topic delete",
                                  .positional = "NAME...",
                                  .summary = "Delete topics and all their records.",
                                  .options = {bootstrap_option,
                                              {"internal", "", "those of the broker itself too"},
                                              json_option},
                                  .examples = "  sluice topic delete words",
                                  .values = any_topic};
    return help;
}

namespace {

using protocol::MetadataResponse;

// -1 when it is not given; nothing when it makes no sense.
std::optional<std::int32_t> number_option(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.get(name);
    if (!text) return -1;
    const auto value = whole_number(*text);
    if (!value || *value < 1 || *value > INT32_MAX) return std::nullopt;
    return static_cast<std::int32_t>(*value);
}

void print_done(const Arguments& arguments, std::string_view what, const std::string& name) {
    if (arguments.has("json"))
        print_out("{}\n", JsonWriter().begin_object().name(what).value(name).end_object().text());
    else
        print_out("{} topic {}\n", what, name);
}

int create(ClientSession& session, const Arguments& arguments,
           const client::Admin::NewTopic& topic) {
    const auto made = client::Admin(session.cluster).create_topic(topic);
    if (made.failed()) return failed("cannot create topic " + topic.name, made.error());
    print_done(arguments, "created", topic.name);
    return exit_ok;
}

int list_topics(ClientSession& session, const Arguments& arguments) {
    const auto reply = client::Admin(session.cluster).topics({});
    if (reply.failed()) return failed("cannot list topics", reply.error());
    JsonWriter json;
    json.begin_array();
    for (const auto& topic : reply->topics) {
        if (topic.is_internal && !arguments.has("internal")) continue;
        json.begin_object().name("name").value(*topic.name).name("partitions");
        json.value(static_cast<std::int64_t>(topic.partitions.size())).end_object();
        if (!arguments.has("json")) print_out("{}\n", *topic.name);
    }
    if (arguments.has("json")) print_out("{}\n", json.end_array().text());
    return exit_ok;
}

std::string ids(const std::vector<BrokerId>& brokers) {
    std::string text;
    for (const BrokerId id : brokers)
        text += fmt::format("{}{}", text.empty() ? "" : ",", id.value);
    return text;
}

// The configurations of a topic that differ from the defaults.
Result<std::vector<std::pair<std::string, std::string>>, client::Refusal> own_configs(
    client::Admin& admin, const std::string& name) {
    protocol::DescribeConfigsRequest request;
    request.resources.push_back(
        {.resource_type = 2, .resource_name = name, .configuration_keys = std::nullopt});
    TRY(const auto reply, admin.ask(request));
    std::vector<std::pair<std::string, std::string>> configs;
    constexpr std::int8_t from_topic = 1;
    for (const auto& resource : reply.results)
        for (const auto& config : resource.configs)
            if (config.config_source == from_topic || config.name == "flush.messages")
                configs.emplace_back(config.name, config.value.value_or(""));
    return configs;
}

void describe_as_json(JsonWriter& json, const MetadataResponse::Topic& topic,
                      const std::vector<std::pair<std::string, std::string>>& configs) {
    json.begin_object().name("name").value(*topic.name).name("id").value(topic.topic_id.text());
    json.name("internal").value(topic.is_internal).name("configs").begin_object();
    for (const auto& [name, value] : configs) json.name(name).value(value);
    json.end_object().name("partitions").begin_array();
    for (const auto& partition : topic.partitions) {
        json.begin_object().name("partition").value(std::int64_t{partition.partition_index.value});
        json.name("leader")
            .value(std::int64_t{partition.leader_id.value})
            .name("replicas")
            .begin_array();
        for (const BrokerId id : partition.replica_nodes) json.value(std::int64_t{id.value});
        json.end_array().name("isr").begin_array();
        for (const BrokerId id : partition.isr_nodes) json.value(std::int64_t{id.value});
        json.end_array().end_object();
    }
    json.end_array().end_object();
}

int describe_topic(ClientSession& session, const Arguments& arguments, const std::string& name) {
    client::Admin admin(session.cluster);
    const auto reply = admin.topics({name});
    if (reply.failed())
        return failed_topic(session, "cannot describe topic " + name, name, reply.error());
    const auto configs = own_configs(admin, name);
    if (configs.failed()) return failed("cannot read its configuration", configs.error());
    const MetadataResponse::Topic& topic = reply->topics.front();
    if (arguments.has("json")) {
        JsonWriter json;
        describe_as_json(json, topic, *configs);
        print_out("{}\n", json.text());
        return exit_ok;
    }
    print_out("topic       {}\nid          {}\npartitions  {}\n", name, topic.topic_id.text(),
              topic.partitions.size());
    for (const auto& [key, value] : *configs) print_out("config      {}={}\n", key, value);
    for (const auto& partition : topic.partitions)
        print_out("  {:>5}  leader {}  replicas {}  in sync {}\n", partition.partition_index.value,
                  partition.leader_id.value, ids(partition.replica_nodes),
                  ids(partition.isr_nodes));
    return exit_ok;
}

int describe_every_topic(ClientSession& session, const Arguments& arguments) {
    const auto reply = client::Admin(session.cluster).topics({});
    if (reply.failed()) return failed("cannot list topics", reply.error());
    int code = exit_ok;
    for (const auto& topic : reply->topics) {
        if (topic.is_internal) continue;
        if (const int each = describe_topic(session, arguments, topic.name.value_or(""));
            each != exit_ok)
            code = each;
    }
    return code;
}

int alter(ClientSession& session, const Arguments& arguments, const std::string& name,
          std::int32_t partitions, const std::vector<ConfigChange>& changes) {
    if (partitions != -1) {
        const auto added = client::Admin(session.cluster).add_partitions(name, partitions);
        if (added.failed())
            return failed_topic(session, "cannot add partitions to " + name, name, added.error());
    }
    if (!changes.empty()) {
        const auto changed =
            change_configs(session.cluster, {ConfigTarget::Kind::topic, name}, changes);
        if (changed.failed())
            return failed_topic(session, "cannot change the configuration of " + name, name,
                                changed.error());
    }
    print_done(arguments, "altered", name);
    return exit_ok;
}

int remove(ClientSession& session, const Arguments& arguments, const std::string& name) {
    const auto deleted = client::Admin(session.cluster).delete_topic(name);
    if (deleted.failed())
        return failed_topic(session, "cannot delete topic " + name, name, deleted.error());
    print_done(arguments, "deleted", name);
    return exit_ok;
}

}  // namespace

int run_topic_create(const Arguments& arguments) {
    const auto partitions = number_option(arguments, "partitions");
    const auto replication = number_option(arguments, "replication");
    if (!partitions || !replication || *replication > INT16_MAX)
        return usage_error("--partitions and --replication take whole numbers above 0");
    const auto configs = changes_of(arguments.all("config"), ConfigTarget::Kind::topic);
    if (configs.failed()) return usage_error("--config " + configs.error());
    client::Admin::NewTopic topic{.name = arguments.positional().front(),
                                  .partitions = *partitions,
                                  .replication = static_cast<std::int16_t>(*replication)};
    for (const ConfigChange& each : *configs) topic.configs.emplace_back(each.name, *each.value);
    return with_client(arguments,
                       [&](ClientSession& session) { return create(session, arguments, topic); });
}

int run_topic_list(const Arguments& arguments) {
    return with_client(arguments,
                       [&](ClientSession& session) { return list_topics(session, arguments); });
}

int run_topic_describe(const Arguments& arguments) {
    return with_client(arguments, [&](ClientSession& session) {
        if (arguments.positional().empty()) return describe_every_topic(session, arguments);
        int code = exit_ok;
        for (const std::string& name : arguments.positional())
            if (const int each = describe_topic(session, arguments, name); each != exit_ok)
                code = each;
        return code;
    });
}

int run_topic_alter(const Arguments& arguments) {
    const auto partitions = number_option(arguments, "partitions");
    if (!partitions) return usage_error("--partitions takes a whole number above 0");
    const auto changes = changes_of(arguments.all("config"), ConfigTarget::Kind::topic);
    if (changes.failed()) return usage_error("--config " + changes.error());
    if (*partitions == -1 && changes->empty())
        return usage_error("'sluice topic alter' takes --partitions, --config, or both");
    return with_client(arguments, [&](ClientSession& session) {
        return alter(session, arguments, arguments.positional().front(), *partitions, *changes);
    });
}

int run_topic_delete(const Arguments& arguments) {
    for (const std::string& name : arguments.positional())
        if (metadata::is_internal_topic(name) && !arguments.has("internal"))
            return usage_error(fmt::format(
                "{} is the broker's own, and what it keeps there goes with it (the committed "
                "offsets of all groups); --internal deletes it all the same",
                name));
    return with_client(arguments, [&](ClientSession& session) {
        int code = exit_ok;
        for (const std::string& name : arguments.positional())
            if (const int each = remove(session, arguments, name); each != exit_ok) code = each;
        return code;
    });
}

}  // namespace sluice::cmd
