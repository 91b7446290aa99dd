#pragma once

#include <map>
#include <string>

#include "sim/checker/history.h"

namespace sluice::jepsen {

// Keeps what the clients of one process do, in the order in which they begin to.
class Recorder {
public:
    checker::LogId log(const std::string& name) { return id<checker::LogId>(name, history_.logs); }
    checker::GroupId group(const std::string& name) {
        return id<checker::GroupId>(name, history_.groups);
    }

    // Until end() its outcome is unknown.
    std::size_t begin(checker::ProcessId process, Time now, std::vector<checker::Step> steps = {}) {
        history_.operations.push_back(
            {process, checker::Outcome::unknown, now, never, std::move(steps)});
        return history_.operations.size() - 1;
    }
    void end(std::size_t operation, checker::Outcome outcome, Time now) {
        history_.operations[operation].outcome = outcome;
        history_.operations[operation].completed = now;
    }
    // For what is known at once.
    void note(checker::ProcessId process, Time now, std::vector<checker::Step> steps) {
        end(begin(process, now, std::move(steps)), checker::Outcome::ok, now);
    }
    std::vector<checker::Step>& steps(std::size_t operation) {
        return history_.operations[operation].steps;
    }
    const checker::History& history() const { return history_; }

private:
    template <class Id>
    Id id(const std::string& name, std::vector<std::string>& names) {
        const auto [known, first] =
            ids_.try_emplace({&names, name}, static_cast<std::uint32_t>(names.size()));
        if (first) names.push_back(name);
        return Id(known->second);
    }

    checker::History history_;
    std::map<std::pair<const void*, std::string>, std::uint32_t> ids_;
};

}  // namespace sluice::jepsen
