#pragma once

#include <compare>
#include <map>
#include <optional>
#include <vector>

#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/replication/messages.h"

namespace sluice::replication {

struct SessionPartition {
    TopicId topic;
    PartitionIndex partition;

    friend auto operator<=>(const SessionPartition&, const SessionPartition&) = default;
};

// What a leader was told about the partitions that a follower fetches from it, so that a request
// names only those whose ask changed (KIP-227). One for each leader, owned by who fetches from it;
// one request at a time.
class FollowerSession {
public:
    struct Request {
        protocol::FetchSessionId session;
        std::int32_t epoch = 0;  // 0: a whole one, which begins a session.
        std::map<SessionPartition, FetchAsk> asks;
        // Not to be answered any more: also where they will be again, since the leader would answer
        // what it knows.
        std::vector<SessionPartition> forgotten;
    };

    // `wanted` is everything to be answered, whether the leader knows of it or not.
    Request next(const std::map<SessionPartition, FetchAsk>& wanted);
    // The answer to the last request, by its own error and session: 0 when the leader has no room
    // for one, or has given it to somebody else. A session that it does not know begins again.
    void answered(protocol::ErrorCode error, protocol::FetchSessionId session);
    // Nobody knows what the leader has heard of.
    void failed();

    // What the leader was asked about `partition` last: an answer that does not name it again has
    // nothing new. Nothing where it was not asked.
    std::optional<FetchAsk> asked(const SessionPartition& partition) const;

private:
    void begin_again(protocol::FetchSessionId close);

    protocol::FetchSessionId session_{0};
    std::int32_t epoch_ = 0;
    std::map<SessionPartition, FetchAsk> told_;
};

}  // namespace sluice::replication
