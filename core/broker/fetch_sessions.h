#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "core/base/random.h"
#include "core/base/time.h"
#include "core/protocol/messages/fetch.h"

namespace sluice::broker {

// One consumer's memory of what it fetches, kept here so that neither side repeats it (KIP-227).
class FetchSession {
public:
    struct Key {
        std::string topic;
        TopicId topic_id;
        PartitionIndex index;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    // What is wanted of a partition and what its reader was told last.
    struct Entry {
        Key key;
        protocol::FetchRequest::Partition wanted;
        Offset told_high_watermark{-1};
        Offset told_log_start{-1};
        bool must_answer = true;  // New, or answered with an error last time.
    };

    protocol::FetchSessionId id;
    std::int32_t next_epoch = 1;
    bool by_topic_id = false;
    Time used_at;

    // Takes over what a request adds, changes and forgets.
    void update(const protocol::FetchRequest& request);
    // Everything that is wanted, in the order in which it should be served: whoever got records
    // last stands behind those who did not.
    std::vector<protocol::FetchRequest::Topic> wanted() const;
    // Drops from `response` the partitions that have no news, and remembers what the others said.
    void strip(protocol::FetchResponse& response);

private:
    std::list<Entry> order_;
    std::map<Key, std::list<Entry>::iterator> entries_;
};

// The sessions of one shard: a rule, told the time. Holds at most `sessions_max`; when full the one
// longest unused goes, if it has been so for long enough, and otherwise the newcomer does without.
class FetchSessions {
public:
    struct Options {
        std::size_t sessions_max = 1000;  // max.incremental.fetch.session.cache.slots
        Duration evictable_after = std::chrono::minutes(2);
    };
    // What a request asks for once its session has been consulted.
    struct Plan {
        protocol::ErrorCode error = protocol::ErrorCode::none;  // Of the whole request.
        protocol::FetchSessionId session{0};
        bool is_incremental = false;
    };

    explicit FetchSessions(Options options) : options_(options) {}

    // Consults and updates sessions. `fresh` is an id for a new session, drawn by the caller; for
    // an incremental request `request.topics` becomes all that its session wants.
    Plan begin(protocol::FetchRequest& request, Version version, protocol::FetchSessionId fresh,
               Time now);
    // Completes the response: the session's id, and for an incremental one only the news.
    void finish(const Plan& plan, protocol::FetchResponse& response);
    std::size_t size() const { return sessions_.size(); }

private:
    bool make_room(Time now);

    const Options options_;
    std::map<protocol::FetchSessionId, FetchSession> sessions_;
};

}  // namespace sluice::broker
