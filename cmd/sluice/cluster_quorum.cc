#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/cluster_facts.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/table.h"

namespace sluice::cmd {

const CommandHelp& cluster_quorum_help() {
    static const CommandHelp help{
        .name = "cluster quorum",
        .summary =
            "Show who keeps the metadata log: the controllers that vote, who leads them, who else "
            "reads it, and how far behind each is.",
        .options = {bootstrap_option, json_option},
        .examples =
            "  sluice cluster quorum\n"
            "  sluice cluster quorum --json | jq '[.replicas[].lag] | max'"};
    return help;
}

namespace {

struct QuorumRow {
    const ClusterFacts::Replica* replica;
    std::string_view role;
    std::string address;
};

std::vector<QuorumRow> rows_of(const QuorumAnswer& answer) {
    std::vector<QuorumRow> rows;
    const auto add = [&](const ClusterFacts::Replica& replica, std::string_view role) {
        std::string address = "-";
        for (const auto& each : answer.controllers)
            if (each.id == replica.id && !each.address.empty()) address = each.address;
        rows.push_back({&replica, role, std::move(address)});
    };
    for (const auto& each : answer.quorum->voters)
        add(each, each.id == answer.quorum->leader ? "leader" : "voter");
    for (const auto& each : answer.quorum->observers) add(each, "observer");
    return rows;
}

std::string ago_text(std::optional<Duration> time) {
    if (!time) return "never";
    return fmt::format("{:.1f} s ago", static_cast<double>(to_milliseconds(*time)) / 1000.0);
}

void print_quorum(const QuorumAnswer& answer) {
    print_out("leader     {}\nepoch      {}\ncommitted  {}\n\n", answer.quorum->leader.value,
              answer.quorum->epoch.value, answer.quorum->high_watermark.value);
    Table table({"node", "role", "address", "end", "lag", "fetched", "caught up"});
    for (const QuorumRow& row : rows_of(answer))
        table.row({std::to_string(row.replica->id.value), std::string(row.role), row.address,
                   std::to_string(row.replica->end.value), std::to_string(row.replica->lag),
                   ago_text(row.replica->silent), ago_text(row.replica->caught_up)});
    table.print();
}

void print_quorum_as_json(const QuorumAnswer& answer) {
    JsonWriter json;
    json.begin_object().name("leader").value(std::int64_t{answer.quorum->leader.value});
    json.name("epoch").value(std::int64_t{answer.quorum->epoch.value}).name("committed");
    json.value(answer.quorum->high_watermark.value).name("replicas").begin_array();
    for (const QuorumRow& row : rows_of(answer)) {
        json.begin_object().name("id").value(std::int64_t{row.replica->id.value}).name("role");
        json.value(row.role).name("address").value(row.address).name("end");
        json.value(row.replica->end.value).name("lag").value(row.replica->lag);
        const std::pair<std::string_view, std::optional<Duration>> times[] = {
            {"fetched_ms_ago", row.replica->silent}, {"caught_up_ms_ago", row.replica->caught_up}};
        for (const auto& [name, time] : times) {
            json.name(name);
            if (time)
                json.value(to_milliseconds(*time));
            else
                json.null();
        }
        json.end_object();
    }
    print_out("{}\n", json.end_array().end_object().text());
}

}  // namespace

int run_cluster_quorum(const Arguments& arguments) {
    return with_client(arguments, [&](ClientSession& session) {
        const auto answer = ask_quorum(session.cluster);
        if (answer.failed()) return failed("cannot look at the quorum", answer.error());
        if (!answer->quorum) {
            print_error(
                "sluice: no controller leads ({}): a majority of them must run and reach each "
                "other\n",
                answer->why_not);
            return exit_failed;
        }
        if (arguments.has("json"))
            print_quorum_as_json(*answer);
        else
            print_quorum(*answer);
        return exit_ok;
    });
}

}  // namespace sluice::cmd
