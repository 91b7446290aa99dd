// The checker of histories against a twin that follows the definitions word by word, in time that
// grows with the square of the history: both must count the same in small random ones.

#include "sim/checker/checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/base/random.h"
#include "core/env/sanitizers.h"
#include "sim/checker/history_text.h"

namespace sluice::checker {
namespace {

using Counts = std::map<AnomalyKind, std::size_t>;

class Twin {
public:
    explicit Twin(const History& history) : history_(history), ops_(history.operations) {}

    Counts counts() {
        for (std::uint32_t log = 0; log < history_.logs.size(); ++log) judge_log(LogId(log));
        for (std::size_t by = 0; by < ops_.size(); ++by) judge_process(by);
        judge_cycles();
        judge_groups();
        return counts_;
    }

private:
    bool ok(std::size_t by) const { return ops_[by].outcome == Outcome::ok; }
    template <class Wanted>
    std::vector<std::pair<Wanted, std::size_t>> all() const {
        std::vector<std::pair<Wanted, std::size_t>> found;
        for (std::size_t by = 0; by < ops_.size(); ++by)
            for (const Step& step : ops_[by].steps)
                if (const auto* wanted = std::get_if<Wanted>(&step)) found.push_back({*wanted, by});
        return found;
    }

    std::set<Record> read(LogId log) const {
        std::set<Record> records;
        for (const auto& [polled, by] : all<Polled>())
            if (ok(by) && polled.log == log)
                records.insert(polled.records.begin(), polled.records.end());
        return records;
    }
    std::set<Record> seen(LogId log) const {
        std::set<Record> records = read(log);
        for (const auto& [sent, by] : all<Sent>())
            if (ok(by) && sent.log == log && sent.offset.value >= 0)
                records.insert({sent.offset, sent.value});
        return records;
    }
    std::ptrdiff_t index(LogId log, const Record& record) const {
        return std::ranges::count_if(seen(log), [&](const Record& r) { return r < record; });
    }
    std::optional<std::size_t> writer(LogId log, Value value) const {
        for (const auto& [sent, by] : all<Sent>())
            if (sent.log == log && sent.value == value) return by;
        return std::nullopt;
    }
    Offset start(LogId log) const {
        Offset start{0};
        for (const auto& [trimmed, by] : all<Trimmed>())
            if (ops_[by].outcome != Outcome::failed && trimmed.log == log)
                start = std::max(start, trimmed.start);
        return start;
    }

    void judge_log(LogId log) {
        const std::set<Record> places = seen(log);
        const std::set<Record> polled = read(log);
        std::map<Offset, std::size_t> at;
        std::map<Value, std::size_t> of;
        for (const Record& record : places) {
            count(AnomalyKind::inconsistent_offset, at[record.offset]++ > 0);
            count(AnomalyKind::duplicate, of[record.value]++ > 0);
        }
        for (const auto& [poll, by] : all<Polled>())
            for (const Record& record : poll.records) {
                if (!ok(by) || poll.log != log) continue;
                const auto from = writer(log, record.value);
                count(AnomalyKind::never_written, !from);
                count(AnomalyKind::aborted_read, from && ops_[*from].outcome == Outcome::failed);
                count(AnomalyKind::own_read, from && *from == by);
            }
        for (const Record& record : places) {
            if (polled.contains(record) || record.offset < start(log)) continue;
            const bool later = std::ranges::any_of(polled, [&](auto& r) { return record < r; });
            count(AnomalyKind::lost, later);
            const std::size_t sent_by = *writer(log, record.value);
            count(AnomalyKind::unseen,
                  !later && std::ranges::any_of(all<Ended>(), [&](const auto& end) {
                      return ok(end.second) && end.first.log == log &&
                             ops_[end.second].invoked >= ops_[sent_by].completed;
                  }));
        }
    }

    // The last record that its process polled from the log before, and where that was.
    std::optional<std::pair<Record, std::size_t>> polled_before(std::size_t by, std::size_t step,
                                                                std::size_t record) const {
        const auto& polled = std::get<Polled>(ops_[by].steps[step]);
        if (record > 0) return std::pair(polled.records[record - 1], by);
        for (std::size_t o = by + 1; o-- > 0;) {
            if (ops_[o].process != ops_[by].process) continue;
            for (std::size_t s = o == by ? step : ops_[o].steps.size(); s-- > 0;) {
                const auto* placed = std::get_if<Placed>(&ops_[o].steps[s]);
                if (placed && placed->log == polled.log) return std::nullopt;
                const auto* before = std::get_if<Polled>(&ops_[o].steps[s]);
                if (!before || before->log != polled.log) continue;
                if (!ok(o)) return std::nullopt;
                if (!before->records.empty()) return std::pair(before->records.back(), o);
            }
        }
        return std::nullopt;
    }
    std::optional<std::pair<Offset, std::size_t>> sent_before(std::size_t by,
                                                              std::size_t step) const {
        const LogId log = std::get<Sent>(ops_[by].steps[step]).log;
        for (std::size_t o = by + 1; o-- > 0;) {
            if (ops_[o].process != ops_[by].process || !ok(o)) continue;
            for (std::size_t s = o == by ? step : ops_[o].steps.size(); s-- > 0;) {
                const auto* sent = std::get_if<Sent>(&ops_[o].steps[s]);
                if (sent && sent->log == log && sent->offset.value >= 0)
                    return std::pair(sent->offset, o);
            }
        }
        return std::nullopt;
    }

    void judge_process(std::size_t by) {
        if (!ok(by)) return;
        for (std::size_t step = 0; step < ops_[by].steps.size(); ++step) {
            if (const auto* polled = std::get_if<Polled>(&ops_[by].steps[step]))
                for (std::size_t i = 0; i < polled->records.size(); ++i)
                    judge_poll(by, step, i, polled->log);
            const auto* sent = std::get_if<Sent>(&ops_[by].steps[step]);
            if (!sent || sent->offset.value < 0) continue;
            if (const auto before = sent_before(by, step); before && sent->offset < before->first)
                count(before->second == by ? AnomalyKind::internal_nonmonotonic_send
                                           : AnomalyKind::external_nonmonotonic_send);
        }
    }

    void judge_poll(std::size_t by, std::size_t step, std::size_t record, LogId log) {
        const auto before = polled_before(by, step, record);
        if (!before) return;
        const Record now = std::get<Polled>(ops_[by].steps[step]).records[record];
        const bool internal = before->second == by;
        if (now <= before->first)
            return count(internal ? AnomalyKind::internal_nonmonotonic_poll
                                  : AnomalyKind::external_nonmonotonic_poll);
        count(internal ? AnomalyKind::internal_skip : AnomalyKind::external_skip,
              std::ranges::any_of(seen(log), [&](const Record& r) {
                  return before->first < r && r < now && r.offset >= start(log);
              }));
    }

    bool counts_as_writer(std::optional<std::size_t> by) const {
        return by && ops_[*by].outcome != Outcome::failed;
    }
    // Whether one operation directly precedes another.
    bool write_write(std::size_t a, std::size_t b) const {
        for (std::uint32_t log = 0; log < history_.logs.size(); ++log) {
            std::optional<std::size_t> last;
            for (const Record& record : seen(LogId(log))) {
                const auto by = writer(LogId(log), record.value);
                if (!counts_as_writer(by)) continue;
                if (last == a && *by == b) return true;
                last = by;
            }
        }
        return false;
    }
    bool write_read(std::size_t a, std::size_t b) const {
        return std::ranges::any_of(all<Polled>(), [&](const auto& poll) {
            return poll.second == b && ok(b) &&
                   std::ranges::any_of(poll.first.records, [&](const Record& record) {
                       const auto by = writer(poll.first.log, record.value);
                       return counts_as_writer(by) && *by == a;
                   });
        });
    }
    bool process_order(std::size_t a, std::size_t b) const {
        return a < b && ok(a) && ok(b) && ops_[a].process == ops_[b].process;
    }
    bool real_time(std::size_t a, std::size_t b) const {
        return ok(a) && ops_[a].completed < ops_[b].invoked;
    }

    using Matrix = std::vector<std::vector<bool>>;
    static void close(Matrix& reaches) {
        for (std::size_t k = 0; k < reaches.size(); ++k)
            for (std::size_t i = 0; i < reaches.size(); ++i)
                for (std::size_t j = 0; reaches[i][k] && j < reaches.size(); ++j)
                    if (reaches[k][j]) reaches[i][j] = true;
    }

    void judge_cycles() {
        std::set<std::size_t> told;
        const auto look = [&](AnomalyKind kind, bool reads, bool process, bool time) {
            Matrix reaches(ops_.size(), std::vector<bool>(ops_.size()));
            for (std::size_t a = 0; a < ops_.size(); ++a)
                for (std::size_t b = 0; b < ops_.size(); ++b)
                    reaches[a][b] =
                        a != b && (write_write(a, b) || (reads && write_read(a, b)) ||
                                   (process && process_order(a, b)) || (time && real_time(a, b)));
            close(reaches);
            std::set<std::size_t> done;
            for (std::size_t a = 0; a < ops_.size(); ++a) {
                if (done.contains(a)) continue;
                std::set<std::size_t> circle;
                for (std::size_t b = 0; b < ops_.size(); ++b)
                    if (reaches[a][b] && reaches[b][a]) circle.insert(b);
                if (circle.empty()) continue;
                done.insert(circle.begin(), circle.end());
                if (std::ranges::any_of(circle, [&](auto by) { return told.contains(by); }))
                    continue;
                told.insert(circle.begin(), circle.end());
                count(kind);
            }
        };
        look(AnomalyKind::write_cycle, false, false, false);
        look(AnomalyKind::read_cycle, true, false, false);
        look(AnomalyKind::write_cycle_process, false, true, false);
        look(AnomalyKind::read_cycle_process, true, true, false);
        look(AnomalyKind::write_cycle_real_time, false, true, true);
        look(AnomalyKind::read_cycle_real_time, true, true, true);
    }

    void judge_groups() {
        for (const auto& [found, by] : all<Found>())
            count(AnomalyKind::commit_lost, ok(by) && !may_be_found(found, ops_[by]));
        std::map<std::tuple<GroupId, GenerationId, LogId>, ProcessId> owners;
        for (const auto& [owned, by] : all<Owned>())
            for (const LogId log : owned.logs) {
                if (!ok(by)) continue;
                const auto [owner, first] =
                    owners.try_emplace({owned.group, owned.generation, log}, ops_[by].process);
                count(AnomalyKind::two_owners, !first && owner->second != ops_[by].process);
            }
    }
    // Whether some commit of this offset, or of none, may stand when it is asked for: one that did
    // not end before another one began that ended before the question.
    bool may_be_found(const Found& found, const Operation& question) const {
        const auto of_this_log = [&](const Committed& commit) {
            return commit.group == found.group && commit.log == found.log;
        };
        const auto replaced = [&](Time completed) {
            return std::ranges::any_of(all<Committed>(), [&](const auto& other) {
                const Operation& by = ops_[other.second];
                return of_this_log(other.first) && by.outcome == Outcome::ok &&
                       by.completed < question.invoked && completed < by.invoked;
            });
        };
        if (found.offset.value < 0) return !replaced(Time{Duration::min()});
        return std::ranges::any_of(all<Committed>(), [&](const auto& commit) {
            const Operation& by = ops_[commit.second];
            if (!of_this_log(commit.first) || commit.first.offset != found.offset) return false;
            if (by.outcome == Outcome::failed || by.invoked > question.completed) return false;
            return !replaced(by.outcome == Outcome::ok ? by.completed : never);
        });
    }

    void count(AnomalyKind kind, bool wrong = true) {
        if (wrong) ++counts_[kind];
    }

    const History& history_;
    const std::vector<Operation>& ops_;
    Counts counts_;
};

// Two logs, three processes, few offsets: nearly everything that may be wrong is, sometimes.
class Draw {
public:
    explicit Draw(std::uint64_t seed) : random_(seed) {}

    History history() {
        History result{{}, {"a", "b"}, {"g"}};
        const int count = below(9);
        for (int i = 0; i < count; ++i) result.operations.push_back(operation());
        return result;
    }

private:
    int below(int limit) {
        return static_cast<int>(random_.below(static_cast<std::uint64_t>(limit)));
    }
    LogId log() { return LogId(static_cast<std::uint32_t>(below(2))); }

    Operation operation() {
        Operation drawn;
        drawn.process = ProcessId(static_cast<std::uint32_t>(below(3)));
        drawn.outcome = below(6) > 1   ? Outcome::ok
                        : below(2) > 0 ? Outcome::failed
                                       : Outcome::unknown;
        drawn.invoked = {Duration(below(30))};
        if (drawn.outcome != Outcome::unknown)
            drawn.completed = drawn.invoked + Duration(below(12));
        const int steps = 1 + below(3);
        for (int i = 0; i < steps; ++i) drawn.steps.push_back(step());
        return drawn;
    }

    Step step() {
        switch (below(16)) {
            case 0:
                return Placed{log()};
            case 1:
                return Ended{log()};
            case 2:
                return Trimmed{log(), Offset(below(4))};
            case 3:
            case 4:
                return Committed{GroupId(0), log(), Offset(below(3))};
            case 5:
            case 6:
                return Found{GroupId(0), log(), Offset(below(4) - 1)};
            case 7:
                return Owned{GroupId(0), GenerationId(below(2)), {log()}};
            case 8:
            case 9:
            case 10:
            case 11:
                return Sent{log(), Value(next_value_++), Offset(below(6) - 1)};
            default:
                return polled();
        }
    }

    Polled polled() {
        Polled drawn{log(), {}};
        Offset at{below(4)};
        const int records = below(4);
        for (int i = 0; i < records; ++i) {
            drawn.records.push_back({at, Value(static_cast<std::uint64_t>(below(8)))});
            at = below(5) > 0 ? at.next() : Offset(below(6));
        }
        return drawn;
    }

    Random random_;
    std::uint64_t next_value_ = 0;
};

constexpr std::uint64_t seeds = env::allocations_are_watched ? 1000 : 5000;

TEST(Checker, FindsWhatItsTwinFinds) {
    std::set<AnomalyKind> found;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const History history = Draw(seed).history();
        const Counts twins = Twin(history).counts();
        ASSERT_EQ(check(history).counts(), twins) << "seed " << seed << "\n" << to_text(history);
        for (const auto& [kind, count] : twins) found.insert(kind);
    }
    // Every kind there is: a twin that finds nothing would agree as well.
    EXPECT_EQ(found.size(), static_cast<std::size_t>(AnomalyKind::two_owners) + 1);
}

TEST(HistoryText, IsReadAsItWasWritten) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const std::string text = to_text(Draw(seed).history());
        const auto parsed = parse_history(text);
        ASSERT_FALSE(parsed.failed()) << "seed " << seed << "\n" << text;
        ASSERT_EQ(to_text(*parsed), text) << "seed " << seed;
    }
}

}  // namespace
}  // namespace sluice::checker
