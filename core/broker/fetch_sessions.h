#pragma once

#include <cstdint>
#include <functional>
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
    // As its client names it: by name or, since version 13, by id; the other one is empty.
    struct Topic {
        std::string name;
        TopicId id;
        friend auto operator<=>(const Topic&, const Topic&) = default;
    };
    // What is wanted of a partition and what its reader was told last.
    struct Entry {
        const Topic* topic;
        protocol::FetchRequest::Partition wanted;
        std::list<Entry>::iterator place = {};  // Its own, in the order.
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
    std::size_t partition_count() const { return order_.size(); }

private:
    using Entries = std::map<PartitionIndex, std::list<Entry>::iterator>;

    Entry* find(const Topic& topic, PartitionIndex index);

    std::list<Entry> order_;
    std::map<Topic, Entries> topics_;
};

// The sessions of one shard: a rule, told the time. Holds at most so many, of so many partitions;
// whoever finds no room does without. What was not used for long enough is forgotten.
class FetchSessions {
public:
    // Of one shard.
    struct Options {
        std::size_t sessions_max = 1000;       // max.incremental.fetch.session.cache.slots
        std::size_t partitions_max = 100'000;  // fetch.session.partitions.max
        Duration idle_max = std::chrono::minutes(2);
    };
    // Is there such a partition? No session begins with others; one that goes on takes them, as
    // its client counts on hearing when they come.
    using Exists = std::function<bool(const protocol::FetchRequest::Topic&, PartitionIndex)>;
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
               Time now, const Exists& exists);
    // Completes the response: the session's id, and for an incremental one only the news.
    void finish(const Plan& plan, protocol::FetchResponse& response);
    void forget_idle(Time now);
    std::size_t size() const { return sessions_.size(); }
    std::size_t partition_count() const { return partitions_; }

private:
    using Sessions = std::map<protocol::FetchSessionId, FetchSession>;

    // False when the session does not fit any more: then it is gone.
    bool update(FetchSession& session, const protocol::FetchRequest& request);
    Sessions::iterator forget(Sessions::iterator session);

    const Options options_;
    Sessions sessions_;
    std::size_t partitions_ = 0;  // Of all sessions.
};

}  // namespace sluice::broker
