// What a replica of the metadata log may hold, and what of it is committed.

#include <algorithm>

#include "core/base/assert.h"
#include "core/base/probe.h"
#include "core/raft/quorum.h"

namespace sluice::raft {

using protocol::ErrorCode;

namespace {

// Observers that do not fetch for so long are forgotten (Kafka's as well), and more replicas than
// so many are not remembered.
constexpr Duration observer_silence_max = seconds(300);
constexpr std::size_t replicas_max = 1000;

}  // namespace

LogPoint Quorum::log_end() const {
    const auto latest = log_.epochs.latest();
    return {latest ? latest->epoch : log_.snapshot.epoch, log_.end};
}

FetchReply Quorum::fetched(const FetchAsk& ask, Time now) {
    const FetchReply reply = fetch_reply(ask);
    // Who is no replica counts nowhere.
    if (reply.error != ErrorCode::none || ask.replica.id < BrokerId(0)) return reply;
    auto& leading = std::get<Leading>(role_);
    note_fetch(leading, ask, !reply.diverging && !reply.snapshot, now);
    renew_quorum(leading, now);
    advance_high_watermark();
    FetchReply answer = reply;
    answer.high_watermark = high_watermark_;
    resign_when_removed(now);
    return answer;
}

FetchReply Quorum::fetch_reply(const FetchAsk& ask) const {
    FetchReply reply;
    reply.known = leadership();
    reply.high_watermark = high_watermark_;
    if (ask.epoch < LeaderEpoch(0) || ask.log_end.offset < Offset(0) ||
        ask.log_end.epoch < LeaderEpoch(0))
        reply.error = ErrorCode::invalid_request;
    else if (ask.epoch < state_.epoch)
        reply.error = ErrorCode::fenced_leader_epoch;
    else if (ask.epoch > state_.epoch)
        reply.error = ErrorCode::unknown_leader_epoch;
    else if (!leads())
        reply.error = ErrorCode::not_leader_or_follower;
    if (reply.error != ErrorCode::none) return reply;
    const FetchReply place = place_in_log(ask.log_end);
    reply.diverging = place.diverging;
    reply.snapshot = place.snapshot;
    return reply;
}

ErrorCode Quorum::snapshot_asked(const ReplicaKey& replica, LeaderEpoch epoch, Time now) {
    if (epoch < state_.epoch) return ErrorCode::fenced_leader_epoch;
    if (epoch > state_.epoch) return ErrorCode::unknown_leader_epoch;
    auto* leading = std::get_if<Leading>(&role_);
    if (leading == nullptr) return ErrorCode::not_leader_or_follower;
    const auto known = leading->replicas.find(replica.id);
    if (known != leading->replicas.end() && known->second.directory == replica.directory)
        known->second.fetched_at = now;
    renew_quorum(*leading, now);
    return ErrorCode::none;
}

void Quorum::note_fetch(Leading& leading, const FetchAsk& ask, bool follows, Time now) const {
    if (!leading.replicas.contains(ask.replica.id)) {
        forget_silent_observers(leading, now);
        if (leading.replicas.size() >= replicas_max) return;
    }
    Progress& progress = leading.replicas[ask.replica.id];
    // Another disk: what the old one had is gone, and does not count any more.
    if (progress.directory != ask.replica.directory)
        progress = {.directory = ask.replica.directory, .announce_at = progress.announce_at};
    if (follows) {
        progress.end = ask.log_end.offset;
        // It has all that there was when it fetched last.
        if (progress.end >= log_.end)
            progress.caught_up_at = now;
        else if (progress.end >= progress.leader_end && progress.leader_end > Offset(0))
            progress.caught_up_at = progress.fetched_at;
    }
    progress.leader_end = log_.end;
    progress.fetched_at = now;
    progress.announce_at = now + options_.fetch_timeout / 2;
}

void Quorum::forget_silent_observers(Leading& leading, Time now) const {
    std::erase_if(leading.replicas, [&](const auto& each) {
        return voters().find(each.first) == nullptr &&
               now - each.second.fetched_at >= observer_silence_max;
    });
}

// Whether a log that ends at `point` is the beginning of this one; otherwise where the two part, or
// the snapshot to begin with because that place is not here any more.
FetchReply Quorum::place_in_log(const LogPoint& point) const {
    FetchReply reply;
    if (point.offset < log_.start) {
        reply.snapshot = log_.snapshot;
        return reply;
    }
    if (point == log_.snapshot) return reply;
    if (log_.start > Offset(0) && point.epoch < earliest_epoch()) {
        // What its epoch wrote ends behind our beginning: where, this log does not tell any more.
        if (!PLANT("quorum.forgotten_epoch_diverges")) {
            reply.snapshot = log_.snapshot;
            return reply;
        }
    }
    const auto own = log_.epochs.end_offset_for(point.epoch, log_.end);
    if (own && own->epoch == point.epoch && point.offset <= own->offset) return reply;
    // A log that is behind nothing of ours: empty.
    if (point.offset == Offset(0)) return reply;
    if (!own || own->offset < log_.start)
        reply.snapshot = log_.snapshot;
    else
        reply.diverging = LogPoint{own->epoch, own->offset};
    return reply;
}

LeaderEpoch Quorum::earliest_epoch() const {
    const auto& entries = log_.epochs.entries();
    return entries.empty() ? log_.snapshot.epoch : entries.front().epoch;
}

void Quorum::fetch_answered(AskId id, const FetchReply& reply, Time now) {
    if (reply.error != ErrorCode::none) {
        const LeaderEpoch before = state_.epoch;
        learn(reply.known, now);
        // Nothing new: do not ask the same again at once.
        if (state_.epoch == before && state_.leader)
            quiet_until_[*state_.leader] = now + options_.retry_backoff;
        return;
    }
    // An observer that looked for the leader has found it.
    if (!std::holds_alternative<Following>(role_)) {
        learn(reply.known, now);
        return;
    }
    if (reply.known.epoch != state_.epoch) return;
    auto& following = std::get<Following>(role_);
    following.silent_at = now + options_.fetch_timeout;
    following.has_fetched = true;
    if (reply.snapshot) {
        following.restoring = true;
        effects_.emplace_back(Restore{*state_.leader, *reply.snapshot});
        return;
    }
    if (reply.diverging) return truncate_to(*reply.diverging);
    store(id, reply.runs);
    commit(std::min(reply.high_watermark, log_.end));
}

void Quorum::store(AskId id, const std::vector<Run>& runs) {
    for (const Run& run : runs) {
        // The driver checks what it was sent before it says what that was.
        ASSERT(run.first == log_.end);
        ASSERT(run.epoch <= state_.epoch);
        log_.epochs.assign(run.epoch, run.first);
        log_.end = run.end;
        if (run.voters) voters_.appended(run.first, *run.voters);
    }
    if (!runs.empty()) effects_.emplace_back(Store{id, log_.end});
}

// What its leader does not have was never committed.
void Quorum::truncate_to(const LogPoint& diverging) {
    const auto own = log_.epochs.end_offset_for(diverging.epoch, log_.end);
    Offset end = own ? own->offset : log_.start;
    if (own && own->epoch == diverging.epoch) end = std::min(end, diverging.offset);
    if (end < high_watermark_) {
        effects_.emplace_back(Halt{diverging});
        halted_ = true;
        return;
    }
    if (end >= log_.end) return;
    log_.end = end;
    log_.epochs.truncate_from_end(end);
    voters_.truncate_from_end(end);
    effects_.emplace_back(Truncate{end});
}

void Quorum::appended(Offset end, Time now) {
    ASSERT(leads());
    ASSERT(end >= log_.end);
    log_.end = end;
    pursue(now);
}

void Quorum::voters_appended(Offset at, VoterSet voters, Time now) {
    ASSERT(leads());
    ASSERT(at < log_.end);
    voters_.appended(at, std::move(voters));
    auto& leading = std::get<Leading>(role_);
    for (const BrokerId voter : other_voters())
        leading.replicas.try_emplace(voter, Progress{.fetched_at = now, .announce_at = now});
    pursue(now);
}

void Quorum::flushed(Offset end, Time now) {
    auto* leading = std::get_if<Leading>(&role_);
    if (leading == nullptr) return;
    ASSERT(end <= log_.end);
    leading->durable = std::max(leading->durable, end);
    advance_high_watermark();
    resign_when_removed(now);
    pursue(now);
}

// What a majority of the voters has on disk, once that includes a record of this leader: what an
// earlier one left may still be undone (Raft, 5.4.2). A leader without a vote does not count
// itself.
void Quorum::advance_high_watermark() {
    const auto& leading = std::get<Leading>(role_);
    std::vector<Offset> ends;
    for (const BrokerId voter : voters().ids()) {
        const Progress* progress = progress_of(leading, voter);
        if (voter == options_.self.id && has_vote())
            ends.push_back(PLANT("quorum.leader_counts_before_durable") ? log_.end
                                                                        : leading.durable);
        else
            ends.push_back(progress != nullptr ? progress->end : Offset(-1));
    }
    if (ends.empty()) return;
    std::ranges::sort(ends, std::greater{});
    const Offset committed = ends[voters().majority() - 1];
    if (committed > leading.epoch_start || PLANT("quorum.commits_what_another_began"))
        commit(committed);
}

// Null while the disk that the voter stands for has not been heard of.
const Quorum::Progress* Quorum::progress_of(const Leading& leading, BrokerId voter) const {
    const auto found = leading.replicas.find(voter);
    if (found == leading.replicas.end()) return nullptr;
    return voters().holds({voter, found->second.directory}) ? &found->second : nullptr;
}

// A leader that hears nothing of a majority for a while may have a successor already.
void Quorum::renew_quorum(Leading& leading, Time now) const {
    if (voters().is_only(options_.self)) {
        leading.quorum_until = never;
        return;
    }
    std::vector<Time> heard;
    for (const BrokerId voter : voters().ids()) {
        const Progress* progress = progress_of(leading, voter);
        if (voter == options_.self.id)
            heard.push_back(now);
        else
            heard.push_back(progress != nullptr ? progress->fetched_at : Time{});
    }
    std::ranges::sort(heard, std::greater{});
    leading.quorum_until = heard[voters().majority() - 1] + options_.fetch_timeout * 3 / 2;
}

void Quorum::commit(Offset high_watermark) {
    if (high_watermark <= high_watermark_) return;
    high_watermark_ = high_watermark;
    effects_.emplace_back(Committed{high_watermark_});
}

bool Quorum::restored(LogPoint snapshot, const VoterHistory& voters, Time now) {
    auto* following = std::get_if<Following>(&role_);
    if (following == nullptr || !following->restoring || snapshot.offset < high_watermark_)
        return false;
    log_ = {.snapshot = snapshot, .start = snapshot.offset, .end = snapshot.offset, .epochs = {}};
    log_.epochs.assign(snapshot.epoch, snapshot.offset);
    voters_ = voters;
    effects_.emplace_back(Replace{snapshot});
    commit(snapshot.offset);
    following->restoring = false;
    following->silent_at = now + options_.fetch_timeout;
    pursue(now);
    return true;
}

void Quorum::restoring_goes_on(LogPoint snapshot, Time now) {
    auto* following = std::get_if<Following>(&role_);
    if (following == nullptr || !following->restoring || snapshot.offset < high_watermark_) return;
    following->silent_at = now + options_.fetch_timeout;
}

void Quorum::snapshot_taken(LogPoint snapshot) {
    ASSERT(snapshot.offset <= high_watermark_);
    log_.snapshot = std::max(log_.snapshot, snapshot);
}

void Quorum::log_start_moved(Offset start) {
    ASSERT(start <= log_.snapshot.offset);
    // Another log took the place of the one that was cut.
    if (start <= log_.start) return;
    log_.start = start;
    log_.epochs.truncate_from_start(start);
    voters_.truncate_from_start(start);
}

}  // namespace sluice::raft
