#pragma once

#include <deque>
#include <memory>

#include "sim/node.h"

namespace sluice::sim {

// All machines of a run and the network between them.
class Cluster {
public:
    explicit Cluster(World& world, const SimNetwork::Options& network = {})
        : world_(world), network_(world, faults_, network) {}

    Node& add(const Node::Options& options, MakeProgram make_program) {
        nodes_.push_back(
            std::make_unique<Node>(world_, network_, faults_, options, std::move(make_program)));
        return *nodes_.back();
    }

    World& world() { return world_; }
    SimNetwork& network() { return network_; }
    FaultLog& faults() { return faults_; }
    std::size_t size() const { return nodes_.size(); }
    Node& node(std::size_t index) { return *nodes_[index]; }

private:
    World& world_;
    FaultLog faults_;
    SimNetwork network_;
    std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace sluice::sim
