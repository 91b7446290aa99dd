#include "core/raft/quorum.h"

#include <algorithm>

#include "core/base/assert.h"

namespace sluice::raft {

using protocol::ErrorCode;

Quorum::Quorum(Options options, QuorumState state, Log log, VoterHistory voters, Time now)
    : options_(std::move(options)),
      state_(state),
      log_(std::move(log)),
      voters_(std::move(voters)),
      high_watermark_(log_.snapshot.offset) {
    ASSERT(log_.end >= log_.start);
    const bool led = state_.leader == options_.self.id;
    if (led && has_vote() && !voters_.latest().is_only(options_.self))
        // What it appended last may be lost: it does not go on in that epoch.
        begin_resigned(now);
    else if (state_.leader && !led)
        begin_following(state_.epoch, *state_.leader, now);
    else
        begin_unattached(state_.epoch, std::nullopt, now);
    passed(now);
}

LeaderReply Quorum::leader_announced(const LeaderAsk& ask, Time now) {
    if (ask.voter.id != options_.self.id ||
        (!ask.voter.directory.is_zero() && ask.voter.directory != options_.self.directory))
        return {ErrorCode::invalid_voter_key, leadership()};
    if (ask.epoch < state_.epoch) return {ErrorCode::fenced_leader_epoch, leadership()};
    if (ask.leader < BrokerId(0) || is_out_of_reach(ask.epoch))
        return {ErrorCode::invalid_request, leadership()};
    if (!learn({ask.epoch, ask.leader}, now))
        return {ErrorCode::inconsistent_voter_set, leadership()};
    if (auto* following = std::get_if<Following>(&role_))
        following->silent_at = now + options_.fetch_timeout;
    pursue(now);
    return {ErrorCode::none, leadership()};
}

ResignReply Quorum::leader_resigned(const ResignAsk& ask, Time now) {
    if (ask.epoch < state_.epoch) return {ErrorCode::fenced_leader_epoch, leadership()};
    if (ask.leader < BrokerId(0) || is_out_of_reach(ask.epoch))
        return {ErrorCode::invalid_request, leadership()};
    if (!learn({ask.epoch, ask.leader}, now))
        return {ErrorCode::inconsistent_voter_set, leadership()};
    if (std::holds_alternative<Following>(role_) && has_vote()) {
        // The first of the successors asks at once, the others leave it some time.
        const auto& successors = ask.successors;
        const auto found = std::ranges::find(successors, options_.self.id);
        const auto place = std::distance(successors.begin(), found);
        const Duration wait =
            place == 0 ? Duration{0}
                       : std::min<Duration>(options_.election_backoff_max,
                                            options_.retry_backoff * (1 << std::min(place, 10L))) +
                             jitter(options_.retry_backoff);
        std::get<Following>(role_) = {.silent_at = now + wait};
        passed(now);
    }
    return {ErrorCode::none, leadership()};
}

void Quorum::answered(AskId id, const Reply& reply, Time now) {
    const auto found = asked_.find(id);
    if (found == asked_.end()) return;
    const Asked asked = std::move(found->second);
    asked_.erase(found);
    if (const auto* fetch = std::get_if<FetchReply>(&reply)) {
        fetch_answered(id, *fetch, now);
    } else if (const auto* vote = std::get_if<VoteReply>(&reply)) {
        vote_answered(asked.to, std::get<VoteAsk>(asked.ask), *vote, now);
    } else {
        const auto& known = std::get<LeaderReply>(reply).known;
        if (known.epoch > state_.epoch) learn(known, now);
        if (auto* leading = std::get_if<Leading>(&role_))
            leading->replicas[asked.to].announce_at = now + options_.fetch_timeout / 2;
        if (auto* resigned = std::get_if<Resigned>(&role_)) resigned->to_tell.erase(asked.to);
    }
    pursue(now);
}

void Quorum::failed(AskId id, Time now) {
    const auto found = asked_.find(id);
    if (found == asked_.end()) return;
    quiet_until_[found->second.to] = now + options_.retry_backoff;
    asked_.erase(found);
    pursue(now);
}

void Quorum::passed(Time now) {
    if (halted_) return;
    if (auto* unattached = std::get_if<Unattached>(&role_)) {
        if (now >= unattached->election_at) begin_prospective(now);
    } else if (auto* prospective = std::get_if<Prospective>(&role_)) {
        if (now >= prospective->over_at) give_up_election(now);
    } else if (auto* candidate = std::get_if<Candidate>(&role_)) {
        if (now >= candidate->over_at) begin_prospective(now);
    } else if (auto* following = std::get_if<Following>(&role_)) {
        if (now >= following->silent_at) {
            if (has_vote())
                begin_prospective(now);
            else
                begin_unattached(state_.epoch, std::nullopt, now);
        }
    } else if (auto* leading = std::get_if<Leading>(&role_)) {
        if (now >= leading->quorum_until) begin_resigned(now);
    } else if (now >= std::get<Resigned>(role_).over_at) {
        begin_unattached(state_.epoch.next(), std::nullopt, now);
    }
    pursue(now);
}

Time Quorum::wake_at() const {
    if (halted_) return never;
    Time at = std::visit(
        [this](const auto& role) {
            using T = std::decay_t<decltype(role)>;
            if constexpr (std::is_same_v<T, Unattached>) return role.election_at;
            if constexpr (std::is_same_v<T, Prospective> || std::is_same_v<T, Candidate> ||
                          std::is_same_v<T, Resigned>)
                return role.over_at;
            if constexpr (std::is_same_v<T, Following>) return role.silent_at;
            if constexpr (std::is_same_v<T, Leading>) {
                return std::min(role.quorum_until, announcement_due(role));
            }
        },
        role_);
    for (const auto& [peer, quiet] : quiet_until_) at = std::min(at, quiet);
    return at;
}

void Quorum::resign(Time now) {
    if (leads()) begin_resigned(now);
    pursue(now);
}

// Sends what the role wants asked and is not asked yet.
void Quorum::pursue(Time now) {
    if (halted_) return;
    std::erase_if(quiet_until_, [now](const auto& each) { return each.second <= now; });
    if (const auto* prospective = std::get_if<Prospective>(&role_)) {
        ask_for_votes(prospective->votes, true, now);
    } else if (const auto* candidate = std::get_if<Candidate>(&role_)) {
        ask_for_votes(candidate->votes, false, now);
    } else if (const auto* following = std::get_if<Following>(&role_)) {
        if (!following->restoring) fetch_from(*state_.leader, now);
    } else if (auto* leading = std::get_if<Leading>(&role_)) {
        announce(*leading, now);
    } else if (const auto* resigned = std::get_if<Resigned>(&role_)) {
        tell_of_resignation(*resigned, now);
    } else if (!has_vote()) {
        look_for_leader(now);
    }
}

void Quorum::ask_for_votes(const std::map<BrokerId, bool>& votes, bool pre_vote, Time now) {
    for (const BrokerId voter : other_voters()) {
        if (votes.contains(voter) || !may_ask(voter, now)) continue;
        send(voter, VoteAsk{options_.self,
                            state_.epoch,
                            log_end(),
                            pre_vote,
                            {voter, voters().find(voter)->voter_directory_id}});
    }
}

void Quorum::fetch_from(BrokerId leader, Time now) {
    if (may_ask(leader, now))
        send(leader, FetchAsk{options_.self, state_.epoch, log_end(), high_watermark_});
}

// One after the other: whoever answers knows who leads.
void Quorum::look_for_leader(Time now) {
    if (options_.bootstrap.empty() || !asked_.empty()) return;
    const auto next = static_cast<std::size_t>(last_ask_.value) % options_.bootstrap.size();
    fetch_from(options_.bootstrap[next], now);
}

void Quorum::announce(Leading& leading, Time now) {
    for (const BrokerId voter : other_voters()) {
        if (now < leading.replicas[voter].announce_at || !may_ask(voter, now)) continue;
        send(voter, LeaderAsk{options_.self.id,
                              state_.epoch,
                              {voter, voters().find(voter)->voter_directory_id}});
        leading.replicas[voter].announce_at = now + options_.fetch_timeout / 2;
    }
}

Time Quorum::announcement_due(const Leading& leading) const {
    Time due = never;
    for (const BrokerId voter : other_voters()) {
        if (is_asked(voter)) continue;
        const auto quiet = quiet_until_.find(voter);
        const Time free = quiet == quiet_until_.end() ? Time{} : quiet->second;
        due = std::min(due, std::max(free, leading.replicas.at(voter).announce_at));
    }
    return due;
}

void Quorum::tell_of_resignation(const Resigned& resigned, Time now) {
    const std::vector<BrokerId> successors(resigned.to_tell.begin(), resigned.to_tell.end());
    for (const BrokerId voter : successors)
        if (may_ask(voter, now)) send(voter, ResignAsk{options_.self.id, state_.epoch, successors});
}

void Quorum::send(BrokerId to, Ask ask) {
    last_ask_ = last_ask_.next();
    asked_.emplace(last_ask_, Asked{to, ask});
    effects_.emplace_back(Send{to, last_ask_, std::move(ask)});
}

bool Quorum::may_ask(BrokerId peer, Time now) const {
    const auto quiet = quiet_until_.find(peer);
    if (quiet != quiet_until_.end() && now < quiet->second) return false;
    return !is_asked(peer);
}

bool Quorum::is_asked(BrokerId peer) const {
    return std::ranges::any_of(asked_, [peer](const auto& each) { return each.second.to == peer; });
}

std::vector<BrokerId> Quorum::other_voters() const {
    std::vector<BrokerId> others = voters().ids();
    std::erase(others, options_.self.id);
    return others;
}

std::string_view Quorum::role_name() const {
    constexpr std::string_view names[] = {"unattached", "prospective", "candidate",
                                          "following",  "leading",     "resigned"};
    return names[role_.index()];
}

}  // namespace sluice::raft
