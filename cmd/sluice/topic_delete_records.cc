#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partitions.h"
#include "cmd/sluice/start_point.h"
#include "cmd/sluice/table.h"

namespace sluice::cmd {

const CommandHelp& topic_delete_records_help() {
    static const CommandHelp help{
        .name = "topic delete-records",
        .positional = "NAME",
        .summary = "Delete the oldest records of a topic: those before an offset or a time.",
        .options = {bootstrap_option,
                    {"before", "WHERE",
                     "end, an offset, or a time in UTC or with its zone: @MILLISECONDS, "
                     "@2026-11-21T13:28:52"},
                    {"partition", "N", "only of this partition"},
                    json_option},
        .examples =
            "  sluice topic delete-records words --before @2026-11-21\n"
            "  sluice topic delete-records words --partition 2 --before 1000\n"
            "  sluice topic delete-records words --before end   # all that there are",
        .values = any_topic};
    return help;
}

namespace {

// The offset that `before` means in a partition.
Result<Offset, client::Refusal> end_of_deletion(client::Consumer& reader,
                                                const client::TopicPartition& partition,
                                                const StartPoint& before) {
    TRY(const Offset offset, before.offset_in(reader, partition));
    if (offset >= Offset(0)) return offset;
    TRY(const auto found, reader.offset_at(partition, Timestamp(offset.value)));
    return found.value_or(Offset(0));
}

// The first offset that is left.
Result<Offset, client::Refusal> delete_before(ClientSession& session,
                                              const client::TopicPartition& partition,
                                              Offset offset) {
    const auto leader = session.cluster.leader(partition);
    if (leader.failed()) return client::refusal(leader.error());
    protocol::DeleteRecordsRequest request;
    request.timeout_ms =
        static_cast<std::int32_t>(to_milliseconds(session.cluster.options().request_time_max));
    request.topics.push_back({partition.topic, {{partition.partition, offset}}});
    const auto reply = (*leader)->ask(request);
    if (reply.failed()) return client::refusal(reply.error());
    if (reply->topics.size() != 1 || reply->topics.front().partitions.size() != 1)
        return client::refusal(Error::invalid);
    const auto& answer = reply->topics.front().partitions.front();
    if (answer.error_code != protocol::ErrorCode::none) return client::refusal(answer.error_code);
    return answer.low_watermark;
}

// Names what there is to delete when the offset is beyond it.
int deletion_failed(ClientSession& session, const std::string& what,
                    const client::TopicPartition& partition, const client::Refusal& why) {
    const std::string place = fmt::format("{}-{}", what, partition.partition.value);
    if (why.code != protocol::ErrorCode::offset_out_of_range) return failed(place, why);
    client::Consumer reader(session.cluster, {});
    const auto range = offset_range(reader, partition);
    if (range.failed()) return failed(place, why);
    print_error("sluice: {}: it has offsets {} to {}; --before end deletes all of them\n", place,
                range->first.value, range->end.value);
    return exit_failed;
}

int delete_records(ClientSession& session, const Arguments& arguments, const StartPoint& before,
                   std::optional<PartitionIndex> only) {
    const std::string& name = arguments.positional().front();
    const std::string what = "cannot delete records of " + name;
    const auto partitions = partitions_of(session, what, name, only);
    if (partitions.failed()) return partitions.error();
    client::Consumer reader(session.cluster, {});
    int code = exit_ok;
    Table table({"partition", "first"});
    JsonWriter json;
    json.begin_array();
    for (const auto& partition : *partitions) {
        auto first = end_of_deletion(reader, partition, before);
        if (first) first = delete_before(session, partition, *first);
        if (first.failed()) {
            code = deletion_failed(session, what, partition, first.error());
            continue;
        }
        table.row({std::to_string(partition.partition.value), std::to_string(first->value)});
        json.begin_object().name("partition").value(std::int64_t{partition.partition.value});
        json.name("first").value(first->value).end_object();
    }
    if (arguments.has("json"))
        print_out("{}\n", json.end_array().text());
    else
        table.print();
    return code;
}

}  // namespace

int run_topic_delete_records(const Arguments& arguments) {
    const auto only = partition_option(arguments);
    if (only.failed()) return usage_error(only.error());
    const auto text = arguments.get("before");
    if (!text) return usage_error("'sluice topic delete-records' takes --before WHERE");
    const auto before = StartPoint::parse("before", *text);
    if (before.failed()) return usage_error(before.error());
    return with_client(arguments, [&](ClientSession& session) {
        return delete_records(session, arguments, *before, *only);
    });
}

}  // namespace sluice::cmd
