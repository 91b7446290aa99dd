// How a replica comes to lead, to follow, or to wait.

#include <algorithm>

#include "core/base/assert.h"
#include "core/base/probe.h"
#include "core/raft/quorum.h"

namespace sluice::raft {

using protocol::ErrorCode;

VoteReply Quorum::vote_asked(const VoteAsk& ask, Time now) {
    const bool for_me =
        ask.voter.id == options_.self.id &&
        (ask.voter.directory.is_zero() || ask.voter.directory == options_.self.directory);
    if (!for_me) return {ErrorCode::invalid_voter_key, leadership()};
    if (ask.epoch < state_.epoch) return {ErrorCode::fenced_leader_epoch, leadership()};
    const bool is_illegal =
        ask.pre_vote ? ask.log_end.epoch > ask.epoch : ask.log_end.epoch >= ask.epoch;
    if (ask.candidate.id < BrokerId(0) || ask.log_end.offset < Offset(0) ||
        ask.log_end.epoch < LeaderEpoch(0) || is_illegal || is_out_of_reach(ask.epoch))
        return {ErrorCode::invalid_request, leadership()};
    // Also for one that only asks whether it would be elected: it stands in that epoch.
    if (ask.epoch > state_.epoch) begin_unattached(ask.epoch, std::nullopt, now);

    const bool granted = would_vote_for(ask);
    if (granted && !ask.pre_vote && !is_voted(ask.candidate)) {
        save({state_.epoch, std::nullopt, ask.candidate});
        enter(Unattached{now + options_.election_timeout + jitter(options_.election_timeout)});
    }
    pursue(now);
    return {ErrorCode::none, leadership(), granted};
}

// Whoever takes an epoch near the last there is leaves none to be elected in.
bool Quorum::is_out_of_reach(LeaderEpoch epoch) const {
    return epoch.value - state_.epoch.value > epochs_ahead_max;
}

// A state that was kept without directories knows whom it voted for by the id alone.
bool Quorum::is_voted(const ReplicaKey& candidate) const {
    if (!state_.voted || state_.voted->id != candidate.id) return false;
    return state_.voted->directory.is_zero() || state_.voted->directory == candidate.directory;
}

bool Quorum::would_vote_for(const VoteAsk& ask) const {
    const bool up_to_date = ask.log_end >= log_end() || PLANT("quorum.elects_who_lacks_records");
    if (ask.pre_vote) {
        // Who hears from a leader keeps to it.
        const auto* following = std::get_if<Following>(&role_);
        return up_to_date && !leads() && !(following != nullptr && following->has_fetched);
    }
    // Once in an epoch, whatever is asked again; and not where somebody leads it.
    if (state_.voted && !PLANT("quorum.votes_twice")) return is_voted(ask.candidate);
    return up_to_date && !state_.leader && !std::holds_alternative<Resigned>(role_);
}

// They do not all stand at the same moment, and whoever does is told that nobody hears the leader.
void Quorum::lost(BrokerId peer, Time now) {
    auto* following = std::get_if<Following>(&role_);
    if (following == nullptr || state_.leader != peer || !following->has_fetched) return;
    following->has_fetched = false;
    following->silent_at =
        std::min(following->silent_at, now + jitter(options_.election_timeout / 8));
    pursue(now);
}

void Quorum::vote_answered(BrokerId from, const VoteAsk& ask, const VoteReply& reply, Time now) {
    if (reply.error != ErrorCode::none) {
        if (reply.known.epoch > state_.epoch || reply.known.leader) learn(reply.known, now);
        if (ask.epoch == state_.epoch) quiet_until_[from] = now + options_.retry_backoff;
        return;
    }
    if (reply.known.epoch > state_.epoch) {
        learn(reply.known, now);
    } else if (auto* prospective = std::get_if<Prospective>(&role_)) {
        if (ask.pre_vote) count_vote(prospective->votes, from, reply.granted, now);
    } else if (auto* candidate = std::get_if<Candidate>(&role_)) {
        if (!ask.pre_vote) count_vote(candidate->votes, from, reply.granted, now);
    }
}

void Quorum::count_vote(std::map<BrokerId, bool>& votes, BrokerId from, bool granted, Time now) {
    votes[from] = granted;
    const auto count = [&](bool kind) {
        return static_cast<std::size_t>(std::ranges::count_if(votes, [&](const auto& vote) {
            return vote.second == kind && voters().find(vote.first) != nullptr;
        }));
    };
    if (count(true) >= voters().majority()) {
        if (std::holds_alternative<Prospective>(role_)) return begin_candidate(now);
        return begin_leading(std::map(votes), now);
    }
    // Enough said no that the rest cannot elect it.
    if (voters().size() - count(false) >= voters().majority()) return;
    if (std::holds_alternative<Prospective>(role_)) return give_up_election(now);
    const Duration backoff =
        std::min(options_.election_backoff_max,
                 options_.retry_backoff * (1 << std::min(elections_lost_, 10)));
    ++elections_lost_;
    auto& candidate = std::get<Candidate>(role_);
    candidate.over_at = std::min(candidate.over_at, now + backoff + jitter(backoff));
}

void Quorum::begin_prospective(Time now) {
    if (!has_vote()) return begin_unattached(state_.epoch, std::nullopt, now);
    enter(Prospective{{}, now + options_.election_timeout + jitter(options_.election_timeout)});
    count_vote(std::get<Prospective>(role_).votes, options_.self.id, true, now);
}

void Quorum::begin_candidate(Time now) {
    save({state_.epoch.next(), std::nullopt, options_.self});
    enter(Candidate{{}, now + options_.election_timeout + jitter(options_.election_timeout)});
    count_vote(std::get<Candidate>(role_).votes, options_.self.id, true, now);
}

void Quorum::begin_leading(const std::map<BrokerId, bool>& votes, Time now) {
    BeginEpoch begin{state_.epoch, log_.end, voters().ids(), {}};
    for (const auto& [id, granted] : votes)
        if (granted) begin.granted_by.push_back(id);
    elections_lost_ = 0;
    save({state_.epoch, options_.self.id, options_.self});
    Leading leading{
        .epoch_start = log_.end, .durable = log_.end, .quorum_until = now, .replicas = {}};
    // Nothing is assumed of the others but what they say; and they have a while to say it.
    for (const BrokerId voter : other_voters())
        leading.replicas[voter] = {.fetched_at = now, .announce_at = now};
    renew_quorum(leading, now);
    enter(std::move(leading));
    effects_.emplace_back(begin);
    log_.epochs.assign(state_.epoch, log_.end);
    log_.end = log_.end.next();
}

void Quorum::begin_following(LeaderEpoch epoch, BrokerId leader, Time now) {
    elections_lost_ = 0;
    const bool same_epoch = epoch == state_.epoch;
    save({epoch, leader, same_epoch ? state_.voted : std::nullopt});
    enter(Following{.silent_at = now + options_.fetch_timeout});
}

void Quorum::begin_unattached(LeaderEpoch epoch, std::optional<BrokerId> leader, Time now) {
    const bool same_epoch = epoch == state_.epoch;
    save({epoch, same_epoch ? state_.leader : leader, same_epoch ? state_.voted : std::nullopt});
    // Nobody else could be elected: there is nothing to wait for.
    const bool alone = voters().is_only(options_.self);
    const Duration wait =
        alone ? Duration{0} : options_.election_timeout + jitter(options_.election_timeout);
    enter(Unattached{has_vote() ? now + wait : never});
}

void Quorum::begin_resigned(Time now) {
    const auto others = other_voters();
    const Duration wait = others.empty()
                              ? Duration{0}
                              : options_.election_timeout + jitter(options_.election_timeout);
    enter(Resigned{{others.begin(), others.end()}, now + wait});
}

// A leader that was known is asked again; it may be there after all.
void Quorum::give_up_election(Time now) {
    if (state_.leader && state_.leader != options_.self.id)
        begin_following(state_.epoch, *state_.leader, now);
    else
        begin_unattached(state_.epoch, std::nullopt, now);
}

// What somebody says of epoch and leader. False when it contradicts what is known of an epoch:
// that one epoch has two leaders cannot be.
bool Quorum::learn(const Leadership& told, Time now) {
    if (told.epoch < state_.epoch) return true;
    if (told.epoch > state_.epoch) {
        if (told.leader && told.leader != options_.self.id)
            begin_following(told.epoch, *told.leader, now);
        else
            begin_unattached(told.epoch, std::nullopt, now);
        return true;
    }
    if (!told.leader) return true;
    if (state_.leader) {
        if (state_.leader != told.leader) return false;
        // It was given up too early.
        if (std::holds_alternative<Prospective>(role_) || std::holds_alternative<Unattached>(role_))
            begin_following(told.epoch, *told.leader, now);
        return true;
    }
    if (told.leader == options_.self.id) return false;
    begin_following(told.epoch, *told.leader, now);
    return true;
}

// Asks of the role before are nobody's business any more.
void Quorum::enter(Role role) {
    role_ = std::move(role);
    asked_.clear();
    quiet_until_.clear();
}

void Quorum::save(QuorumState state) {
    ASSERT(state.epoch >= state_.epoch);
    if (state == state_) return;
    const Leadership before = leadership();
    state_ = state;
    effects_.emplace_back(Persist{state_});
    if (leadership() != before) effects_.emplace_back(Led{leadership()});
}

// Spread, so that replicas do not all stand up at once; from who it is and where it stands, so that
// a run can be repeated.
Duration Quorum::jitter(Duration below) {
    std::uint64_t x = static_cast<std::uint64_t>(options_.self.id.value) * 0x9e3779b97f4a7c15U +
                      static_cast<std::uint64_t>(state_.epoch.value) * 0xbf58476d1ce4e5b9U +
                      ++draws_ * 0x94d049bb133111ebU;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    x ^= x >> 31;
    return Duration(static_cast<Duration::rep>(x % static_cast<std::uint64_t>(below.count() + 1)));
}

}  // namespace sluice::raft
