#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partitions.h"

namespace sluice::cmd {

const CommandHelp& cluster_elect_help() {
    static const CommandHelp help{
        .name = "cluster elect",
        .summary =
            "Have partitions led by their preferred replica, the first of each; all, or those of "
            "a topic. With --unclean, have partitions without a leader led by a replica that is "
            "in service, whatever it lacks: that is lost.",
        .options = {bootstrap_option,
                    {"topic", "NAME", "of this topic", false, any_topic},
                    {"partition", "N", "only this one of it"},
                    {"unclean", "", "LOSES what the replica lacks; of one --topic"},
                    json_option},
        .examples =
            "  sluice cluster elect\n"
            "  sluice cluster elect --topic words --partition 2\n"
            "  sluice cluster elect --unclean --topic words --partition 2"};
    return help;
}

namespace {

using protocol::ErrorCode;
using ElectedTopic = protocol::ElectLeadersResponse::Topic;

std::int64_t print_elections(const std::vector<ElectedTopic>& topics, bool as_json) {
    std::int64_t failures = 0;
    for (const auto& topic : topics) {
        for (const auto& each : topic.partition_result) {
            const bool needless = each.error_code == ErrorCode::election_not_needed;
            const bool good = needless || each.error_code == ErrorCode::none;
            if (!good) {
                ++failures;
                const client::Refusal why =
                    client::refusal(each.error_code, each.error_message.value_or(""));
                print_error("sluice: partition {} of {}: {}\n", each.partition_id.value,
                            topic.topic, why.text());
            }
            if (!good) continue;
            if (!as_json) {
                print_out("{} {}-{}\n", needless ? "not needed:" : "elected:", topic.topic,
                          each.partition_id.value);
                continue;
            }
            JsonWriter json;
            json.begin_object().name("topic").value(topic.topic).name("partition");
            json.value(std::int64_t{each.partition_id.value}).name("elected").value(!needless);
            print_out("{}\n", json.end_object().text());
        }
    }
    return failures;
}

int elect_leaders(ClientSession& session, const Arguments& arguments,
                  std::optional<PartitionIndex> only) {
    protocol::ElectLeadersRequest request;
    request.election_type = arguments.has("unclean") ? 1 : 0;
    if (const auto topic = arguments.get("topic")) {
        const auto partitions =
            partitions_of(session, "cannot elect leaders of " + *topic, *topic, only, false);
        if (partitions.failed()) return partitions.error();
        auto& wanted = request.topic_partitions->emplace_back();
        wanted.topic = *topic;
        for (const auto& each : *partitions) wanted.partitions.push_back(each.partition);
    } else {
        request.topic_partitions.reset();
    }
    const auto reply = client::Admin(session.cluster).ask(request);
    if (reply.failed()) return failed("cannot elect leaders", reply.error());
    if (reply->error_code != ErrorCode::none)
        return failed("cannot elect leaders", client::refusal(reply->error_code));
    const bool as_json = arguments.has("json");
    if (reply->replica_election_results.empty() && !as_json)
        print_out("not needed: every partition is led by its preferred replica\n");
    return print_elections(reply->replica_election_results, as_json) == 0 ? exit_ok : exit_failed;
}

}  // namespace

int run_cluster_elect(const Arguments& arguments) {
    const auto partition = partition_option(arguments);
    if (partition.failed()) return usage_error(partition.error());
    const bool has_topic = arguments.has("topic");
    if (*partition && !has_topic) return usage_error("--partition is of a --topic");
    if (arguments.has("unclean") && !has_topic)
        return usage_error("--unclean loses records: it takes a --topic");
    return with_client(arguments, [&](ClientSession& session) {
        return elect_leaders(session, arguments, *partition);
    });
}

}  // namespace sluice::cmd
