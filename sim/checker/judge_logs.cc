#include <fmt/format.h>

#include <algorithm>

#include "sim/checker/judges.h"

namespace sluice::checker {

namespace {

class LogJudge {
public:
    LogJudge(const History& history, const LogView& log, const std::string& name,
             Findings& findings)
        : history_(history), log_(log), name_(name), findings_(findings) {}

    void judge() {
        judge_places();
        judge_values();
        judge_readings();
        judge_acknowledged();
    }

private:
    // One value an offset.
    void judge_places() {
        const auto& places = log_.places();
        for (std::size_t i = 1; i < places.size(); ++i)
            if (places[i].record.offset == places[i - 1].record.offset)
                findings_.add(AnomalyKind::inconsistent_offset, writers(i - 1, i), [&] {
                    return fmt::format(
                        "{}: offset {} holds {} and {}", name_, places[i].record.offset.value,
                        places[i - 1].record.value.value, places[i].record.value.value);
                });
    }

    // One offset a value.
    void judge_values() {
        std::vector<std::size_t> by_value(log_.places().size());
        for (std::size_t i = 0; i < by_value.size(); ++i) by_value[i] = i;
        const auto value = [&](std::size_t i) { return log_.places()[i].record.value; };
        if (!std::ranges::is_sorted(by_value, {}, value))
            std::ranges::stable_sort(by_value, {}, value);
        for (std::size_t i = 1; i < by_value.size(); ++i)
            if (value(by_value[i]) == value(by_value[i - 1]))
                findings_.add(AnomalyKind::duplicate, writers(by_value[i - 1], by_value[i]), [&] {
                    return fmt::format("{}: {} stands at {} and {}", name_,
                                       value(by_value[i]).value, offset(by_value[i - 1]),
                                       offset(by_value[i]));
                });
    }

    // What is polled was sent, by somebody else's operation, and did not fail.
    void judge_readings() {
        for (const LogView::Reading& reading : log_.readings()) {
            const auto& place = log_.places()[log_.index_of(reading.record)];
            const auto describe = [&](std::string_view what) {
                return [&, what] {
                    return fmt::format("{}: {} was polled at {}, {}", name_,
                                       reading.record.value.value, reading.record.offset.value,
                                       what);
                };
            };
            if (place.writer == LogView::nobody)
                findings_.add(AnomalyKind::never_written, {reading.by},
                              describe("and nobody sent it"));
            else if (history_.operations[place.writer].outcome == Outcome::failed)
                findings_.add(AnomalyKind::aborted_read, {place.writer, reading.by},
                              describe("though its send failed"));
            else if (place.writer == reading.by)
                findings_.add(AnomalyKind::own_read, {reading.by},
                              describe("by the operation that sends it"));
        }
    }

    // What was acknowledged is polled by somebody, once later records or the end were.
    void judge_acknowledged() {
        const auto& places = log_.places();
        std::size_t read_end = places.size();
        while (read_end > 0 && !places[read_end - 1].read) --read_end;
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (places[i].read || places[i].record.offset < log_.start()) continue;
            const std::size_t writer = places[i].writer;
            const bool overtaken = i < read_end;
            if (!overtaken && !was_to_be_seen(writer)) continue;
            findings_.add(overtaken ? AnomalyKind::lost : AnomalyKind::unseen, {writer}, [&] {
                return fmt::format("{}: {} was acknowledged at {} and never polled, though {} was",
                                   name_, places[i].record.value.value, offset(i),
                                   overtaken ? std::to_string(offset(read_end - 1))
                                             : std::string("all of the log"));
            });
        }
    }

    bool was_to_be_seen(std::size_t writer) const {
        return log_.ended() && history_.operations[writer].completed <= *log_.ended();
    }

    std::int64_t offset(std::size_t place) const {
        return log_.places()[place].record.offset.value;
    }
    std::vector<std::size_t> writers(std::size_t a, std::size_t b) const {
        std::vector<std::size_t> by;
        for (const std::size_t place : {a, b})
            if (log_.places()[place].writer != LogView::nobody)
                by.push_back(log_.places()[place].writer);
        return by;
    }

    const History& history_;
    const LogView& log_;
    const std::string& name_;
    Findings& findings_;
};

}  // namespace

void judge_logs(const History& history, const std::vector<LogView>& logs, Findings& findings) {
    for (std::size_t id = 0; id < logs.size(); ++id)
        LogJudge(history, logs[id], history.logs[id], findings).judge();
}

}  // namespace sluice::checker
