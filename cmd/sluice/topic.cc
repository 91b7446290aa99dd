#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"

namespace sluice::cmd {

const CommandHelp& topic_help() {
    static const CommandHelp help{
        .name = "topic",
        .positional = "create|list|describe|alter|delete [NAME]",
        .summary = "Create, look at, change and delete topics.",
        .options = {bootstrap_option,
                    {"partitions", "N", "create: how many; alter: how many in all"},
                    {"replication", "R", "create: replicas of each partition"},
                    {"config", "NAME=VALUE", "create, alter: a configuration; may be repeated",
                     true},
                    {"internal", "", "list: those of the broker itself too"},
                    json_option},
        .examples =
            "  sluice topic create words --partitions 6 --config retention.ms=86400000\n"
            "  sluice topic list\n"
            "  sluice topic describe words --json\n"
            "  sluice topic alter words --partitions 12\n"
            "  sluice topic delete words"};
    return help;
}

namespace {

using protocol::MetadataResponse;

std::optional<std::int32_t> number_option(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.get(name);
    if (!text) return -1;
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size() || value < 1)
        return std::nullopt;
    return value;
}

std::optional<std::vector<std::pair<std::string, std::string>>> configs_of(
    const Arguments& arguments) {
    std::vector<std::pair<std::string, std::string>> configs;
    for (const std::string& pair : arguments.all("config")) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos) return std::nullopt;
        configs.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return configs;
}

int create(client::Admin& admin, const Arguments& arguments, const std::string& name) {
    const auto partitions = number_option(arguments, "partitions");
    const auto replication = number_option(arguments, "replication");
    const auto configs = configs_of(arguments);
    if (!partitions || !replication)
        return usage_error("--partitions and --replication take whole numbers above 0");
    if (!configs) return usage_error("--config takes NAME=VALUE");
    const auto made = admin.create_topic({.name = name,
                                          .partitions = *partitions,
                                          .replication = static_cast<std::int16_t>(*replication),
                                          .configs = *configs});
    if (made.failed()) return failed(fmt::format("cannot create topic {}", name), made.error());
    if (arguments.has("json"))
        fmt::print("{}\n",
                   JsonWriter().begin_object().name("created").value(name).end_object().text());
    else
        fmt::print("created topic {}\n", name);
    return exit_ok;
}

int list(client::Admin& admin, const Arguments& arguments) {
    const auto reply = admin.topics({});
    if (reply.failed()) return failed("cannot list topics", reply.error());
    JsonWriter json;
    json.begin_array();
    for (const auto& topic : reply->topics) {
        if (topic.is_internal && !arguments.has("internal")) continue;
        json.begin_object().name("name").value(*topic.name).name("partitions");
        json.value(static_cast<std::int64_t>(topic.partitions.size())).end_object();
        if (!arguments.has("json")) fmt::print("{}\n", *topic.name);
    }
    if (arguments.has("json")) fmt::print("{}\n", json.end_array().text());
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

int describe(client::Admin& admin, const Arguments& arguments, const std::string& name) {
    const auto reply = admin.topics({name});
    if (reply.failed()) return failed(fmt::format("cannot describe topic {}", name), reply.error());
    const auto configs = own_configs(admin, name);
    if (configs.failed()) return failed("cannot read its configuration", configs.error());
    const MetadataResponse::Topic& topic = reply->topics.front();
    if (arguments.has("json")) {
        JsonWriter json;
        describe_as_json(json, topic, *configs);
        fmt::print("{}\n", json.text());
        return exit_ok;
    }
    fmt::print("topic       {}\nid          {}\npartitions  {}\n", name, topic.topic_id.text(),
               topic.partitions.size());
    for (const auto& [key, value] : *configs) fmt::print("config      {}={}\n", key, value);
    for (const auto& partition : topic.partitions)
        fmt::print("  {:>5}  leader {}  replicas {}  in sync {}\n", partition.partition_index.value,
                   partition.leader_id.value, ids(partition.replica_nodes),
                   ids(partition.isr_nodes));
    return exit_ok;
}

int alter(client::Admin& admin, const Arguments& arguments, const std::string& name) {
    const auto partitions = number_option(arguments, "partitions");
    const auto configs = configs_of(arguments);
    if (!partitions || !configs || (*partitions == -1 && configs->empty()))
        return usage_error(
            "'sluice topic alter' takes --partitions N, --config NAME=VALUE, or both");
    if (*partitions != -1) {
        const auto added = admin.add_partitions(name, *partitions);
        if (added.failed())
            return failed(fmt::format("cannot add partitions to {}", name), added.error());
        fmt::print("topic {} has {} partitions\n", name, *partitions);
    }
    if (configs->empty()) return exit_ok;
    protocol::IncrementalAlterConfigsRequest request;
    request.resources.push_back({.resource_type = 2, .resource_name = name, .configs = {}});
    for (const auto& [key, value] : *configs)
        request.resources.front().configs.push_back(
            {.name = key, .config_operation = 0, .value = value});
    const auto reply = admin.ask(request);
    if (reply.failed()) return failed("cannot change its configuration", reply.error());
    const auto& answer = reply->responses.at(0);
    if (answer.error_code != protocol::ErrorCode::none)
        return failed("cannot change its configuration",
                      client::Refusal{.code = answer.error_code,
                                      .message = answer.error_message.value_or("")});
    fmt::print("changed the configuration of topic {}\n", name);
    return exit_ok;
}

int remove(client::Admin& admin, const Arguments& arguments, const std::string& name) {
    const auto deleted = admin.delete_topic(name);
    if (deleted.failed())
        return failed(fmt::format("cannot delete topic {}", name), deleted.error());
    if (arguments.has("json"))
        fmt::print("{}\n",
                   JsonWriter().begin_object().name("deleted").value(name).end_object().text());
    else
        fmt::print("deleted topic {}\n", name);
    return exit_ok;
}

}  // namespace

int run_topic(const Arguments& arguments) {
    const auto& words = arguments.positional();
    const std::string verb = words.empty() ? "" : words.front();
    const std::vector<std::string> verbs = {"create", "list", "describe", "alter", "delete"};
    if (std::ranges::find(verbs, verb) == verbs.end()) {
        const auto meant = nearest(verb, verbs);
        return usage_error(fmt::format("'sluice topic' does not know '{}'{}", verb,
                                       meant ? fmt::format(": did you mean '{}'?", *meant)
                                             : ": one of create, list, describe, alter, delete"));
    }
    const std::size_t wanted = verb == "list" ? 1 : 2;
    if (words.size() != wanted)
        return usage_error(
            fmt::format("'sluice topic {}' takes {}", verb, wanted == 1 ? "no name" : "one NAME"));
    return with_client(arguments, [&](ClientSession& session) {
        client::Admin admin(session.cluster);
        if (verb == "list") return list(admin, arguments);
        if (verb == "create") return create(admin, arguments, words[1]);
        if (verb == "describe") return describe(admin, arguments, words[1]);
        if (verb == "alter") return alter(admin, arguments, words[1]);
        return remove(admin, arguments, words[1]);
    });
}

}  // namespace sluice::cmd
