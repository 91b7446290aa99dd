#include "core/replication/follower_session.h"

#include <limits>

namespace sluice::replication {

using protocol::ErrorCode;
using protocol::FetchSessionId;

FollowerSession::Request FollowerSession::next(const std::map<SessionPartition, FetchAsk>& wanted) {
    Request request{session_, epoch_, {}, {}};
    const bool is_whole = epoch_ == 0;
    for (const auto& [partition, ask] : wanted) {
        const auto told = told_.find(partition);
        if (is_whole || told == told_.end() || told->second != ask)
            request.asks.emplace(partition, ask);
    }
    if (!is_whole)
        for (const auto& [partition, ask] : told_)
            if (!wanted.contains(partition)) request.forgotten.push_back(partition);
    told_ = wanted;
    return request;
}

void FollowerSession::answered(ErrorCode error, FetchSessionId session) {
    if (error == ErrorCode::fetch_session_id_not_found) return begin_again(FetchSessionId(0));
    // It knows of a session that is of no use: to be closed by the request that begins another.
    if (error != ErrorCode::none) return begin_again(session_);
    if (session == FetchSessionId(0)) return begin_again(FetchSessionId(0));
    session_ = session;
    // 0 would begin another one.
    epoch_ = epoch_ == std::numeric_limits<std::int32_t>::max() ? 1 : epoch_ + 1;
}

void FollowerSession::failed() {
    begin_again(session_);
}

void FollowerSession::begin_again(FetchSessionId close) {
    session_ = close;
    epoch_ = 0;
}

std::optional<FetchAsk> FollowerSession::asked(const SessionPartition& partition) const {
    const auto told = told_.find(partition);
    if (told == told_.end()) return std::nullopt;
    return told->second;
}

}  // namespace sluice::replication
