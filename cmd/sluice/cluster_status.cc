#include <fmt/format.h>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/cluster_findings.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/table.h"

namespace sluice::cmd {

const CommandHelp& cluster_status_help() {
    static const CommandHelp help{
        .name = "cluster status",
        .summary =
            "Show the nodes, the controllers and the partitions of a cluster, what is wrong with "
            "them and what to do. The exit code is 1 when something is.",
        .options = {bootstrap_option, json_option},
        .examples =
            "  sluice cluster status\n"
            "  sluice cluster status --bootstrap a:9092,b:9092 || echo look at it\n"
            "  sluice cluster status --json | jq -r '.findings[].what'"};
    return help;
}

namespace {

std::string seconds_text(std::optional<Duration> time) {
    if (!time) return "never";
    return fmt::format("{:.1f} s", static_cast<double>(to_milliseconds(*time)) / 1000.0);
}

std::string roles_of(const ClusterFacts& facts, const ClusterFacts::Node& node) {
    const bool votes = facts.voter(node.id) != nullptr;
    if (!node.is_broker) return "controller";
    return votes ? "broker,controller" : "broker";
}

// Of controllers alone nobody says whether they are in service.
std::string state_of(const ClusterFacts::Node& node) {
    if (!node.is_broker) return "-";
    return node.is_fenced ? "FENCED" : "in service";
}

const ClusterFacts::Replica* replica_shown(const ClusterFacts& facts, BrokerId id) {
    if (const auto* voter = facts.voter(id)) return voter;
    if (facts.quorum)
        for (const auto& observer : facts.quorum->observers)
            if (observer.id == id) return &observer;
    return nullptr;
}

void print_nodes(const ClusterFacts& facts) {
    Table table({"node", "address", "rack", "state", "roles", "leads", "replicas", "metadata lag",
                 "heard of"});
    for (const auto& node : facts.nodes) {
        const auto* replica = replica_shown(facts, node.id);
        table.row({std::to_string(node.id.value), node.address, node.rack.value_or("-"),
                   state_of(node), roles_of(facts, node), std::to_string(node.leads),
                   std::to_string(node.holds), replica ? std::to_string(replica->lag) : "-",
                   replica ? seconds_text(replica->silent) + " ago" : "-"});
    }
    table.print();
}

void print_status(const ClusterFacts& facts, const std::vector<Finding>& findings) {
    print_out("cluster     {}\n", facts.cluster_id);
    if (facts.quorum)
        print_out("quorum      node {} leads in epoch {}, {} committed\n",
                  facts.quorum->leader.value, facts.quorum->epoch.value,
                  facts.quorum->high_watermark.value);
    else
        print_out("quorum      nobody leads ({})\n", facts.why_no_quorum);
    const PartitionCounts counts = count_partitions(facts);
    print_out(
        "partitions  {} of {}: {} without a leader, {} below min.insync.replicas, {} out of "
        "sync\n\n",
        facts.partitions.size(), counted(facts.topics, "topic"), counts.without_leader,
        counts.below_min_isr, counts.out_of_sync);
    print_nodes(facts);
    if (findings.empty()) {
        print_out("\nall is well\n");
        return;
    }
    print_out("\n");
    for (const Finding& finding : findings)
        print_out("WRONG  {}\n   do  {}\n", finding.what, finding.remedy);
}

void write_ids(JsonWriter& json, const std::vector<BrokerId>& ids) {
    json.begin_array();
    for (const BrokerId id : ids) json.value(std::int64_t{id.value});
    json.end_array();
}

void write_milliseconds(JsonWriter& json, std::string_view name, std::optional<Duration> time) {
    json.name(name);
    if (time)
        json.value(to_milliseconds(*time));
    else
        json.null();
}

void write_replicas(JsonWriter& json, std::string_view name,
                    const std::vector<ClusterFacts::Replica>& replicas) {
    json.name(name).begin_array();
    for (const auto& each : replicas) {
        json.begin_object().name("id").value(std::int64_t{each.id.value}).name("end");
        json.value(each.end.value).name("lag").value(each.lag);
        write_milliseconds(json, "silent_ms", each.silent);
        write_milliseconds(json, "caught_up_ms", each.caught_up);
        json.end_object();
    }
    json.end_array();
}

void write_nodes(JsonWriter& json, const ClusterFacts& facts) {
    json.name("nodes").begin_array();
    for (const auto& node : facts.nodes) {
        json.begin_object().name("id").value(std::int64_t{node.id.value}).name("address");
        json.value(node.address).name("rack");
        if (node.rack)
            json.value(*node.rack);
        else
            json.null();
        json.name("broker").value(node.is_broker).name("controller");
        json.value(facts.voter(node.id) != nullptr).name("fenced").value(node.is_fenced);
        json.name("leads").value(node.leads).name("replicas").value(node.holds).end_object();
    }
    json.end_array();
}

std::string status_as_json(const ClusterFacts& facts, const std::vector<Finding>& findings) {
    JsonWriter json;
    json.begin_object().name("cluster").value(facts.cluster_id).name("well");
    json.value(findings.empty());
    write_nodes(json, facts);
    json.name("quorum");
    if (facts.quorum) {
        json.begin_object().name("leader").value(std::int64_t{facts.quorum->leader.value});
        json.name("epoch").value(std::int64_t{facts.quorum->epoch.value});
        json.name("committed").value(facts.quorum->high_watermark.value);
        write_replicas(json, "voters", facts.quorum->voters);
        write_replicas(json, "observers", facts.quorum->observers);
        json.end_object();
    } else {
        json.null();
    }
    const PartitionCounts counts = count_partitions(facts);
    json.name("partitions").begin_object().name("count");
    json.value(static_cast<std::int64_t>(facts.partitions.size()));
    json.name("topics").value(facts.topics).name("without_leader").value(counts.without_leader);
    json.name("below_min_isr").value(counts.below_min_isr);
    json.name("out_of_sync").value(counts.out_of_sync).end_object();
    json.name("findings").begin_array();
    for (const Finding& finding : findings) {
        json.begin_object().name("kind").value(name_of(finding.kind)).name("what");
        json.value(finding.what).name("do").value(finding.remedy).name("nodes");
        write_ids(json, finding.nodes);
        json.name("partitions").begin_array();
        for (const std::string& each : finding.partitions) json.value(each);
        json.end_array().end_object();
    }
    return json.end_array().end_object().text();
}

}  // namespace

int run_cluster_status(const Arguments& arguments) {
    return with_client(arguments, [&](ClientSession& session) {
        const auto facts = ask_cluster(session.cluster);
        if (facts.failed()) return failed("cannot look at the cluster", facts.error());
        const std::vector<Finding> findings = findings_of(*facts);
        if (arguments.has("json"))
            print_out("{}\n", status_as_json(*facts, findings));
        else
            print_status(*facts, findings);
        return findings.empty() ? exit_ok : exit_failed;
    });
}

}  // namespace sluice::cmd
