#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/base/time.h"
#include "core/broker/partition.h"
#include "core/env/event.h"
#include "core/env/network.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/list_offsets.h"
#include "core/replication/follower_session.h"

namespace sluice::broker {

class Replicas;

// Follows one broker with all the partitions of a shard that it leads: one fiber while there are
// any, one request at a time, all in one fetch session. It asks for more when what came is on disk
// (decisions 0032).
class ReplicaFetcher {
public:
    ReplicaFetcher(Replicas& shard, BrokerId leader);

    void follow(const PartitionId& id);
    void leave(const PartitionId& id) {
        partitions_.erase(id);
        moved_.set();
    }
    // One of them may ask for something else now. Where no fiber was to be had it begins now.
    void moved();
    // Never waits; whoever does joins the fibers.
    void stop() { moved_.set(); }

private:
    using Wanted = std::map<replication::SessionPartition, replication::FetchAsk>;

    void run();
    bool is_over() const;
    Wanted collect();
    void wait_for_somebody();
    void fetch(const Wanted& wanted);
    void take(const protocol::FetchResponse& response);
    void take_one(const TopicId& topic, const protocol::FetchResponse::Partition& answer);
    void fail(const Wanted& wanted);
    void wait_until_durable();
    void locate();
    void locate_one(const PartitionId& id);
    std::optional<Offset> ask_offset(const std::string& name, PartitionIndex index,
                                     LeaderEpoch epoch, Timestamp which);
    protocol::FetchRequest request_of(const replication::FollowerSession::Request& next) const;
    std::optional<env::Address> leader_address() const;

    Replicas& shard_;
    env::Env& env_;
    const BrokerId leader_;
    std::set<PartitionId> partitions_;
    std::set<PartitionId> appended_;  // By the last answer.
    replication::FollowerSession session_;
    Time next_at_ = never;  // When one that did not ask may,
    bool all_ask_ = false;  // if there is one.
    bool running_ = false;
    bool said_unreachable_ = false;
    env::Event moved_;
};

}  // namespace sluice::broker
