#include "core/broker/fetch_sessions.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {

using protocol::ErrorCode;
using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::FetchSessionId;

namespace {

constexpr FetchSessionId no_session{0};
constexpr std::int32_t final_epoch = -1;
constexpr std::int32_t initial_epoch = 0;

std::int32_t epoch_behind(std::int32_t epoch) {
    return epoch == INT32_MAX ? 1 : epoch + 1;
}

bool all_exist(const FetchRequest& request, const FetchSessions::Exists& exists) {
    return std::ranges::all_of(request.topics, [&](const auto& topic) {
        return std::ranges::all_of(topic.partitions,
                                   [&](const auto& each) { return exists(topic, each.partition); });
    });
}

}  // namespace

FetchSession::Entry* FetchSession::find(const Topic& topic, PartitionIndex index) {
    const auto entries = topics_.find(topic);
    if (entries == topics_.end()) return nullptr;
    const auto found = entries->second.find(index);
    return found == entries->second.end() ? nullptr : &*found->second;
}

void FetchSession::update(const FetchRequest& request) {
    for (const auto& topic : request.topics) {
        const bool can_exist = topic.topic.size() <= metadata::topic_name_length_max;
        if (topic.partitions.empty() || !can_exist) continue;
        auto& [key, entries] = *topics_.try_emplace({topic.topic, topic.topic_id}).first;
        for (const auto& partition : topic.partitions) {
            const auto [entry, is_new] = entries.try_emplace(partition.partition, order_.end());
            if (is_new) {
                entry->second = order_.insert(order_.end(), {.topic = &key, .wanted = {}});
                entry->second->place = entry->second;
            }
            if (is_new || !PLANT("session.position_not_taken")) entry->second->wanted = partition;
        }
    }
    for (const auto& topic : request.forgotten_topics_data) {
        const auto entries = topics_.find({topic.topic, topic.topic_id});
        if (entries == topics_.end() || PLANT("session.forgotten_stays")) continue;
        for (const PartitionIndex index : topic.partitions) {
            const auto found = entries->second.find(index);
            if (found == entries->second.end()) continue;
            order_.erase(found->second);
            entries->second.erase(found);
        }
        if (entries->second.empty()) topics_.erase(entries);
    }
}

std::vector<FetchRequest::Topic> FetchSession::wanted() const {
    std::vector<FetchRequest::Topic> topics;
    const Topic* last = nullptr;
    for (const Entry& entry : order_) {
        if (entry.topic != last) topics.push_back({entry.topic->name, entry.topic->id, {}});
        last = entry.topic;
        topics.back().partitions.push_back(entry.wanted);
    }
    return topics;
}

void FetchSession::strip(FetchResponse& response) {
    for (auto& topic : response.responses)
        std::erase_if(topic.partitions, [&](const FetchResponse::Partition& answer) {
            Entry* const found = find({topic.topic, topic.topic_id}, answer.partition_index);
            if (found == nullptr) return false;
            Entry& entry = *found;
            const bool failed = answer.error_code != ErrorCode::none;
            const bool has_records = answer.records && !answer.records->empty();
            const bool other_end = answer.high_watermark != entry.told_high_watermark &&
                                   !PLANT("session.high_watermark_not_told");
            const bool other_start = answer.log_start_offset != entry.told_log_start &&
                                     !PLANT("session.log_start_not_told");
            const bool diverges = answer.diverging_epoch.epoch != no_leader_epoch;
            const bool is_news = entry.must_answer || failed || diverges || other_end ||
                                 other_start ||
                                 (has_records && !PLANT("session.records_are_no_news"));
            entry.told_high_watermark = answer.high_watermark;
            entry.told_log_start = answer.log_start_offset;
            entry.must_answer = failed;  // That it is well again must be said too.
            if (has_records && !PLANT("session.same_one_first_always"))
                order_.splice(order_.end(), order_, entry.place);
            return !is_news;
        });
    std::erase_if(response.responses, [](const auto& topic) { return topic.partitions.empty(); });
}

FetchSessions::Plan FetchSessions::begin(FetchRequest& request, Version version,
                                         FetchSessionId fresh, Time now, const Exists& exists) {
    const bool by_topic_id = version >= Version(13);
    const auto found = sessions_.find(request.session_id);
    if (request.session_epoch == final_epoch || request.session_epoch == initial_epoch) {
        if (found != sessions_.end() && !PLANT("session.ended_one_kept")) forget(found);
        const bool wants_one = request.session_epoch == initial_epoch && !request.topics.empty();
        if (!wants_one || !all_exist(request, exists)) return {};
        forget_idle(now);
        if (sessions_.size() >= options_.sessions_max) return {};
        FetchSession& session = sessions_[fresh];
        session.id = fresh;
        session.by_topic_id = by_topic_id;
        session.used_at = now;
        return update(session, request) ? Plan{.session = fresh} : Plan{};
    }
    if (found == sessions_.end()) return {.error = ErrorCode::fetch_session_id_not_found};
    FetchSession& session = found->second;
    if (request.session_epoch != session.next_epoch && !PLANT("session.epoch_not_checked"))
        return {.error = ErrorCode::invalid_fetch_session_epoch};
    if (session.by_topic_id != by_topic_id)
        return {.error = ErrorCode::fetch_session_topic_id_error};
    // The client asks for everything next, and gets on without a session if it must.
    if (!update(session, request)) return {.error = ErrorCode::fetch_session_id_not_found};
    session.next_epoch = epoch_behind(session.next_epoch);
    session.used_at = now;
    request.topics = session.wanted();
    return {.session = session.id, .is_incremental = true};
}

bool FetchSessions::update(FetchSession& session, const FetchRequest& request) {
    partitions_ -= session.partition_count();
    session.update(request);
    partitions_ += session.partition_count();
    if (partitions_ <= options_.partitions_max) return true;
    forget(sessions_.find(session.id));
    return false;
}

FetchSessions::Sessions::iterator FetchSessions::forget(Sessions::iterator session) {
    partitions_ -= session->second.partition_count();
    return sessions_.erase(session);
}

void FetchSessions::forget_idle(Time now) {
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        const bool is_idle =
            now - next->second.used_at >= options_.idle_max || PLANT("session.evicted_in_use");
        next = is_idle ? forget(next) : std::next(next);
    }
}

void FetchSessions::finish(const Plan& plan, FetchResponse& response) {
    response.session_id = plan.session;
    const auto found = sessions_.find(plan.session);
    if (found == sessions_.end()) {
        // It was evicted meanwhile: the client learns so with its next request.
        if (!plan.is_incremental) response.session_id = no_session;
        return;
    }
    if (plan.is_incremental) {
        found->second.strip(response);
        return;
    }
    FetchResponse copy = response;
    found->second.strip(copy);
}

}  // namespace sluice::broker
