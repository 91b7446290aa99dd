#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/broker/partition.h"
#include "core/broker/peers.h"
#include "core/broker/replica/replica_driver.h"
#include "core/broker/replica/replica_fetcher.h"
#include "core/env/event.h"
#include "core/protocol/messages/alter_partition.h"

namespace sluice::broker {

class Broker;

// How one shard's replicas reach what is not theirs.
struct ReplicaLinks {
    Peers* peers = nullptr;  // Of this shard. Broken off before stop(), and there until it returns.
    // Asks the controller. May wait.
    std::function<Result<protocol::AlterPartitionResponse>(const protocol::AlterPartitionRequest&)>
        propose;
    // What the stores know is on disk on return. May wait.
    std::function<Result<void>()> checkpoint;
    // The node must stop. May wait.
    std::function<void()> failed = [] {};
};

// What one shard does for its replicated partitions: brings each the news of the image, fetches
// from the brokers that lead them, one fiber for each of those, asks the controller for in-sync
// sets, and tells the rules the time. A broker that is alone has none of it but two idle fibers.
class Replicas final : public ReplicaHost {
public:
    explicit Replicas(Broker& broker);

    // Before anything is assigned.
    void connect(ReplicaLinks links) { links_ = std::move(links); }
    // Makes the fibers. Before clients are served, who could take the last ones.
    Result<void> start();
    // The shard's image says so of one of its partitions.
    void assign(Partition& partition, const metadata::MetadataImage& image,
                const metadata::PartitionState& state);
    // It is retired.
    void forget(const PartitionId& id);
    // Ends the fibers, once the peers are broken off. Again and again does no harm.
    void stop();

    void proposed(const PartitionId& id, const replication::Propose& proposal) override;
    void plan(const PartitionId& id, Time wake_at) override;
    void follower_moved(const PartitionId& id) override;
    void log_failed(const PartitionId& id) override;
    Result<std::unique_ptr<PartitionLog>> cut(const PartitionId& id,
                                              std::unique_ptr<PartitionLog> log,
                                              const LogStore::Cut& what) override;

    // For the fetchers.
    Broker& broker() { return broker_; }
    Peers& peers() { return *links_.peers; }
    bool stopping() const { return stopping_; }
    // False when there is no fiber to be had.
    bool spawn(std::string_view name, Task body) {
        return !fibers_.spawn(name, std::move(body)).failed();
    }
    // Does in a fiber what the replica has to do before it asks again.
    void finish_work(Partition::Use partition);

private:
    using Proposals = std::map<PartitionId, replication::Propose>;

    void follow(const PartitionId& id, BrokerId leader);
    void run_timers();
    void tell_time();
    Result<void> record_cut(const PartitionId& id);
    void run_proposals();
    void send(const Proposals& proposals);
    protocol::AlterPartitionRequest request_of(const Proposals& proposals) const;

    Broker& broker_;
    env::Env& env_;
    ReplicaLinks links_;
    std::map<BrokerId, std::unique_ptr<ReplicaFetcher>> fetchers_;
    std::map<PartitionId, BrokerId> leaders_;  // Of those that this shard follows.
    std::map<PartitionId, Time> planned_;
    std::set<std::pair<Time, PartitionId>> times_;
    env::Event timers_moved_;
    Proposals proposals_;
    env::Event proposals_came_;
    bool stopping_ = false;
    bool failed_ = false;
    bool failure_to_tell_ = false;
    env::FiberGroup fibers_;
};

}  // namespace sluice::broker
