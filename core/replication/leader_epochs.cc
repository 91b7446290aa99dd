#include "core/replication/leader_epochs.h"

#include <algorithm>

#include "core/base/assert.h"

namespace sluice::replication {

LeaderEpochs::LeaderEpochs(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) assign(entry.epoch, entry.start);
}

bool LeaderEpochs::assign(LeaderEpoch epoch, Offset start) {
    if (epoch < LeaderEpoch(0) || start < Offset(0)) return false;
    if (!entries_.empty() && entries_.back().epoch == epoch && entries_.back().start <= start)
        return false;
    while (!entries_.empty() && (entries_.back().epoch >= epoch || entries_.back().start >= start))
        entries_.pop_back();
    entries_.push_back({epoch, start});
    return true;
}

bool LeaderEpochs::truncate_from_end(Offset end) {
    const std::size_t before = entries_.size();
    while (!entries_.empty() && entries_.back().start >= end) entries_.pop_back();
    return entries_.size() != before;
}

bool LeaderEpochs::truncate_from_start(Offset start) {
    const auto behind = std::ranges::upper_bound(entries_, start, {}, &Entry::start);
    if (behind == entries_.begin()) return false;
    const auto holder = behind - 1;
    if (holder == entries_.begin() && holder->start == start) return false;
    holder->start = start;
    entries_.erase(entries_.begin(), holder);
    return true;
}

std::optional<LeaderEpochs::Entry> LeaderEpochs::latest() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.back();
}

std::optional<LeaderEpoch> LeaderEpochs::epoch_of(Offset offset) const {
    const auto behind = std::ranges::upper_bound(entries_, offset, {}, &Entry::start);
    if (behind == entries_.begin()) return std::nullopt;
    return (behind - 1)->epoch;
}

std::optional<LeaderEpochs::End> LeaderEpochs::end_offset_for(LeaderEpoch epoch,
                                                              Offset log_end) const {
    if (entries_.empty() || epoch < LeaderEpoch(0)) return std::nullopt;
    if (epoch == entries_.back().epoch) return End{epoch, log_end};
    const auto higher = std::ranges::upper_bound(entries_, epoch, {}, &Entry::epoch);
    if (higher == entries_.end()) return std::nullopt;
    // Older than all we know: whatever it wrote ended where our first epoch begins.
    if (higher == entries_.begin()) return End{epoch, higher->start};
    return End{(higher - 1)->epoch, higher->start};
}

}  // namespace sluice::replication
