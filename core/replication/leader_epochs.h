#pragma once

#include <optional>
#include <vector>

#include "core/base/strong.h"

namespace sluice::replication {

// Which leader epoch wrote which offsets of one log: (epoch, first offset) pairs, both strictly
// increasing. Followers and consumers find out from it where their log parted from the leader's.
//
// A rule: the log that owns it changes it when an append, a truncation or a deletion is ordered,
// and keeps it on disk.
class LeaderEpochs {
public:
    struct Entry {
        LeaderEpoch epoch;
        Offset start;

        friend auto operator<=>(const Entry&, const Entry&) = default;
    };
    // The offset behind the last record of the greatest epoch not above the one asked for.
    struct End {
        LeaderEpoch epoch;
        Offset offset;

        friend auto operator<=>(const End&, const End&) = default;
    };

    LeaderEpochs() = default;
    // Entries that are not increasing are dropped as assign() would drop them.
    explicit LeaderEpochs(const std::vector<Entry>& entries);

    // Records from `start` on are of `epoch`. Entries that contradict it were never committed and
    // go. True when something changed.
    bool assign(LeaderEpoch epoch, Offset start);
    // The log now ends at `end`: forgets epochs that begin there or behind.
    bool truncate_from_end(Offset end);
    // The log now begins at `start`: forgets epochs that ended before, and moves the one that holds
    // `start`.
    bool truncate_from_start(Offset start);
    void clear() { entries_.clear(); }

    std::optional<Entry> latest() const;
    // The epoch that wrote `offset`, an offset before the log's end.
    std::optional<LeaderEpoch> epoch_of(Offset offset) const;
    // Where `epoch` ends in a log that ends at `log_end`; nothing for an epoch we have not heard of
    // yet: only its leader knows.
    std::optional<End> end_offset_for(LeaderEpoch epoch, Offset log_end) const;

    const std::vector<Entry>& entries() const { return entries_; }
    friend bool operator==(const LeaderEpochs&, const LeaderEpochs&) = default;

private:
    std::vector<Entry> entries_;
};

}  // namespace sluice::replication
