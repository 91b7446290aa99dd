#include "cmd/sluice/cluster_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace sluice::cmd {
namespace {

constexpr std::string_view loopback = "127.0.0.1";

env::Address at_port(std::int64_t port) {
    return {std::string(loopback), static_cast<std::uint16_t>(port)};
}

std::string quorum_of(const std::vector<ClusterNode>& nodes) {
    std::string text;
    for (const ClusterNode& node : nodes)
        text +=
            fmt::format("{}{}@{}", text.empty() ? "" : ",", node.id.value, node.controller->text());
    return text;
}

std::string quoted(const std::string& word) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=,.:/@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

}  // namespace

std::vector<ClusterNode> nodes_of(const ClusterPlan& plan) {
    std::vector<ClusterNode> nodes;
    for (std::int64_t i = 0; i < plan.nodes; ++i) {
        ClusterNode node;
        node.id = BrokerId(static_cast<std::int32_t>(i + 1));
        node.address = at_port(plan.base_port + i);
        if (plan.nodes > 1) node.controller = at_port(plan.base_port + plan.nodes + i);
        node.data = fmt::format("{}/node-{}", plan.data, node.id.value);
        node.log = node.data + ".log";
        nodes.push_back(std::move(node));
    }
    for (ClusterNode& node : nodes) {
        node.command = {plan.program,        "server", "--role",
                        "broker,controller", "--id",   std::to_string(node.id.value)};
        if (node.controller)
            node.command.insert(node.command.end(), {"--quorum", quorum_of(nodes)});
        node.command.insert(node.command.end(),
                            {"--listen", node.address.text(), "--data", node.data});
        if (plan.shards) node.command.insert(node.command.end(), {"--shards", *plan.shards});
        for (const std::string& setting : plan.settings)
            node.command.insert(node.command.end(), {"--set", setting});
    }
    return nodes;
}

std::string shell_text(const std::vector<std::string>& command) {
    std::string text;
    for (const std::string& word : command) text += (text.empty() ? "" : " ") + quoted(word);
    return text;
}

std::optional<std::string> complaint_about_nodes(const std::string& data, std::int64_t nodes,
                                                 const std::vector<FoundNode>& found) {
    const bool has_run = std::ranges::any_of(found, &FoundNode::has_run);
    for (const FoundNode& node : found) {
        if (node.node_id != node.number)
            return fmt::format(
                "{}/node-{} is the directory of node {}: it was moved there. Put it back, or "
                "choose another directory with --data",
                data, node.number.value, node.node_id.value);
        if (node.cluster_id != found.front().cluster_id)
            return fmt::format(
                "{}/node-{} is of cluster {}, and node-{} of cluster {}: they cannot be one "
                "cluster. Move away what does not belong there, or choose another directory with "
                "--data",
                data, node.number.value, node.cluster_id, found.front().number.value,
                found.front().cluster_id);
    }
    if (found.empty()) return std::nullopt;
    const std::int64_t most = found.back().number.value;
    if (most > nodes || (has_run && most < nodes))
        return fmt::format(
            "{} has a cluster of {}, and its number of nodes cannot change: 'sluice cluster up {} "
            "--data {}' goes on with it; another --data makes a new one",
            data, most == 1 ? "1 node" : fmt::format("{} nodes", most), most, quoted(data));
    if (!has_run) return std::nullopt;
    for (std::int32_t id = 1; id <= most; ++id)
        if (std::ranges::find(found, BrokerId(id), &FoundNode::number) == found.end())
            return fmt::format(
                "{}/node-{} is missing, and the cluster has run with it: an empty one would vote "
                "as if it had never voted. Put it back, or choose another directory with --data",
                data, id);
    return std::nullopt;
}

}  // namespace sluice::cmd
