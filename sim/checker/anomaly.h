#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/checker/history.h"

namespace sluice::checker {

// What may be wrong with a history; in brackets the name in Jepsen's workload for Kafka.
enum class AnomalyKind {
    inconsistent_offset,         // One offset was seen with two values [inconsistent-offsets].
    duplicate,                   // One value stands at two offsets [duplicate].
    lost,                        // Acknowledged, never polled, and later ones were [lost-write].
    unseen,                      // Acknowledged, never polled, though all was [unseen].
    aborted_read,                // Polled, though its send failed [G1a].
    never_written,               // Polled, and nobody sent it.
    own_read,                    // A transaction polled what it sends itself [precommitted-read].
    internal_skip,               // Within an operation polling left records out [int-poll-skip],
    internal_nonmonotonic_poll,  // or went back [int-nonmonotonic-poll].
    external_skip,               // From one operation of a process to its next [poll-skip],
    external_nonmonotonic_poll,  // [nonmonotonic-poll].
    internal_nonmonotonic_send,  // Later sends stand before earlier ones [int-nonmonotonic-send],
    external_nonmonotonic_send,  // [nonmonotonic-send].
    write_cycle,                 // Writes precede each other in a circle [G0];
    write_cycle_process,         // with the order within processes [G0-process];
    write_cycle_real_time,       // with what ended before another began [G0-realtime].
    read_cycle,                  // Writes and reads do [G1c],
    read_cycle_process,          // [G1c-process],
    read_cycle_real_time,        // [G1c-realtime].
    commit_lost,                 // A group's offset is not what was committed last.
    two_owners,                  // A log had two owners in one generation of a group.
};

std::string_view name_of(AnomalyKind kind);

struct Anomaly {
    AnomalyKind kind;
    std::string text;
    std::vector<std::size_t> operations = {};  // By their place in the history.
};

// Collects what is found: counts everything, and describes the first few of each kind.
class Findings {
public:
    explicit Findings(std::size_t described_max) : described_max_(described_max) {}

    // `describe` makes the text, and is not called for what is only counted.
    template <class Describe>
    void add(AnomalyKind kind, std::vector<std::size_t> operations, Describe describe) {
        if (counts_[kind]++ < described_max_)
            anomalies_.push_back({kind, describe(), std::move(operations)});
    }
    const std::map<AnomalyKind, std::size_t>& counts() const { return counts_; }
    const std::vector<Anomaly>& anomalies() const { return anomalies_; }

private:
    std::size_t described_max_;
    std::map<AnomalyKind, std::size_t> counts_;
    std::vector<Anomaly> anomalies_;
};

}  // namespace sluice::checker
