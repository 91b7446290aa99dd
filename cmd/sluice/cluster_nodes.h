#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/env/network.h"

namespace sluice::cmd {

// What `sluice cluster up` is told of the cluster it runs.
struct ClusterPlan {
    static constexpr std::int64_t nodes_max = 15;

    std::int64_t nodes = 3;
    std::uint16_t base_port = 9092;  // Brokers from there on, and then their controllers.
    std::string data = "cluster";    // Absolute, and without anything behind its last name.
    std::string program = "sluice";
    std::optional<std::string> shards = {};
    std::vector<std::string> settings = {};  // Of every node: name=value.
};

// One node of it, as a process.
struct ClusterNode {
    BrokerId id;
    env::Address address;                    // For clients.
    std::optional<env::Address> controller;  // For other nodes; a lone node has none.
    std::string data;
    std::string log;                   // What it says on standard error.
    std::vector<std::string> command;  // The program first.
};

std::vector<ClusterNode> nodes_of(const ClusterPlan& plan);

// The command as somebody types it in a shell.
std::string shell_text(const std::vector<std::string>& command);

// What is known of a node's directory before it is started.
struct FoundNode {
    BrokerId number;  // That its name says.
    std::string cluster_id;
    BrokerId node_id;
    bool has_run = false;
};

// Why a cluster of so many nodes cannot run in `data`, where these were found in the order of their
// numbers, and what to do; nothing when it can. Nodes that are missing may be added as long as none
// has run: afterwards an empty one would vote as if it had never voted.
std::optional<std::string> complaint_about_nodes(const std::string& data, std::int64_t nodes,
                                                 const std::vector<FoundNode>& found);

}  // namespace sluice::cmd
