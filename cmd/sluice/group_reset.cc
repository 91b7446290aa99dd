#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partitions.h"
#include "cmd/sluice/start_point.h"
#include "cmd/sluice/table.h"
#include "core/client/group_admin.h"
#include "core/client/group_offsets.h"

namespace sluice::cmd {

const CommandHelp& group_reset_help() {
    static const CommandHelp help{
        .name = "group reset-offsets",
        .positional = "NAME",
        .summary = "Move a group's committed offsets; the group must have no members.",
        .options =
            {bootstrap_option,
             {"topic", "NAME[:PARTITION]",
              "only of this topic or partition; may be repeated (all that are committed)", true,
              any_topic},
             {"to", "WHERE",
              "beginning, end, an offset, a time (@MILLISECONDS, @2026-11-21T13:28:52 in UTC or "
              "with its zone), or +N / -N from where it is"},
             {"dry-run", "", "show what would be, change nothing"},
             json_option},
        .examples =
            "  sluice group reset-offsets billing --to beginning --dry-run\n"
            "  sluice group reset-offsets billing --topic orders --to @1700000000000\n"
            "  sluice group reset-offsets billing --topic orders:3 --to -100",
        .values = any_group};
    return help;
}

namespace {

struct Wishes {
    std::string group;
    std::vector<std::pair<std::string, std::optional<PartitionIndex>>> topics;
    std::optional<StartPoint> to;
    std::optional<std::int64_t> shift;
};

Result<Wishes, std::string> wishes_of(const Arguments& arguments) {
    Wishes wishes;
    wishes.group = arguments.positional().front();
    for (const std::string& word : arguments.all("topic")) {
        const auto colon = word.rfind(':');
        std::optional<PartitionIndex> partition;
        if (colon != std::string::npos) {
            const auto index = whole_number(std::string_view(word).substr(colon + 1));
            if (!index) return fmt::format("--topic {}: NAME or NAME:PARTITION is wanted", word);
            partition = PartitionIndex(static_cast<std::int32_t>(*index));
        }
        wishes.topics.emplace_back(word.substr(0, colon), partition);
    }
    const auto to = arguments.get("to");
    if (!to) return std::string("--to WHERE is wanted");
    if (to->starts_with('+') || to->starts_with('-')) {
        const auto distance = whole_number(std::string_view(*to).substr(1));
        if (!distance) return fmt::format("--to {}: +N or -N is wanted", *to);
        wishes.shift = to->front() == '-' ? -*distance : *distance;
        return wishes;
    }
    TRY(wishes.to, StartPoint::parse("to", *to));
    return wishes;
}

// The partitions that are meant; those that are committed when none is named. What there is not is
// said; the error is an exit code.
Result<std::vector<client::TopicPartition>, int> meant_partitions(
    ClientSession& session, const std::string& what, const Wishes& wishes,
    const client::CommittedOffsets& committed) {
    std::vector<client::TopicPartition> partitions;
    if (wishes.topics.empty())
        for (const auto& [partition, offset] : committed) partitions.push_back(partition);
    for (const auto& [name, partition] : wishes.topics) {
        TRY(const auto of_topic, partitions_of(session, what, name, partition));
        partitions.insert(partitions.end(), of_topic.begin(), of_topic.end());
    }
    if (!partitions.empty()) return partitions;
    print_error("sluice: {}: it has committed nothing; --topic says for what\n", what);
    return exit_failed;
}

// What the broker answers to a commit from outside does not say that somebody is inside.
int commit_failed(ClientSession& session, const std::string& what, const std::string& group,
                  const client::Refusal& why) {
    const auto state = client::GroupAdmin(session.cluster).describe(group);
    const std::size_t members = state ? state->members.size() : 0;
    if (members == 0) return failed(what, why);
    print_error("sluice: {}: it has {}: stop {} first\n", what,
                members == 1 ? "a member" : fmt::format("{} members", members),
                members == 1 ? "it" : "them");
    return exit_failed;
}

// Within what the partition holds.
Result<Offset, client::Refusal> target_of(ClientSession& session, const Wishes& wishes,
                                          const client::TopicPartition& partition,
                                          std::optional<Offset> now) {
    client::Consumer reader(session.cluster, {});
    TRY(const OffsetRange range, offset_range(reader, partition));
    const auto [first, end] = range;
    if (wishes.shift) return std::clamp(now.value_or(first).plus(*wishes.shift), first, end);
    TRY(const Offset wanted, wishes.to->offset_in(reader, partition));
    if (wanted == client::Consumer::earliest) return first;
    if (wanted == client::Consumer::latest) return end;
    return std::clamp(wanted, first, end);
}

void print_moves(const Arguments& arguments, const client::CommittedOffsets& from,
                 const client::CommittedOffsets& to) {
    Table table({"topic", "partition", "from", "to"});
    JsonWriter json;
    json.begin_array();
    for (const auto& [partition, committed] : to) {
        const auto before = from.find(partition);
        const bool known = before != from.end();
        table.row({partition.topic, std::to_string(partition.partition.value),
                   known ? std::to_string(before->second.offset.value) : "-",
                   std::to_string(committed.offset.value)});
        json.begin_object().name("topic").value(partition.topic).name("partition");
        json.value(std::int64_t{partition.partition.value}).name("from");
        if (known)
            json.value(before->second.offset.value);
        else
            json.null();
        json.name("to").value(committed.offset.value).end_object();
    }
    if (arguments.has("json"))
        print_out("{}\n", json.end_array().text());
    else
        table.print();
}

int reset(ClientSession& session, const Arguments& arguments, const Wishes& wishes) {
    const std::string what = "cannot move the offsets of group " + wishes.group;
    client::Coordinator coordinator(session.cluster, wishes.group);
    client::GroupOffsets offsets(coordinator);
    const auto from = offsets.all();
    if (from.failed()) return failed(what, from.error());
    const auto partitions = meant_partitions(session, what, wishes, *from);
    if (partitions.failed()) return partitions.error();
    client::CommittedOffsets to;
    for (const client::TopicPartition& partition : *partitions) {
        const auto before = from->find(partition);
        const auto target =
            target_of(session, wishes, partition,
                      before == from->end() ? std::nullopt : std::optional(before->second.offset));
        if (target.failed()) return failed(what, target.error());
        to[partition] = {.offset = *target};
    }
    if (!arguments.has("dry-run")) {
        const auto committed = offsets.commit(to, {});
        if (committed.failed())
            return commit_failed(session, what, wishes.group, committed.error());
    }
    print_moves(arguments, *from, to);
    return exit_ok;
}

}  // namespace

int run_group_reset(const Arguments& arguments) {
    const auto wishes = wishes_of(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    return with_client(arguments,
                       [&](ClientSession& session) { return reset(session, arguments, *wishes); });
}

}  // namespace sluice::cmd
