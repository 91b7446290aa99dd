#include "sim/checker/log_view.h"

#include <algorithm>

#include "core/base/assert.h"

namespace sluice::checker {

void LogView::put_in_order() {
    std::ranges::stable_sort(writings_, {}, &Writing::value);
    places_.reserve(writings_.size());
    for (const Writing& writing : writings_)
        if (writing.outcome == Outcome::ok && writing.offset.value >= 0)
            places_.push_back({{writing.offset, writing.value}});
    for (const Reading& reading : readings_) places_.push_back({reading.record, nobody, true});
    // Of equal records one that was read comes first, and stays.
    std::ranges::sort(places_, [](const Place& a, const Place& b) {
        return a.record != b.record ? a.record < b.record : a.read > b.read;
    });
    places_.erase(std::unique(places_.begin(), places_.end(),
                              [](const Place& a, const Place& b) { return a.record == b.record; }),
                  places_.end());
    for (Place& place : places_)
        if (const Writing* writing = writing_of(place.record.value)) place.writer = writing->by;
}

std::size_t LogView::index_of(const Record& record) const {
    // Offsets mostly follow each other without a gap.
    const auto guess =
        static_cast<std::size_t>(record.offset.value - places_.front().record.offset.value);
    if (guess < places_.size() && places_[guess].record == record) return guess;
    const auto found = std::ranges::lower_bound(places_, record, {}, &Place::record);
    ASSERT(found != places_.end());
    ASSERT(found->record == record);
    return static_cast<std::size_t>(found - places_.begin());
}

const LogView::Writing* LogView::writing_of(Value value) const {
    const auto found = std::ranges::lower_bound(writings_, value, {}, &Writing::value);
    return found != writings_.end() && found->value == value ? &*found : nullptr;
}

namespace {

void add_step(const Step& step, const Operation& operation, std::size_t by,
              std::vector<LogView>& logs) {
    const bool ok = operation.outcome == Outcome::ok;
    if (const auto* sent = std::get_if<Sent>(&step)) {
        const Offset offset = ok ? sent->offset : Offset(-1);
        logs[sent->log.value].add(LogView::Writing{sent->value, offset, operation.outcome, by});
    } else if (const auto* trimmed = std::get_if<Trimmed>(&step)) {
        if (operation.outcome != Outcome::failed) logs[trimmed->log.value].trimmed(trimmed->start);
    } else if (!ok) {
        return;
    } else if (const auto* polled = std::get_if<Polled>(&step)) {
        for (const Record& record : polled->records)
            logs[polled->log.value].add(LogView::Reading{record, by});
    } else if (const auto* ended = std::get_if<Ended>(&step)) {
        logs[ended->log.value].ended(operation.invoked);
    }
}

}  // namespace

std::vector<LogView> view_logs(const History& history) {
    std::vector<LogView> logs(history.logs.size());
    for (std::size_t by = 0; by < history.operations.size(); ++by)
        for (const Step& step : history.operations[by].steps)
            add_step(step, history.operations[by], by, logs);
    for (LogView& log : logs) log.put_in_order();
    return logs;
}

}  // namespace sluice::checker
