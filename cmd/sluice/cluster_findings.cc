#include "cmd/sluice/cluster_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cmd/sluice/output.h"

namespace sluice::cmd {
namespace {

using Partition = ClusterFacts::Partition;
using Kind = Finding::Kind;

// More names than this only hide what is said.
constexpr std::size_t names_max = 4;

std::string name_of(const Partition& partition) {
    return fmt::format("{}-{}", partition.topic, partition.index.value);
}

std::string some_of(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), names_max); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > names_max) text += ", ...";
    return text;
}

std::string nodes_in_words(const std::vector<BrokerId>& nodes) {
    return fmt::format("{} {}", nodes.size() == 1 ? "node" : "nodes", node_list(nodes));
}

bool is_below_min(const Partition& partition) {
    return std::cmp_less(partition.in_sync.size(), partition.in_sync_min);
}

// Partitions of which the same is to be said, for want of the same nodes.
using Groups = std::map<std::vector<BrokerId>, std::vector<std::string>>;

class Examination {
public:
    explicit Examination(const ClusterFacts& facts) : facts_(facts) {}

    std::vector<Finding> findings() && {
        look_for_controller();
        look_for_leaders();
        look_for_nodes();
        look_for_voters();
        look_for_replicas();
        std::ranges::stable_sort(findings_, {}, &Finding::kind);
        return std::move(findings_);
    }

private:
    void look_for_controller() {
        if (facts_.quorum) return;
        findings_.push_back(
            {.kind = Kind::no_controller,
             .what = fmt::format("no controller leads ({}): no topic can be made, and nobody takes "
                                 "over from a node that dies. What is said of nodes and "
                                 "partitions was so when one led last",
                                 facts_.why_no_quorum),
             .remedy = "A majority of the controllers must run and reach each other: start those "
                       "that do not; the lines 'quorum.led' of the others say what they see."});
    }

    void look_for_leaders() {
        Groups eligible, others;
        for (const Partition& each : facts_.partitions) {
            if (each.has_leader()) continue;
            auto saviours = each.eligible;
            saviours.insert(saviours.end(), each.in_sync.begin(), each.in_sync.end());
            std::ranges::sort(saviours);
            if (!saviours.empty()) {
                eligible[saviours].push_back(name_of(each));
                continue;
            }
            saviours = each.last_known.empty() ? each.replicas : each.last_known;
            std::ranges::sort(saviours);
            others[saviours].push_back(name_of(each));
        }
        for (const auto& [nodes, partitions] : eligible)
            add(Kind::without_leader, nodes, partitions,
                "without a leader: nobody can write or read",
                fmt::format("Start {}{}, which has all that was acknowledged.",
                            nodes.size() == 1 ? "" : "one of ", nodes_in_words(nodes)));
        for (const auto& [nodes, partitions] : others)
            add(Kind::without_leader, nodes, partitions,
                "without a leader, and no replica is known to have all that was acknowledged",
                fmt::format(
                    "Start {}: with unclean.leader.election.enable=true, or 'sluice cluster elect "
                    "--unclean', one that is in service leads, and what it lacks is LOST.",
                    nodes_in_words(nodes)));
    }

    void look_for_nodes() {
        for (const auto& node : facts_.nodes) {
            if (!node.is_broker || !node.is_fenced) continue;
            std::string what = fmt::format(
                "node {} ({}) is out of service: its process is dead, or cannot reach "
                "the controllers",
                node.id.value, node.address);
            if (facts_.voter(node.id) != nullptr) what += votes_left();
            const std::string moved = node.holds == 0
                                          ? ""
                                          : fmt::format(
                                                "move its {} elsewhere with 'sluice cluster "
                                                "reassign', then ",
                                                counted(node.holds, "replica"));
            findings_.push_back(
                {.kind = Kind::node_fenced,
                 .what = std::move(what),
                 .remedy = fmt::format("Start it again; if it runs, its log says more. If it is "
                                       "never to come back: {}'sluice cluster unregister {}'.",
                                       moved, node.id.value),
                 .nodes = {node.id}});
        }
    }

    bool is_heard(const ClusterFacts::Replica& replica) const {
        return replica.silent && *replica.silent <= silence_max;
    }

    // How many more may go.
    std::string votes_left() const {
        const auto& voters = facts_.quorum->voters;
        const auto heard = std::ranges::count_if(voters, [this](const auto& each) {
            const auto* node = facts_.node(each.id);
            return is_heard(each) && (node == nullptr || !node->is_fenced);
        });
        return fmt::format("; of {} controllers {} {} left, and {} are needed", voters.size(),
                           heard, heard == 1 ? "is" : "are", voters.size() / 2 + 1);
    }

    void look_for_voters() {
        if (!facts_.quorum) return;
        for (const auto& voter : facts_.quorum->voters) look_at_replica(voter, "controller", true);
        for (const auto& each : facts_.quorum->observers) look_at_replica(each, "observer", false);
    }

    void look_at_replica(const ClusterFacts::Replica& replica, std::string_view role, bool votes) {
        const auto* node = facts_.node(replica.id);
        const bool said = node != nullptr && node->is_fenced;
        if (said) return;
        if (!is_heard(replica)) {
            // Who observes and goes is forgotten.
            if (!votes) return;
            const std::string since = replica.silent
                                          ? fmt::format("has not fetched the metadata log for {} s",
                                                        to_milliseconds(*replica.silent) / 1000)
                                          : "has not been heard of since the leader leads";
            findings_.push_back(
                {.kind = Kind::voter_silent,
                 .what = fmt::format("{} {} {}{}", role, replica.id.value, since, votes_left()),
                 .remedy = "Start it; if it runs, look at the network between it and the leader.",
                 .nodes = {replica.id}});
            return;
        }
        if (replica.lag == 0 || (replica.caught_up && *replica.caught_up <= behind_max)) return;
        findings_.push_back(
            {.kind = Kind::voter_behind,
             .what = fmt::format("{} {} is {} behind in the metadata log", role, replica.id.value,
                                 counted(replica.lag, "record")),
             .remedy = "Look again: the number falls while it catches up. If it does not, look at "
                       "its disk and its log.",
             .nodes = {replica.id}});
    }

    void look_for_replicas() {
        Groups below, behind;
        for (const Partition& each : facts_.partitions) {
            const std::vector<BrokerId> missing = each.missing();
            if (!each.has_leader()) continue;
            if (is_below_min(each))
                below[missing].push_back(name_of(each));
            else if (!missing.empty())
                behind[missing].push_back(name_of(each));
        }
        for (const auto& [nodes, partitions] : below)
            add(Kind::below_min_isr, nodes, partitions,
                "below min.insync.replicas in sync: acks=all is refused", how_to_catch_up(nodes));
        for (const auto& [nodes, partitions] : behind)
            add(Kind::out_of_sync, nodes, partitions,
                fmt::format("not in sync on {}", nodes_in_words(nodes)), how_to_catch_up(nodes));
    }

    std::string how_to_catch_up(const std::vector<BrokerId>& missing) const {
        std::vector<BrokerId> out;
        std::ranges::copy_if(missing, std::back_inserter(out),
                             [this](BrokerId id) { return !facts_.is_in_service(id); });
        if (missing.empty())
            return "The topic's min.insync.replicas wants more replicas than are in sync: "
                   "wait until the new ones are, or lower it.";
        if (out.empty())
            return fmt::format(
                "{} {} in service, and should catch up: look again. If it lasts, "
                "look at the log and the disk of {}.",
                missing.size() == 1 ? "Node" : "Nodes",
                node_list(missing) + (missing.size() == 1 ? " is" : " are"),
                missing.size() == 1 ? "it" : "each");
        return fmt::format("Start {}: what is missing is fetched by itself.", nodes_in_words(out));
    }

    void add(Kind kind, std::vector<BrokerId> nodes, std::vector<std::string> partitions,
             std::string_view what, std::string remedy) {
        const auto count = static_cast<std::int64_t>(partitions.size());
        findings_.push_back(
            {.kind = kind,
             .what = fmt::format("{} {} {} ({})", counted(count, "partition"),
                                 count == 1 ? "is" : "are", what, some_of(partitions)),
             .remedy = std::move(remedy),
             .nodes = std::move(nodes),
             .partitions = std::move(partitions)});
    }

    const ClusterFacts& facts_;
    std::vector<Finding> findings_;
};

}  // namespace

std::string_view name_of(Finding::Kind kind) {
    switch (kind) {
        case Kind::no_controller:
            return "no_controller";
        case Kind::without_leader:
            return "without_leader";
        case Kind::below_min_isr:
            return "below_min_isr";
        case Kind::node_fenced:
            return "node_fenced";
        case Kind::voter_silent:
            return "voter_silent";
        case Kind::voter_behind:
            return "voter_behind";
        case Kind::out_of_sync:
            return "out_of_sync";
    }
    return "";
}

std::vector<Finding> findings_of(const ClusterFacts& facts) {
    return Examination(facts).findings();
}

PartitionCounts count_partitions(const ClusterFacts& facts) {
    PartitionCounts counts;
    for (const Partition& each : facts.partitions) {
        if (!each.missing().empty()) ++counts.out_of_sync;
        if (!each.has_leader())
            ++counts.without_leader;
        else if (is_below_min(each))
            ++counts.below_min_isr;
    }
    return counts;
}

std::string node_list(const std::vector<BrokerId>& nodes) {
    std::string text;
    for (const BrokerId id : nodes) text += fmt::format("{}{}", text.empty() ? "" : ",", id.value);
    return text;
}

}  // namespace sluice::cmd
