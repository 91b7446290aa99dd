#include "cmd/sluice/config_changes.h"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/arguments.h"
#include "cmd/sluice/kafka_names.h"
#include "cmd/sluice/server_options.h"
#include "core/client/admin.h"
#include "core/metadata/config_schema.h"

namespace sluice::cmd {

std::string ConfigTarget::text() const {
    if (kind == Kind::topic) return "topic " + name;
    return name.empty() ? "all brokers" : "broker " + name;
}

// Brokers say themselves which of theirs can be set while they run.
std::optional<std::string> unknown_config(const std::string& name, ConfigTarget::Kind kind) {
    const bool of_topic = kind == ConfigTarget::Kind::topic;
    std::vector<std::string> known;
    if (!of_topic) known = option_names();
    for (const auto& each : metadata::topic_configs())
        if (of_topic) known.emplace_back(each.name);
    if (std::ranges::find(known, name) != known.end()) return std::nullopt;
    if (!of_topic && kafka_name(name)) return std::nullopt;
    const auto meant = nearest(name, known);
    return fmt::format("{}: {} have no such configuration{}", name, of_topic ? "topics" : "brokers",
                       meant ? fmt::format(": did you mean {}?", *meant) : "");
}

Result<std::vector<ConfigChange>, std::string> changes_of(const std::vector<std::string>& words,
                                                          ConfigTarget::Kind kind) {
    std::vector<ConfigChange> changes;
    for (const std::string& word : words) {
        const auto pair = name_and_value(word);
        if (!pair) return fmt::format("{}: NAME=VALUE is wanted", word);
        if (const auto complaint = unknown_config(pair->first, kind)) return *complaint;
        changes.push_back({pair->first, pair->second});
    }
    return changes;
}

Result<void, client::Refusal> change_configs(client::Cluster& cluster, const ConfigTarget& target,
                                             const std::vector<ConfigChange>& changes) {
    protocol::IncrementalAlterConfigsRequest request;
    request.resources.push_back(
        {.resource_type = target.type(), .resource_name = target.name, .configs = {}});
    constexpr std::int8_t set = 0;
    constexpr std::int8_t take_back = 1;
    for (const ConfigChange& change : changes)
        request.resources.front().configs.push_back(
            {.name = change.name,
             .config_operation = change.value ? set : take_back,
             .value = change.value});
    TRY(const auto reply, client::Admin(cluster).ask(request));
    if (reply.responses.size() != 1) return client::refusal(Error::invalid);
    const auto& answer = reply.responses.front();
    if (answer.error_code == protocol::ErrorCode::none) return {};
    return client::refusal(answer.error_code, answer.error_message.value_or(""));
}

}  // namespace sluice::cmd
