#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/base/time.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/watchers.h"
#include "core/env/shards.h"

namespace sluice::broker {

// What a response may hold however much others hold.
inline constexpr std::size_t fetch_response_bytes_min = 64 << 10;

// The topic that a request means, by its name or, since version 13, by its id (KIP-516).
const metadata::TopicState* fetched_topic(const metadata::MetadataImage& image,
                                          const protocol::FetchRequest::Topic& topic,
                                          Version version);

// One partition of a fetch on its way to its home shard and back.
struct FetchItem {
    const protocol::FetchRequest::Topic* topic = nullptr;
    const protocol::FetchRequest::Partition* wanted = nullptr;
    PartitionId id;
    protocol::ErrorCode error = protocol::ErrorCode::none;
    Offset high_watermark{-1};
    Offset log_start{-1};
    protocol::FetchResponse::EpochEndOffset diverging;
    Bytes records;
    std::uint64_t counted = 0;  // The partition's committed bytes that were read or waited for.
    // Of a follower: the epoch in which its leader was told what it has, and the log's end then.
    LeaderEpoch told_in = no_leader_epoch;
    Offset seen_end{-1};
};

// One Fetch request: reads what is there on the shards it lies on, and waits for more when that is
// too little. Lives in the frame of the fiber that serves the request, which waits for everything
// that uses it on other shards.
class FetchOperation {
public:
    FetchOperation(Broker& broker, const protocol::FetchRequest& request, Version version)
        : broker_(broker), request_(request), version_(version) {}

    protocol::FetchResponse run();

private:
    using Group = std::vector<FetchItem*>;  // Of one home shard.

    // A wait for news on another shard, which that shard's partitions or our cancelling end.
    struct RemoteWait {
        RemoteWait(env::Shards& shards, ShardId there, std::uint64_t wanted)
            : home(there), event(shards.scheduler_of(there)), watch{event, wanted}, call(shards) {}
        ShardId home;
        env::Event event;  // Of the other shard.
        Watch watch;
        env::RemoteCall call;
        std::optional<env::RemoteCall> cancel;
    };

    BrokerId follower() const;
    void resolve();
    void serve_one(Time deadline);
    bool serve_there(Broker& there, Group& group, Time deadline);
    void serve_many(Time deadline);
    void begin_reading();
    void look_at_memory();
    void read_all();
    void refuse(const Group& group);
    std::size_t first_group() const;
    void read_group(Broker& there, Group& group);
    protocol::ErrorCode look_for_consumer(const Partition& partition, FetchItem& item) const;
    static protocol::ErrorCode find_divergence(const Partition& partition, FetchItem& item);
    protocol::ErrorCode look_for_follower(Partition& partition, FetchItem& item) const;
    void read_one(Broker& there, FetchItem& item);
    void read_records(Broker& there, Partition& partition, FetchItem& item, Offset before);
    std::size_t wanted_bytes() const;
    std::uint64_t missing() const;
    bool is_over(Broker& there, Time deadline) const;
    bool wait_for_bytes(std::uint64_t& wanted, Time deadline);
    void begin_watch(Broker& there, const Group& group, Watch& watch) const;
    static void end_watch(Broker& there, const Group& group, Watch& watch);
    protocol::FetchResponse response();

    Broker& broker_;
    const protocol::FetchRequest& request_;
    Version version_;
    std::vector<FetchItem> items_;
    std::map<ShardId, Group> groups_;
    std::size_t bytes_ = 0;                  // In the response,
    std::size_t available_ = 0;              // and what could be, more of it with the next fetch.
    bool is_enough_ = false;                 // What came while it waited.
    std::size_t memory_left_ = 0;            // For what this response may hold,
    std::size_t first_batch_bytes_max_ = 0;  // and a batch that is given whatever its size.
};

}  // namespace sluice::broker
