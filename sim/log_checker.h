#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/history.h"

namespace sluice::sim {

enum class AnomalyKind {
    lost,             // Acknowledged, and not there at the end.
    read_then_lost,   // Somebody read it, and it is not there at the end.
    moved,            // Acknowledged with one offset, and stands at another.
    inconsistent,     // One offset was seen with two values.
    never_written,    // Nobody sent this, or it was refused.
    duplicate,        // Stands twice, though the producer is idempotent.
    reordered,        // Of one producer, the later value stands first.
    real_time_order,  // Sent after another was acknowledged, and stands before it.
    gap,              // A read skipped an offset, went back, or began elsewhere than asked.
    unseen,           // Acknowledged before a read that should have found it and found nothing.
};

std::string_view name_of(AnomalyKind kind);

struct Anomaly {
    AnomalyKind kind = AnomalyKind::lost;
    std::uint32_t log = 0;
    std::string text;
};

// Judges the history of append-only logs. The final read of a log says what it holds; everything
// else is held against that.
class LogChecker {
public:
    struct Options {
        bool idempotent = true;  // Retries must not write twice.
        bool ordered = true;     // Producers are idempotent, or have one send under way at a time.
        // Logs that reported damage: for a single copy only that is owed. What they still show must
        // be right, but records may be missing.
        std::set<std::uint32_t> damaged = {};
        // Kinds found are reported once a log, so that a broken run stays readable.
        std::size_t anomalies_max = 20;
    };

    explicit LogChecker(Options options) : options_(std::move(options)) {}

    // O(N log N) in sends and records read.
    std::vector<Anomaly> check(const History& history) const;

private:
    class LogJudge;

    const Options options_;
};

}  // namespace sluice::sim
