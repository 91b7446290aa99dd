// Who votes, changed one at a time (KIP-853), and what the leader knows of everybody.

#include <algorithm>

#include "core/raft/quorum.h"

namespace sluice::raft {

using protocol::ErrorCode;

namespace {

// Kafka's patience with one that is to become a voter.
constexpr Duration caught_up_within = std::chrono::hours(1);

}  // namespace

// Two majorities have a voter in common only while sets differ by one, and the set before is
// committed; and what is committed is known only once a record of this epoch is.
ErrorCode Quorum::complaint_about_change() const {
    const auto* leading = std::get_if<Leading>(&role_);
    if (leading == nullptr) return ErrorCode::not_leader_or_follower;
    if (high_watermark_ <= leading->epoch_start) return ErrorCode::request_timed_out;
    const auto latest = voters_.latest_offset();
    // Voters of controller.quorum.voters are changed in the configurations of all nodes.
    if (!latest) return ErrorCode::unsupported_version;
    if (*latest >= high_watermark_ && *latest >= log_.snapshot.offset)
        return ErrorCode::request_timed_out;
    return ErrorCode::none;
}

bool Quorum::is_caught_up(const ReplicaKey& replica, Time now) const {
    const auto& replicas = std::get<Leading>(role_).replicas;
    const auto found = replicas.find(replica.id);
    if (found == replicas.end() || found->second.directory != replica.directory) return false;
    const auto& caught_up_at = found->second.caught_up_at;
    return caught_up_at && now - *caught_up_at <= caught_up_within;
}

Quorum::VoterChange Quorum::add_voter(const VoterSet::Voter& voter, Time now) const {
    if (const ErrorCode complaint = complaint_about_change(); complaint != ErrorCode::none)
        return {complaint};
    if (voter.voter_id < BrokerId(0) || voter.voter_directory_id.is_zero() ||
        voter.endpoints.empty())
        return {ErrorCode::invalid_request};
    if (voters().find(voter.voter_id) != nullptr) return {ErrorCode::duplicate_voter};
    if (!is_caught_up({voter.voter_id, voter.voter_directory_id}, now))
        return {ErrorCode::request_timed_out};
    return {ErrorCode::none, voters().with(voter)};
}

Quorum::VoterChange Quorum::remove_voter(const ReplicaKey& voter) const {
    if (const ErrorCode complaint = complaint_about_change(); complaint != ErrorCode::none)
        return {complaint};
    const VoterSet::Voter* known = voters().find(voter.id);
    if (known == nullptr || known->voter_directory_id != voter.directory)
        return {ErrorCode::voter_not_found};
    // Nobody could ever be elected again.
    if (voters().size() == 1) return {ErrorCode::invalid_request};
    return {ErrorCode::none, voters().without(voter.id)};
}

Quorum::VoterChange Quorum::update_voter(const VoterSet::Voter& voter, LeaderEpoch epoch) const {
    if (epoch < state_.epoch) return {ErrorCode::fenced_leader_epoch};
    if (epoch > state_.epoch) return {ErrorCode::unknown_leader_epoch};
    if (const ErrorCode complaint = complaint_about_change(); complaint != ErrorCode::none)
        return {complaint};
    const VoterSet::Voter* known = voters().find(voter.voter_id);
    if (known == nullptr || known->voter_directory_id != voter.voter_directory_id)
        return {ErrorCode::voter_not_found};
    if (voter.endpoints.empty()) return {ErrorCode::invalid_request};
    return {ErrorCode::none, voters().with(voter)};
}

// It leads on until the voters without it have committed that they are (KAFKA-16530), and goes.
void Quorum::resign_when_removed(Time now) {
    if (!leads() || has_vote()) return;
    const auto latest = voters_.latest_offset();
    if (!latest || *latest >= high_watermark_) return;
    begin_resigned(now);
    pursue(now);
}

std::optional<Quorum::Description> Quorum::describe(Time now) const {
    const auto* leading = std::get_if<Leading>(&role_);
    if (leading == nullptr) return std::nullopt;
    Description description;
    for (const auto& [id, voter] : voters().by_id()) {
        Description::Replica replica{.key = {id, voter.voter_directory_id}};
        if (id == options_.self.id) {
            replica.key = options_.self;
            replica.end = leading->durable;
            replica.fetched_at = replica.caught_up_at = now;
        } else if (const Progress* progress = progress_of(*leading, id);
                   progress != nullptr && progress->end >= Offset(0)) {
            replica.key.directory = progress->directory;
            replica.end = progress->end;
            replica.fetched_at = progress->fetched_at;
            replica.caught_up_at = progress->caught_up_at;
        }
        description.voters.push_back(replica);
    }
    for (const auto& [id, progress] : leading->replicas)
        if (!voters().holds({id, progress.directory}) && id != options_.self.id)
            description.observers.push_back({.key = {id, progress.directory},
                                             .end = progress.end,
                                             .fetched_at = progress.fetched_at,
                                             .caught_up_at = progress.caught_up_at});
    return description;
}

}  // namespace sluice::raft
