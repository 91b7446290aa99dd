#include "core/raft/voters.h"

#include <algorithm>

#include "core/base/assert.h"

namespace sluice::raft {

VoterSet::VoterSet(const std::vector<Voter>& voters) {
    for (const Voter& voter : voters) voters_.emplace(voter.voter_id, voter);
}

const VoterSet::Voter* VoterSet::find(BrokerId id) const {
    const auto found = voters_.find(id);
    return found == voters_.end() ? nullptr : &found->second;
}

bool VoterSet::holds(const ReplicaKey& replica) const {
    const Voter* voter = find(replica.id);
    if (voter == nullptr) return false;
    return voter->voter_directory_id.is_zero() || replica.directory.is_zero() ||
           voter->voter_directory_id == replica.directory;
}

std::vector<BrokerId> VoterSet::ids() const {
    std::vector<BrokerId> ids;
    for (const auto& [id, voter] : voters_) ids.push_back(id);
    return ids;
}

VoterSet VoterSet::with(const Voter& voter) const {
    VoterSet changed = *this;
    changed.voters_[voter.voter_id] = voter;
    return changed;
}

VoterSet VoterSet::without(BrokerId id) const {
    VoterSet changed = *this;
    changed.voters_.erase(id);
    return changed;
}

protocol::VotersRecord VoterSet::record() const {
    protocol::VotersRecord record;
    for (const auto& [id, voter] : voters_) record.voters.push_back(voter);
    return record;
}

const VoterSet& VoterHistory::latest() const {
    return sets_.empty() ? configured_ : sets_.rbegin()->second;
}

const VoterSet& VoterHistory::before(Offset end) const {
    const auto behind = sets_.lower_bound(end);
    return behind == sets_.begin() ? configured_ : std::prev(behind)->second;
}

std::optional<Offset> VoterHistory::latest_offset() const {
    if (sets_.empty()) return std::nullopt;
    return sets_.rbegin()->first;
}

void VoterHistory::appended(Offset at, VoterSet voters) {
    ASSERT(sets_.empty() || sets_.rbegin()->first < at);
    sets_.emplace(at, std::move(voters));
}

void VoterHistory::truncate_from_end(Offset end) {
    sets_.erase(sets_.lower_bound(end), sets_.end());
}

void VoterHistory::truncate_from_start(Offset start) {
    const auto behind = sets_.upper_bound(start);
    if (behind != sets_.begin()) sets_.erase(sets_.begin(), std::prev(behind));
}

}  // namespace sluice::raft
