#pragma once

#include <optional>
#include <vector>

#include "sim/checker/anomaly.h"
#include "sim/checker/history.h"

namespace sluice::checker {

// Of one log: what was sent to it and polled from it, and the order of its records that follows.
class LogView {
public:
    static constexpr std::size_t nobody = SIZE_MAX;

    struct Writing {
        Value value;
        Offset offset;
        Outcome outcome;
        std::size_t by;  // The operation.
    };
    struct Reading {
        Record record;
        std::size_t by;
    };
    // A record that was seen: acknowledged with this offset, or polled.
    struct Place {
        Record record;
        std::size_t writer = nobody;
        bool read = false;
    };

    void add(const Writing& writing) { writings_.push_back(writing); }
    void add(const Reading& reading) { readings_.push_back(reading); }
    void trimmed(Offset start) { start_ = std::max(start_, start); }
    void ended(Time invoked) { ended_ = std::max(ended_.value_or(invoked), invoked); }

    // Once, after everything was added. O(N log N).
    void put_in_order();

    const std::vector<Writing>& writings() const { return writings_; }  // By value.
    const std::vector<Reading>& readings() const { return readings_; }
    const std::vector<Place>& places() const { return places_; }  // By offset, then value.
    Offset start() const { return start_; }
    // When somebody who polled all of it began to.
    std::optional<Time> ended() const { return ended_; }

    // Where a record that was seen stands among places().
    std::size_t index_of(const Record& record) const;
    // Null when nobody sent it.
    const Writing* writing_of(Value value) const;

private:
    std::vector<Writing> writings_;
    std::vector<Reading> readings_;
    std::vector<Place> places_;
    Offset start_{0};
    std::optional<Time> ended_;
};

// The views of all logs, by id, put in order. Of operations that did not end well, polls do not
// count, and sends count without an offset.
std::vector<LogView> view_logs(const History& history);

}  // namespace sluice::checker
