#include <fmt/format.h>

#include <map>
#include <optional>

#include "sim/checker/judges.h"

namespace sluice::checker {

namespace {

// How far a process has come in a log.
struct Position {
    std::optional<std::size_t> polled = {};  // The last place,
    std::size_t polled_by = 0;               // and the operation.
    Offset sent{-1};
    std::size_t sent_by = 0;
};

class ProcessJudge {
public:
    ProcessJudge(const History& history, const std::vector<LogView>& logs, Findings& findings)
        : history_(history), logs_(logs), findings_(findings) {}

    void judge(std::size_t by) {
        const Operation& operation = history_.operations[by];
        for (const Step& step : operation.steps) {
            if (operation.outcome == Outcome::ok) {
                if (const auto* polled = std::get_if<Polled>(&step)) follow(*polled, by);
                if (const auto* sent = std::get_if<Sent>(&step)) follow(*sent, by);
            } else if (const auto* polled = std::get_if<Polled>(&step)) {
                // Whether it moved on nobody knows.
                position(polled->log, by).polled.reset();
            }
            if (const auto* placed = std::get_if<Placed>(&step))
                position(placed->log, by).polled.reset();
        }
    }

private:
    void follow(const Polled& polled, std::size_t by) {
        Position& at = position(polled.log, by);
        const LogView& log = logs_[polled.log.value];
        for (const Record& record : polled.records) {
            const std::size_t place = log.index_of(record);
            if (at.polled && place <= *at.polled)
                found(at.polled_by == by ? AnomalyKind::internal_nonmonotonic_poll
                                         : AnomalyKind::external_nonmonotonic_poll,
                      polled.log, at, place, by);
            else if (at.polled && skips(log, *at.polled, place))
                found(at.polled_by == by ? AnomalyKind::internal_skip : AnomalyKind::external_skip,
                      polled.log, at, place, by);
            at.polled = place;
            at.polled_by = by;
        }
    }

    void follow(const Sent& sent, std::size_t by) {
        if (sent.offset.value < 0) return;
        Position& at = position(sent.log, by);
        if (sent.offset < at.sent)
            findings_.add(at.sent_by == by ? AnomalyKind::internal_nonmonotonic_send
                                           : AnomalyKind::external_nonmonotonic_send,
                          {at.sent_by, by}, [&] {
                              return fmt::format("{}: process {} sent to {} and then to {}",
                                                 history_.logs[sent.log.value], process(by),
                                                 at.sent.value, sent.offset.value);
                          });
        at.sent = sent.offset;
        at.sent_by = by;
    }

    // Whether records stand between the two that were not deleted on purpose.
    static bool skips(const LogView& log, std::size_t from, std::size_t to) {
        return to > from + 1 && log.places()[to - 1].record.offset >= log.start();
    }

    void found(AnomalyKind kind, LogId log, const Position& at, std::size_t place, std::size_t by) {
        const auto offset = [&](std::size_t i) {
            return logs_[log.value].places()[i].record.offset.value;
        };
        findings_.add(kind, {at.polled_by, by}, [&] {
            return fmt::format("{}: process {} polled {} and then {}", history_.logs[log.value],
                               process(by), offset(*at.polled), offset(place));
        });
    }

    std::uint32_t process(std::size_t by) const { return history_.operations[by].process.value; }
    Position& position(LogId log, std::size_t by) {
        return positions_[{history_.operations[by].process, log}];
    }

    const History& history_;
    const std::vector<LogView>& logs_;
    Findings& findings_;
    std::map<std::pair<ProcessId, LogId>, Position> positions_;
};

}  // namespace

void judge_processes(const History& history, const std::vector<LogView>& logs, Findings& findings) {
    ProcessJudge judge(history, logs, findings);
    for (std::size_t by = 0; by < history.operations.size(); ++by) judge.judge(by);
}

}  // namespace sluice::checker
