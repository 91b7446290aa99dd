#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "sim/checker/judges.h"

namespace sluice::checker {

namespace {

// What one group committed in one log, to tell what it may have been at a time.
class Commits {
public:
    void add(Offset offset, const Operation& operation) {
        const bool ok = operation.outcome == Outcome::ok;
        by_offset_[offset].push_back({ok ? operation.completed : never, operation.invoked});
        if (ok) acknowledged_.push_back({operation.completed, operation.invoked});
    }

    void put_in_order() {
        std::ranges::sort(acknowledged_, {}, &Span::completed);
        for (std::size_t i = 1; i < acknowledged_.size(); ++i)
            acknowledged_[i].invoked =
                std::max(acknowledged_[i].invoked, acknowledged_[i - 1].invoked);
        for (auto& [offset, spans] : by_offset_) {
            std::ranges::sort(spans, {}, &Span::completed);
            for (std::size_t i = spans.size(); i-- > 1;)
                spans[i - 1].invoked = std::min(spans[i - 1].invoked, spans[i].invoked);
        }
    }

    // Whether who asked in this time may find this offset, or none at all (-1).
    bool may_be(Offset found, const Operation& by) const {
        const std::optional<Time> replaced = replaced_before(by.invoked);
        if (found.value < 0) return !replaced;
        const auto spans = by_offset_.find(found);
        if (spans == by_offset_.end()) return false;
        const auto standing = std::ranges::lower_bound(
            spans->second, replaced.value_or(Time{Duration::min()}), {}, &Span::completed);
        return standing != spans->second.end() && standing->invoked <= by.completed;
    }

private:
    struct Span {
        Time completed;
        Time invoked;
    };

    // What was over by then has been replaced; nothing when nothing was acknowledged before `time`.
    std::optional<Time> replaced_before(Time time) const {
        const auto later = std::ranges::lower_bound(acknowledged_, time, {}, &Span::completed);
        if (later == acknowledged_.begin()) return std::nullopt;
        return std::prev(later)->invoked;
    }

    // By the time of their end: with the latest beginning up to there,
    std::vector<Span> acknowledged_;
    // and the earliest from there on. Who was not told may still be under way.
    std::map<Offset, std::vector<Span>> by_offset_;
};

class GroupJudge {
public:
    GroupJudge(const History& history, Findings& findings)
        : history_(history), findings_(findings) {}

    void judge() {
        each_step<Committed>([&](const Committed& commit, std::size_t by) {
            if (history_.operations[by].outcome != Outcome::failed)
                commits_[{commit.group, commit.log}].add(commit.offset, history_.operations[by]);
        });
        for (auto& [where, commits] : commits_) commits.put_in_order();
        each_step<Found>([&](const Found& found, std::size_t by) { judge_found(found, by); });
        each_step<Owned>([&](const Owned& owned, std::size_t by) { judge_owned(owned, by); });
    }

private:
    template <class Wanted, class Visit>
    void each_step(Visit visit) {
        for (std::size_t by = 0; by < history_.operations.size(); ++by)
            for (const Step& step : history_.operations[by].steps)
                if (const auto* wanted = std::get_if<Wanted>(&step)) visit(*wanted, by);
    }

    void judge_found(const Found& found, std::size_t by) {
        const Operation& operation = history_.operations[by];
        if (operation.outcome != Outcome::ok) return;
        if (commits_[{found.group, found.log}].may_be(found.offset, operation)) return;
        findings_.add(AnomalyKind::commit_lost, {by}, [&] {
            return fmt::format("{} of {}: {} is not what was committed last",
                               history_.logs[found.log.value], history_.groups[found.group.value],
                               found.offset.value);
        });
    }

    void judge_owned(const Owned& owned, std::size_t by) {
        const Operation& operation = history_.operations[by];
        if (operation.outcome != Outcome::ok) return;
        for (const LogId log : owned.logs) {
            const auto owner =
                owners_.try_emplace({owned.group, owned.generation, log}, by).first->second;
            if (history_.operations[owner].process == operation.process) continue;
            findings_.add(AnomalyKind::two_owners, {owner, by}, [&] {
                return fmt::format("{} of {} has two owners in generation {}: processes {} and {}",
                                   history_.logs[log.value], history_.groups[owned.group.value],
                                   owned.generation.value, history_.operations[owner].process.value,
                                   operation.process.value);
            });
        }
    }

    const History& history_;
    Findings& findings_;
    std::map<std::pair<GroupId, LogId>, Commits> commits_;
    std::map<std::tuple<GroupId, GenerationId, LogId>, std::size_t> owners_;
};

}  // namespace

void judge_groups(const History& history, Findings& findings) {
    GroupJudge(history, findings).judge();
}

}  // namespace sluice::checker
