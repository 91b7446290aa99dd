#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partitions.h"
#include "cmd/sluice/start_point.h"
#include "cmd/sluice/table.h"
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

struct ResetWishes {
    std::string group;
    std::vector<std::pair<std::string, std::optional<PartitionIndex>>> topics;
    std::optional<StartPoint> to;
    std::optional<std::int64_t> shift;
};

Result<ResetWishes, std::string> reset_wishes(const Arguments& arguments) {
    ResetWishes wishes;
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
    ClientSession& session, const std::string& what, const ResetWishes& wishes,
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

// Where a partition of the group is, what was asked for, and what it is moved to.
struct Move {
    std::optional<Offset> from;
    Offset wanted;
    Offset to;
};
using Moves = std::map<client::TopicPartition, Move>;

// To what was asked for, or what the partition holds next to it: then that is said.
Result<Move, client::Refusal> move_of(ClientSession& session, const ResetWishes& wishes,
                                      const client::TopicPartition& partition,
                                      std::optional<Offset> from) {
    client::Consumer reader(session.cluster, {});
    TRY(const OffsetRange range, offset_range(reader, partition));
    Offset wanted = from.value_or(range.first).plus(wishes.shift.value_or(0));
    if (!wishes.shift) {
        TRY(wanted, wishes.to->offset_in(reader, partition));
        if (wanted == client::Consumer::earliest) wanted = range.first;
        if (wanted == client::Consumer::latest) wanted = range.end;
    }
    const Move move{from, wanted, std::clamp(wanted, range.first, range.end)};
    if (move.to != wanted)
        print_error("sluice: partition {} of {} has offsets {} to {}: it goes to {}, not to {}\n",
                    partition.partition.value, partition.topic, range.first.value, range.end.value,
                    move.to.value, wanted.value);
    return move;
}

void print_moves(const Arguments& arguments, const Moves& moves) {
    Table table({"topic", "partition", "from", "to"});
    JsonWriter json;
    json.begin_array();
    for (const auto& [partition, move] : moves) {
        table.row({partition.topic, std::to_string(partition.partition.value),
                   move.from ? std::to_string(move.from->value) : "-",
                   std::to_string(move.to.value)});
        json.begin_object().name("topic").value(partition.topic).name("partition");
        json.value(std::int64_t{partition.partition.value}).name("from");
        if (move.from)
            json.value(move.from->value);
        else
            json.null();
        json.name("wanted").value(move.wanted.value);
        json.name("to").value(move.to.value).end_object();
    }
    if (arguments.has("json"))
        print_out("{}\n", json.end_array().text());
    else
        table.print();
}

int reset(ClientSession& session, const Arguments& arguments, const ResetWishes& wishes) {
    const std::string what = "cannot move the offsets of group " + wishes.group;
    client::Coordinator coordinator(session.cluster, wishes.group);
    client::GroupOffsets offsets(coordinator);
    const auto from = offsets.all();
    if (from.failed()) return failed(what, from.error());
    const auto partitions = meant_partitions(session, what, wishes, *from);
    if (partitions.failed()) return partitions.error();
    Moves moves;
    client::CommittedOffsets to;
    for (const client::TopicPartition& partition : *partitions) {
        const auto before = from->find(partition);
        const auto move =
            move_of(session, wishes, partition,
                    before == from->end() ? std::nullopt : std::optional(before->second.offset));
        if (move.failed()) return failed(what, move.error());
        moves.emplace(partition, *move);
        to[partition] = {.offset = move->to};
    }
    if (!arguments.has("dry-run")) {
        const auto committed = offsets.commit(to, {});
        if (committed.failed()) return failed_group(session, what, wishes.group, committed.error());
    }
    print_moves(arguments, moves);
    return exit_ok;
}

}  // namespace

int run_group_reset(const Arguments& arguments) {
    const auto wishes = reset_wishes(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    return with_client(arguments,
                       [&](ClientSession& session) { return reset(session, arguments, *wishes); });
}

}  // namespace sluice::cmd
