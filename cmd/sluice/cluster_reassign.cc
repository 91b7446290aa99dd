#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partitions.h"
#include "cmd/sluice/replica_moves.h"
#include "cmd/sluice/table.h"

namespace sluice::cmd {

const CommandHelp& cluster_reassign_help() {
    static const CommandHelp help{
        .name = "cluster reassign",
        .summary =
            "Move replicas of partitions to other nodes, and show how far it is until it is done; "
            "or list what is moving, or cancel it.",
        .options = {bootstrap_option,
                    {"topic", "NAME", "of this topic", false, any_topic},
                    {"partition", "N", "this partition of it"},
                    {"replicas", "ID,...", "the nodes to be on, the preferred leader first"},
                    {"file", "FILE", "many, in the JSON of kafka-reassign-partitions.sh", false,
                     any_file},
                    {"no-wait", "", "do not wait until it is done"},
                    {"list", "", "what is moving"},
                    {"cancel", "", "of --topic and --partition, of --file, or all that moves"},
                    json_option},
        .examples =
            "  sluice cluster reassign --topic words --partition 0 --replicas 2,3,4\n"
            "  sluice cluster reassign --file moves.json --no-wait\n"
            "  sluice cluster reassign --list\n"
            "  sluice cluster reassign --cancel --topic words --partition 0"};
    return help;
}

namespace {

using protocol::ErrorCode;
using PartitionName = std::pair<std::string, PartitionIndex>;
using Moving = protocol::ListPartitionReassignmentsResponse::Topic::Partition;

// Progress is looked at so often.
constexpr Duration move_look_interval = milliseconds(200);

std::string ids_in_words(const std::vector<BrokerId>& ids) {
    std::string text;
    for (const BrokerId id : ids) text += fmt::format("{}{}", text.empty() ? "" : ",", id.value);
    return text.empty() ? "-" : text;
}

void write_ids_of(JsonWriter& json, std::string_view name, const std::vector<BrokerId>& ids) {
    json.name(name).begin_array();
    for (const BrokerId id : ids) json.value(std::int64_t{id.value});
    json.end_array();
}

Result<std::map<PartitionName, Moving>, client::Refusal> ask_moves(ClientSession& session) {
    protocol::ListPartitionReassignmentsRequest request;
    TRY(const auto reply, client::Admin(session.cluster).ask(request));
    if (reply.error_code != ErrorCode::none)
        return client::refusal(reply.error_code, reply.error_message.value_or(""));
    std::map<PartitionName, Moving> moving;
    for (const auto& topic : reply.topics)
        for (const auto& each : topic.partitions) moving[{topic.name, each.partition_index}] = each;
    return moving;
}

int list_moves(ClientSession& session, bool as_json) {
    const auto moving = ask_moves(session);
    if (moving.failed()) return failed("cannot list what is moving", moving.error());
    Table table({"partition", "replicas", "adding", "removing"});
    JsonWriter json;
    json.begin_array();
    for (const auto& [name, each] : *moving) {
        table.row({fmt::format("{}-{}", name.first, name.second.value), ids_in_words(each.replicas),
                   ids_in_words(each.adding_replicas), ids_in_words(each.removing_replicas)});
        json.begin_object().name("topic").value(name.first).name("partition");
        json.value(std::int64_t{name.second.value});
        write_ids_of(json, "replicas", each.replicas);
        write_ids_of(json, "adding", each.adding_replicas);
        write_ids_of(json, "removing", each.removing_replicas);
        json.end_object();
    }
    if (as_json)
        print_out("{}\n", json.end_array().text());
    else if (moving->empty())
        print_out("nothing is moving\n");
    else
        table.print();
    return exit_ok;
}

// From what was asked to where it is.
class Reassignment {
public:
    Reassignment(ClientSession& session, const Arguments& arguments, std::vector<ReplicaMove> moves)
        : session_(session), arguments_(arguments), moves_(std::move(moves)) {}

    int run() {
        const bool cancels = arguments_.has("cancel");
        const std::string what = cancels ? "cannot cancel" : "cannot move replicas";
        if (moves_.empty() && cancels) {
            const auto all = ask_moves(session_);
            if (all.failed()) return failed(what, all.error());
            for (const auto& [name, each] : *all) moves_.push_back({name.first, name.second});
            if (moves_.empty() && !arguments_.has("json")) print_out("nothing is moving\n");
            if (moves_.empty()) return exit_ok;
        }
        if (cancels)
            for (ReplicaMove& move : moves_) move.replicas.reset();
        if (const auto asked = ask(); asked.failed()) return failed(what, asked.error());
        if (!cancels && !arguments_.has("no-wait")) {
            const auto done = wait();
            if (done.failed()) return failed("cannot look at what is moving", done.error());
            if (!*done) {
                print_error(
                    "sluice: stopped looking; it goes on. 'sluice cluster reassign --list' shows "
                    "what is moving, --cancel ends it\n");
                return exit_failed;
            }
            if (const auto found = compare(); found.failed())
                return failed("cannot look at where replicas are", found.error());
        }
        show();
        return failures_ == 0 ? exit_ok : exit_failed;
    }

private:
    // Those that are refused are said, and left out.
    Result<void, client::Refusal> ask() {
        protocol::AlterPartitionReassignmentsRequest request;
        std::map<std::string, std::size_t> places;
        for (const ReplicaMove& move : moves_) {
            const auto [place, is_new] = places.try_emplace(move.topic, request.topics.size());
            if (is_new) request.topics.push_back({.name = move.topic});
            request.topics[place->second].partitions.push_back({move.partition, move.replicas});
        }
        TRY(const auto reply, client::Admin(session_.cluster).ask(request));
        if (reply.error_code != ErrorCode::none)
            return client::refusal(reply.error_code, reply.error_message.value_or(""));
        for (const auto& topic : reply.responses)
            for (const auto& each : topic.partitions)
                if (each.error_code != ErrorCode::none)
                    refuse(
                        {topic.name, each.partition_index},
                        client::refusal(each.error_code, each.error_message.value_or("")).text());
        return {};
    }

    void refuse(const PartitionName& name, const std::string& why) {
        ++failures_;
        print_error("sluice: partition {} of {}: {}\n", name.second.value, name.first, why);
        std::erase_if(moves_, [&](const ReplicaMove& move) {
            return move.topic == name.first && move.partition == name.second;
        });
    }

    // False when it was asked to look no more.
    Result<bool, client::Refusal> wait() {
        std::size_t said = 0;
        for (;;) {
            TRY(const auto moving, ask_moves(session_));
            const auto left = static_cast<std::size_t>(
                std::ranges::count_if(moves_, [&](const ReplicaMove& move) {
                    return moving.contains({move.topic, move.partition});
                }));
            if (left == 0) return true;
            if (left != said)
                print_error("sluice: {} of {} still moving\n", left,
                            counted(static_cast<std::int64_t>(moves_.size()), "partition"));
            said = left;
            if (session_.interrupted != 0) return false;
            if (const auto slept = env::sleep_for(session_.scheduler, move_look_interval);
                slept.failed())
                return client::refusal(slept.error());
        }
    }

    // Somebody else may have cancelled it, or asked for other places.
    Result<void, client::Refusal> compare() {
        if (moves_.empty()) return {};
        TRY(const auto reply, client::Admin(session_.cluster).topics({}));
        std::map<PartitionName, std::vector<BrokerId>> places;
        for (const auto& topic : reply.topics)
            for (const auto& each : topic.partitions)
                places[{topic.name.value_or(""), each.partition_index}] = each.replica_nodes;
        for (const ReplicaMove& move : std::vector(moves_)) {
            const PartitionName name{move.topic, move.partition};
            if (places[name] == *move.replicas) continue;
            refuse(name, fmt::format("it is on {}, not on {}: somebody else cancelled it, or moved "
                                     "it again",
                                     ids_in_words(places[name]), ids_in_words(*move.replicas)));
        }
        return {};
    }

    void show() const {
        const bool waited = !arguments_.has("no-wait");
        for (const ReplicaMove& move : moves_) {
            if (!arguments_.has("json")) {
                const std::string name = fmt::format("{}-{}", move.topic, move.partition.value);
                if (!move.replicas)
                    print_out("cancelled {}\n", name);
                else
                    print_out("{} {} to {}\n", waited ? "moved" : "moving", name,
                              ids_in_words(*move.replicas));
                continue;
            }
            JsonWriter json;
            json.begin_object().name("topic").value(move.topic).name("partition");
            json.value(std::int64_t{move.partition.value});
            if (move.replicas) write_ids_of(json, "replicas", *move.replicas);
            json.name("state").value(!move.replicas ? "cancelled" : waited ? "moved" : "moving");
            print_out("{}\n", json.end_object().text());
        }
    }

    ClientSession& session_;
    const Arguments& arguments_;
    std::vector<ReplicaMove> moves_;
    int failures_ = 0;
};

Result<std::vector<ReplicaMove>, std::string> moves_in_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fmt::format("cannot read {}: {}", path, std::strerror(errno));
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    auto moves = moves_in(text);
    if (moves.failed()) return fmt::format("{}: {}", path, moves.error());
    return moves;
}

// Nothing for --cancel of all there is.
Result<std::vector<ReplicaMove>, std::string> wanted_moves(const Arguments& arguments) {
    const bool cancels = arguments.has("cancel");
    const bool names_one = arguments.has("topic") || arguments.has("partition");
    if (const auto file = arguments.get("file")) {
        if (names_one || arguments.has("replicas"))
            return std::string("--file says which partitions, and where: nothing else is taken");
        return moves_in_file(*file);
    }
    TRY(const auto partition, partition_option(arguments));
    const auto topic = arguments.get("topic");
    const auto replicas = arguments.get("replicas");
    if (cancels && !names_one && !replicas) return std::vector<ReplicaMove>{};
    if (!topic || !partition || cancels == replicas.has_value())
        return std::string(cancels ? "--cancel takes --topic and --partition, or --file, or neither"
                                   : "'sluice cluster reassign' takes --topic, --partition and "
                                     "--replicas, or --file, or --list, or --cancel");
    ReplicaMove move{*topic, *partition};
    if (replicas) {
        auto places = replicas_in(*replicas);
        if (places.failed()) return "--replicas " + places.error();
        move.replicas = std::move(*places);
    }
    return std::vector<ReplicaMove>{std::move(move)};
}

}  // namespace

int run_cluster_reassign(const Arguments& arguments) {
    if (arguments.has("list")) {
        for (const std::string_view other : {"topic", "partition", "replicas", "file", "cancel"})
            if (arguments.has(other))
                return usage_error(fmt::format("--list and --{} exclude each other", other));
        return with_client(arguments, [&](ClientSession& session) {
            return list_moves(session, arguments.has("json"));
        });
    }
    const auto moves = wanted_moves(arguments);
    if (moves.failed()) return usage_error(moves.error());
    return with_client(arguments, [&](ClientSession& session) {
        return Reassignment(session, arguments, *moves).run();
    });
}

}  // namespace sluice::cmd
