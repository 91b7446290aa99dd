#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/assert.h"
#include "sim/checker/graph.h"
#include "sim/checker/judges.h"

namespace sluice::checker {

namespace {

constexpr Graph::Kinds write_write = 1;
constexpr Graph::Kinds write_read = 2;
constexpr Graph::Kinds process_order = 4;
constexpr Graph::Kinds real_time = 8;

// What is wrong where there is a circle of edges of these kinds, the gravest first: a circle counts
// as the gravest thing it is.
struct Circle {
    AnomalyKind kind;
    Graph::Kinds edges;
};
constexpr Circle circles[] = {
    {AnomalyKind::write_cycle, write_write},
    {AnomalyKind::read_cycle, write_write | write_read},
    {AnomalyKind::write_cycle_process, write_write | process_order},
    {AnomalyKind::read_cycle_process, write_write | write_read | process_order},
    {AnomalyKind::write_cycle_real_time, write_write | process_order | real_time},
    {AnomalyKind::read_cycle_real_time, write_write | write_read | process_order | real_time},
};

// Nodes are the operations, and behind them one for each moment at which operations ended: from an
// operation to the moment of its end, on to the next moment, and from the last moment before an
// operation began to that operation. So there are as many edges as operations.
class PrecedenceGraph {
public:
    PrecedenceGraph(const History& history, const std::vector<LogView>& logs)
        : history_(history), ends_(moments_of(history)), graph_(operations() + ends_.size()) {
        for (const LogView& log : logs) add_log(log);
        add_processes();
        add_real_time();
    }

    const Graph& graph() const { return graph_; }
    std::size_t operations() const { return history_.operations.size(); }

private:
    static std::vector<Time> moments_of(const History& history) {
        std::vector<Time> ends;
        for (const Operation& operation : history.operations)
            if (operation.outcome == Outcome::ok) ends.push_back(operation.completed);
        std::ranges::sort(ends);
        ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
        return ends;
    }

    // Who wrote a record precedes who wrote the next, and who polled it.
    void add_log(const LogView& log) {
        std::size_t last = LogView::nobody;
        for (const LogView::Place& place : log.places()) {
            if (!counts(place.writer)) continue;
            if (last != LogView::nobody) add(last, place.writer, write_write);
            last = place.writer;
        }
        for (const LogView::Reading& reading : log.readings()) {
            const std::size_t writer = log.places()[log.index_of(reading.record)].writer;
            if (counts(writer)) add(writer, reading.by, write_read);
        }
    }

    void add_processes() {
        std::map<ProcessId, std::size_t> last;
        for (std::size_t by = 0; by < operations(); ++by) {
            const Operation& operation = history_.operations[by];
            if (operation.outcome != Outcome::ok) continue;
            const auto [before, first] = last.try_emplace(operation.process, by);
            if (!first) add(std::exchange(before->second, by), by, process_order);
        }
    }

    void add_real_time() {
        for (std::size_t i = 1; i < ends_.size(); ++i) add(moment(i - 1), moment(i), real_time);
        for (std::size_t by = 0; by < operations(); ++by) {
            const Operation& operation = history_.operations[by];
            if (operation.outcome == Outcome::ok) {
                const auto end = std::ranges::lower_bound(ends_, operation.completed);
                add(by, moment(static_cast<std::size_t>(end - ends_.begin())), real_time);
            }
            const auto later = std::ranges::lower_bound(ends_, operation.invoked);
            if (later != ends_.begin())
                add(moment(static_cast<std::size_t>(later - ends_.begin()) - 1), by, real_time);
        }
    }

    bool counts(std::size_t writer) const {
        return writer != LogView::nobody && history_.operations[writer].outcome != Outcome::failed;
    }
    std::size_t moment(std::size_t index) const { return operations() + index; }
    void add(std::size_t from, std::size_t to, Graph::Kinds kind) {
        graph_.add(static_cast<Graph::Node>(from), static_cast<Graph::Node>(to), kind);
    }

    const History& history_;
    const std::vector<Time> ends_;
    Graph graph_;
};

}  // namespace

void judge_cycles(const History& history, const std::vector<LogView>& logs, Findings& findings) {
    const PrecedenceGraph precedence(history, logs);
    // Nearly always there is none at all.
    if (precedence.graph().circles(~Graph::Kinds{0}).empty()) return;
    std::vector<bool> told(precedence.operations(), false);
    for (const auto& [kind, edges] : circles)
        for (const std::vector<Graph::Node>& nodes : precedence.graph().circles(edges)) {
            std::vector<std::size_t> members;
            for (const Graph::Node node : nodes)
                if (node < precedence.operations()) members.push_back(node);
            if (std::ranges::any_of(members, [&](std::size_t by) { return told[by]; })) continue;
            for (const std::size_t by : members) told[by] = true;
            findings.add(kind, members, [&] {
                return fmt::format("{} operations precede each other in a circle", members.size());
            });
        }
}

}  // namespace sluice::checker
