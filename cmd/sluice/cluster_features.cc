#include <fmt/format.h>

#include <map>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/table.h"

namespace sluice::cmd {

const CommandHelp& cluster_features_help() {
    static const CommandHelp help{
        .name = "cluster features",
        .summary =
            "Show which level of each feature holds in the cluster, and which ones the node that "
            "answers supports; or set levels.",
        .options = {bootstrap_option,
                    {"set", "NAME=LEVEL", "from now on; may be repeated", true},
                    {"downgrade", "", "with --set: also a lower level than now"},
                    json_option},
        .examples =
            "  sluice cluster features\n"
            "  sluice cluster features --set eligible.leader.replicas.version=1"};
    return help;
}

namespace {

struct FeatureLevels {
    std::optional<std::int16_t> finalized;
    std::optional<std::int16_t> least, most;
};

using FeatureUpdate = protocol::UpdateFeaturesRequest::FeatureUpdate;

Result<std::map<std::string, FeatureLevels>, client::Refusal> ask_features(ClientSession& session) {
    protocol::ApiVersionsRequest request;
    request.client_software_name = "sluice-cli";
    request.client_software_version = SLUICE_VERSION;
    TRY(const auto reply, client::Admin(session.cluster).ask(request));
    if (reply.error_code != protocol::ErrorCode::none) return client::refusal(reply.error_code);
    std::map<std::string, FeatureLevels> features;
    for (const auto& each : reply.supported_features) {
        features[each.name].least = each.min_version;
        features[each.name].most = each.max_version;
    }
    for (const auto& each : reply.finalized_features)
        features[each.name].finalized = each.max_version_level;
    return features;
}

int show_features(ClientSession& session, bool as_json) {
    const auto features = ask_features(session);
    if (features.failed()) return failed("cannot look at the features", features.error());
    Table table({"feature", "level", "supported"});
    JsonWriter json;
    json.begin_array();
    for (const auto& [name, levels] : *features) {
        table.row({name, levels.finalized ? std::to_string(*levels.finalized) : "-",
                   levels.most ? fmt::format("{} to {}", *levels.least, *levels.most) : "-"});
        json.begin_object().name("name").value(name);
        const std::pair<std::string_view, std::optional<std::int16_t>> numbers[] = {
            {"level", levels.finalized},
            {"supported_min", levels.least},
            {"supported_max", levels.most}};
        for (const auto& [key, number] : numbers) {
            json.name(key);
            if (number)
                json.value(std::int64_t{*number});
            else
                json.null();
        }
        json.end_object();
    }
    if (as_json)
        print_out("{}\n", json.end_array().text());
    else
        table.print();
    return exit_ok;
}

// Kafka's numbers of what may be done: 2 also lowers, where nothing is lost by that.
Result<std::vector<FeatureUpdate>, std::string> updates_in(const Arguments& arguments) {
    std::vector<FeatureUpdate> updates;
    for (const std::string& text : arguments.all("set")) {
        const auto pair = name_and_value(text);
        const auto level = pair ? whole_number(pair->second) : std::nullopt;
        if (!level || *level > INT16_MAX)
            return fmt::format("--set {}: not of the form NAME=LEVEL, with a whole number", text);
        FeatureUpdate& update = updates.emplace_back();
        update.feature = pair->first;
        update.max_version_level = static_cast<std::int16_t>(*level);
        update.upgrade_type = arguments.has("downgrade") ? 2 : 1;
    }
    return updates;
}

int set_features(ClientSession& session, const Arguments& arguments,
                 const std::vector<FeatureUpdate>& updates) {
    protocol::UpdateFeaturesRequest request;
    request.feature_updates = updates;
    const auto reply = client::Admin(session.cluster).ask(request);
    if (reply.failed()) return failed("cannot set features", reply.error());
    if (reply->error_code != protocol::ErrorCode::none)
        return failed("cannot set features",
                      client::refusal(reply->error_code, reply->error_message.value_or("")));
    for (const FeatureUpdate& each : updates) {
        JsonWriter json;
        json.begin_object().name("name").value(each.feature).name("level");
        json.value(std::int64_t{each.max_version_level}).end_object();
        print_out("{}\n", arguments.has("json")
                              ? json.text()
                              : fmt::format("{} is {}", each.feature, each.max_version_level));
    }
    return exit_ok;
}

}  // namespace

int run_cluster_features(const Arguments& arguments) {
    const auto updates = updates_in(arguments);
    if (updates.failed()) return usage_error(updates.error());
    if (updates->empty() && arguments.has("downgrade"))
        return usage_error("--downgrade is for --set");
    return with_client(arguments, [&](ClientSession& session) {
        if (updates->empty()) return show_features(session, arguments.has("json"));
        return set_features(session, arguments, *updates);
    });
}

}  // namespace sluice::cmd
