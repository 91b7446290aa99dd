#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/cluster/control_plane.h"
#include "core/broker/data_directory.h"
#include "core/broker/frontend.h"
#include "core/broker/metadata_driver.h"
#include "core/broker/start_failure.h"
#include "core/env/event.h"

namespace sluice::broker {

// Everything above the doors: starts in the right order, keeps the periodic work going, and stops.
// The real process and the simulator wire the same Node to different doors.
class Node {
public:
    // How its parts below are made. Each is called on the shard that will use what it makes.
    struct Parts {
        std::function<std::unique_ptr<DataDirectory>(env::Env&)> directory;
        std::function<std::unique_ptr<LogStore>(env::Env&)> logs;
        std::function<std::unique_ptr<Frontend>(std::vector<env::Env*>, std::vector<Service*>)>
            frontend;
        // None where nobody else is asked.
        std::function<std::unique_ptr<Peers>(env::Env&)> peers = {};
        // Sees what becomes of the metadata log; outlives the node.
        QuorumWatch* watch = nullptr;
        // A disk failed for good: stop() is to be called. On the first shard, perhaps more than
        // once.
        std::function<void()> failed = [] {};
    };

    // `shards` in their order; each env belongs to its shard.
    Node(std::vector<env::Env*> shards, BrokerConfig config, Parts parts);
    ~Node();

    // Opens the data directory, recovers, and serves. In a fiber of the first shard. stop() must
    // follow, also after a failure.
    Result<void, StartFailure> start();
    // Finishes what is under way, makes everything durable, and marks the directory clean.
    // False when something could not be made durable.
    bool stop();

    const NodeFacts& facts() const { return facts_; }
    const env::Address& listening() const { return listening_; }
    std::size_t partition_count() const;
    // In a fiber of the first shard, between start() and stop().
    Holdings holdings();
    // The same.
    MetadataDriver& metadata() { return *metadata_; }

private:
    // What one shard holds; made, used and destroyed there.
    struct ShardParts {
        explicit ShardParts(env::Env& shard_env)
            : env(shard_env),
              fibers(shard_env.scheduler),
              stopping(shard_env.scheduler),
              checkpoints_end(shard_env.scheduler) {}
        env::Env& env;
        env::FiberGroup fibers;
        env::Event stopping;           // For the periodic fiber,
        env::Event checkpoints_end;    // and for the other one.
        std::unique_ptr<Peers> peers;  // Null where nobody else is asked.
        std::unique_ptr<LogStore> logs;
        std::unique_ptr<Broker> broker;
    };

    Result<void, StartFailure> open_directory();
    Result<void, StartFailure> check_voters();
    Result<void, StartFailure> start_shards();
    Result<void, StartFailure> listen();
    Result<void, StartFailure> start_metadata();
    Result<void, StartFailure> check_groups();
    Result<void, StartFailure> start_periodic_work();
    void keep_checkpoints();
    Result<void> write_checkpoints();
    Result<void> write_checkpoint();
    void add_unopened(std::vector<LogStore::Checkpoint>& logs);
    void keep_checkpoint();
    std::uint64_t bytes_appended();
    void look_for_failure();
    bool close_logs();
    void on_each_shard(const std::function<void(ShardParts&)>& body);

    std::vector<env::Env*> envs_;
    env::Env& env_;  // The first shard's.
    BrokerConfig config_;
    Parts parts_;
    NodeFacts facts_;
    env::Address listening_;
    std::map<std::string, LogHints> hints_;
    std::unique_ptr<DataDirectory> directory_;
    std::vector<std::unique_ptr<ShardParts>> shards_;
    std::unique_ptr<MetadataDriver> metadata_;
    std::unique_ptr<ControlPlane> control_;
    std::unique_ptr<Frontend> frontend_;
    std::map<std::string, LogHints> unopened_;  // What is known of logs nobody has asked for yet.
    env::Mutex checkpointing_;
    std::uint64_t checkpoints_begun_ = 0;
    std::uint64_t checkpoint_done_ = 0;  // The number of the last one that was written.
    bool recovered_ = false;
};

}  // namespace sluice::broker
