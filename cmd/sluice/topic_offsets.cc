#include <map>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partition_troubles.h"
#include "cmd/sluice/partitions.h"
#include "cmd/sluice/table.h"

namespace sluice::cmd {

const CommandHelp& topic_offsets_help() {
    static const CommandHelp help{
        .name = "topic offsets",
        .positional = "NAME",
        .summary = "Show what can be read of each partition, and how much it takes on disk.",
        .options = {bootstrap_option, {"partition", "N", "only this partition"}, json_option},
        .examples =
            "  sluice topic offsets words\n"
            "  sluice topic offsets words --json | jq 'map(.end - .first) | add'",
        .values = any_topic};
    return help;
}

namespace {

using Sizes = std::map<client::TopicPartition, std::int64_t>;

// Bytes on disk; those that no broker tells are left out.
Sizes sizes_of(ClientSession& session, const std::vector<client::TopicPartition>& partitions) {
    protocol::DescribeLogDirsRequest request;
    request.topics = {{.topic = partitions.front().topic, .partitions = {}}};
    for (const auto& each : partitions)
        request.topics->front().partitions.push_back(each.partition);
    Sizes sizes;
    const auto reply = client::Admin(session.cluster).ask(request);
    if (reply.failed()) return sizes;
    for (const auto& directory : reply->results)
        for (const auto& topic : directory.topics)
            for (const auto& partition : topic.partitions)
                sizes[{topic.name, partition.partition_index}] = partition.partition_size;
    return sizes;
}

int show(ClientSession& session, const Arguments& arguments, std::optional<PartitionIndex> only) {
    const std::string& name = arguments.positional().front();
    const std::string what = "cannot look at topic " + name;
    const auto partitions = partitions_of(session, what, name, only);
    if (partitions.failed()) return partitions.error();
    const Sizes sizes = sizes_of(session, *partitions);
    client::Consumer reader(session.cluster, {});
    int code = exit_ok;
    Table table({"partition", "first", "end", "bytes"});
    JsonWriter json;
    json.begin_array();
    for (const auto& partition : *partitions) {
        const auto range = offset_range(reader, partition);
        if (range.failed()) {
            if (range.error().code != protocol::ErrorCode::kafka_storage_error)
                return failed(what, range.error());
            const std::string why = PartitionTroubles::sentence(partition, range.error().code);
            print_error("sluice: {}\n", why);
            code = exit_failed;
            continue;
        }
        const auto size = sizes.find(partition);
        table.row({std::to_string(partition.partition.value), std::to_string(range->first.value),
                   std::to_string(range->end.value),
                   size == sizes.end() ? "-" : std::to_string(size->second)});
        json.begin_object().name("partition").value(std::int64_t{partition.partition.value});
        json.name("first").value(range->first.value).name("end").value(range->end.value);
        json.name("bytes");
        if (size == sizes.end())
            json.null();
        else
            json.value(size->second);
        json.end_object();
    }
    if (arguments.has("json"))
        print_out("{}\n", json.end_array().text());
    else
        table.print();
    return code;
}

}  // namespace

int run_topic_offsets(const Arguments& arguments) {
    const auto only = partition_option(arguments);
    if (only.failed()) return usage_error(only.error());
    return with_client(arguments,
                       [&](ClientSession& session) { return show(session, arguments, *only); });
}

}  // namespace sluice::cmd
