#include "sim/checker/graph.h"

#include <algorithm>

namespace sluice::checker {

// Strongly connected components in one walk (Tarjan 1972), with a stack of its own instead of
// recursion.
class Graph::Tarjan {
public:
    Tarjan(const Adjacency& edges, const std::vector<bool>& suspects)
        : edges_(edges), suspects_(suspects), states_(suspects.size()) {}

    std::vector<std::vector<Node>> run() {
        for (Node node = 0; node < states_.size(); ++node)
            if (suspects_[node] && states_[node].number == 0) walk(node);
        return std::move(circles_);
    }

private:
    struct State {
        std::uint32_t number = 0;  // When it was found; 0: not yet.
        std::uint32_t lowest = 0;  // Of the nodes on the path that it reaches.
        bool on_path = false;
    };
    struct Frame {
        Node node;
        std::uint32_t next_edge;
    };

    void walk(Node root) {
        enter(root);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            if (frame.next_edge == edges_.begins[frame.node + 1]) {
                leave(frame.node);
                continue;
            }
            const Node target = edges_.targets[frame.next_edge++];
            if (!suspects_[target]) continue;
            if (states_[target].number == 0)
                enter(target);
            else if (states_[target].on_path)
                lower(frame.node, states_[target].number);
        }
    }

    void enter(Node node) {
        states_[node] = {++found_, found_, true};
        path_.push_back(node);
        frames_.push_back({node, edges_.begins[node]});
    }

    void leave(Node node) {
        frames_.pop_back();
        if (!frames_.empty()) lower(frames_.back().node, states_[node].lowest);
        if (states_[node].lowest != states_[node].number) return;
        const auto begin = std::find(path_.rbegin(), path_.rend(), node).base() - 1;
        std::vector<Node> circle(begin, path_.end());
        path_.erase(begin, path_.end());
        for (const Node each : circle) states_[each].on_path = false;
        if (circle.size() < 2) return;
        std::ranges::sort(circle);
        circles_.push_back(std::move(circle));
    }

    void lower(Node node, std::uint32_t to) {
        states_[node].lowest = std::min(states_[node].lowest, to);
    }

    const Adjacency& edges_;
    const std::vector<bool>& suspects_;
    std::vector<State> states_;
    std::vector<Node> path_;
    std::vector<Frame> frames_;
    std::uint32_t found_ = 0;
    std::vector<std::vector<Node>> circles_;
};

std::vector<std::vector<Graph::Node>> Graph::circles(Kinds kinds) const {
    const Adjacency edges = adjacency(kinds);
    const std::vector<bool> left = suspects(edges);
    return Tarjan(edges, left).run();
}

Graph::Adjacency Graph::adjacency(Kinds kinds) const {
    Adjacency result;
    result.begins.assign(nodes_ + 1, 0);
    for (const Edge& edge : edges_)
        if ((edge.kind & kinds) != 0) ++result.begins[edge.from + 1];
    for (std::size_t node = 0; node < nodes_; ++node)
        result.begins[node + 1] += result.begins[node];
    result.targets.resize(result.begins[nodes_]);
    std::vector<std::uint32_t> next(result.begins.begin(), result.begins.end() - 1);
    for (const Edge& edge : edges_)
        if ((edge.kind & kinds) != 0) result.targets[next[edge.from]++] = edge.to;
    return result;
}

std::vector<bool> Graph::suspects(const Adjacency& edges) const {
    std::vector<std::uint32_t> incoming(nodes_, 0);
    for (const Node target : edges.targets) ++incoming[target];
    std::vector<Node> free;
    for (Node node = 0; node < nodes_; ++node)
        if (incoming[node] == 0) free.push_back(node);
    std::vector<bool> left(nodes_, true);
    while (!free.empty()) {
        const Node node = free.back();
        free.pop_back();
        left[node] = false;
        for (std::uint32_t i = edges.begins[node]; i < edges.begins[node + 1]; ++i)
            if (--incoming[edges.targets[i]] == 0) free.push_back(edges.targets[i]);
    }
    return left;
}

}  // namespace sluice::checker
