#pragma once

#include <cstdint>
#include <vector>

namespace sluice::checker {

// A directed graph over numbered nodes, with edges of several kinds.
class Graph {
public:
    using Node = std::uint32_t;
    using Kinds = std::uint32_t;  // A set of kinds of edges: one bit each.

    explicit Graph(std::size_t nodes) : nodes_(nodes) {}

    void add(Node from, Node to, Kinds kind) {
        if (from != to) edges_.push_back({from, to, kind});
    }
    std::size_t size() const { return nodes_; }

    // The sets of two nodes or more that all reach each other over edges of `kinds`, each in
    // ascending order. O(nodes + edges).
    std::vector<std::vector<Node>> circles(Kinds kinds) const;

private:
    struct Edge {
        Node from;
        Node to;
        Kinds kind;
    };
    // Edges by the node they leave: those of n are targets[begins[n]] on, up to begins[n + 1].
    struct Adjacency {
        std::vector<std::uint32_t> begins;
        std::vector<Node> targets;
    };
    class Tarjan;

    Adjacency adjacency(Kinds kinds) const;
    // Nodes that may be in a circle: what is left after those that nothing leads to are taken away,
    // again and again.
    std::vector<bool> suspects(const Adjacency& edges) const;

    std::size_t nodes_;
    std::vector<Edge> edges_;
};

}  // namespace sluice::checker
