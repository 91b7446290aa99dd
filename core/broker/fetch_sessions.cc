#include "core/broker/fetch_sessions.h"

#include <algorithm>

#include "core/base/probe.h"

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

}  // namespace

void FetchSession::update(const FetchRequest& request) {
    for (const auto& topic : request.topics)
        for (const auto& partition : topic.partitions) {
            const Key key{topic.topic, topic.topic_id, partition.partition};
            if (const auto found = entries_.find(key); found != entries_.end()) {
                if (!PLANT("session.position_not_taken")) found->second->wanted = partition;
                continue;
            }
            order_.push_back({.key = key, .wanted = partition});
            entries_.emplace(key, std::prev(order_.end()));
        }
    for (const auto& topic : request.forgotten_topics_data)
        for (const PartitionIndex index : topic.partitions) {
            const auto found = entries_.find({topic.topic, topic.topic_id, index});
            if (found == entries_.end() || PLANT("session.forgotten_stays")) continue;
            order_.erase(found->second);
            entries_.erase(found);
        }
}

std::vector<FetchRequest::Topic> FetchSession::wanted() const {
    std::vector<FetchRequest::Topic> topics;
    for (const Entry& entry : order_) {
        const bool same = !topics.empty() && topics.back().topic == entry.key.topic &&
                          topics.back().topic_id == entry.key.topic_id;
        if (!same) topics.push_back({entry.key.topic, entry.key.topic_id, {}});
        topics.back().partitions.push_back(entry.wanted);
    }
    return topics;
}

void FetchSession::strip(FetchResponse& response) {
    for (auto& topic : response.responses)
        std::erase_if(topic.partitions, [&](const FetchResponse::Partition& answer) {
            const auto found = entries_.find({topic.topic, topic.topic_id, answer.partition_index});
            if (found == entries_.end()) return false;
            Entry& entry = *found->second;
            const bool failed = answer.error_code != ErrorCode::none;
            const bool has_records = answer.records && !answer.records->empty();
            const bool other_end = answer.high_watermark != entry.told_high_watermark &&
                                   !PLANT("session.high_watermark_not_told");
            const bool other_start = answer.log_start_offset != entry.told_log_start &&
                                     !PLANT("session.log_start_not_told");
            const bool is_news = entry.must_answer || failed || other_end || other_start ||
                                 (has_records && !PLANT("session.records_are_no_news"));
            entry.told_high_watermark = answer.high_watermark;
            entry.told_log_start = answer.log_start_offset;
            entry.must_answer = failed;  // That it is well again must be said too.
            if (has_records && !PLANT("session.same_one_first_always"))
                order_.splice(order_.end(), order_, found->second);
            return !is_news;
        });
    std::erase_if(response.responses, [](const auto& topic) { return topic.partitions.empty(); });
}

FetchSessions::Plan FetchSessions::begin(FetchRequest& request, Version version,
                                         FetchSessionId fresh, Time now) {
    const bool by_topic_id = version >= Version(13);
    if (request.session_epoch == final_epoch || request.session_epoch == initial_epoch) {
        if (!PLANT("session.ended_one_kept")) sessions_.erase(request.session_id);
        const bool wants_one = request.session_epoch == initial_epoch && !request.topics.empty();
        if (!wants_one || !make_room(now)) return {};
        FetchSession& session = sessions_[fresh];
        session.id = fresh;
        session.by_topic_id = by_topic_id;
        session.used_at = now;
        session.update(request);
        return {.session = fresh};
    }
    const auto found = sessions_.find(request.session_id);
    if (found == sessions_.end()) return {.error = ErrorCode::fetch_session_id_not_found};
    FetchSession& session = found->second;
    if (request.session_epoch != session.next_epoch && !PLANT("session.epoch_not_checked"))
        return {.error = ErrorCode::invalid_fetch_session_epoch};
    if (session.by_topic_id != by_topic_id)
        return {.error = ErrorCode::fetch_session_topic_id_error};
    session.next_epoch = epoch_behind(session.next_epoch);
    session.used_at = now;
    session.update(request);
    request.topics = session.wanted();
    return {.session = session.id, .is_incremental = true};
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

bool FetchSessions::make_room(Time now) {
    if (sessions_.size() < options_.sessions_max) return true;
    const auto oldest = std::ranges::min_element(
        sessions_, {}, [](const auto& each) { return each.second.used_at; });
    if (now - oldest->second.used_at < options_.evictable_after && !PLANT("session.evicted_in_use"))
        return false;
    sessions_.erase(oldest);
    return true;
}

}  // namespace sluice::broker
