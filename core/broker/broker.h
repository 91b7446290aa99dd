#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "core/broker/broker_config.h"
#include "core/broker/fetch_sessions.h"
#include "core/broker/group_coordinators.h"
#include "core/broker/holdings.h"
#include "core/broker/log.h"
#include "core/broker/partition.h"
#include "core/broker/replica/replicas.h"
#include "core/broker/reply_memory.h"
#include "core/broker/service.h"
#include "core/env/env.h"
#include "core/env/event.h"
#include "core/metadata/image.h"

namespace sluice::broker {

class ControllerChannel;
class MetadataDriver;

// What every shard of a node knows about the node.
struct NodeFacts {
    std::string cluster_id;
    Uuid directory_id;
    env::Address advertised;
    std::string log_directory;
    Uuid incarnation = {};  // This life of it, as it registers.
};

// One shard of the broker: its partitions, its view of the metadata, and the requests of its
// connections.
class Broker final : public Service {
public:
    Broker(env::Env& env, const BrokerConfig& config, const NodeFacts& facts, LogStore& logs);
    ~Broker() override { ASSERT(partitions_.empty()); }

    // The brokers of all shards by number, this one among them, and what the first shard has: the
    // metadata driver, and the way to the active controller.
    void connect(std::vector<Broker*> all, MetadataDriver& metadata, ControllerChannel& controller);

    Result<std::unique_ptr<PendingReply>> begin(Session& session, Bytes frame) override;
    bool lacks_reply_memory() const override { return reply_memory_.is_overdrawn(); }
    void ended(Session& session) override;

    // Makes `image` this shard's view: opens the partitions that are new here, retires those that
    // are gone or belong to others now; in a cluster once the image knows this life of the broker:
    // what earlier ones say it leads or lacks is over. One call at a time. `hints` are what a start
    // knows of the logs.
    void apply(const Shared<const metadata::MetadataImage>& image,
               const std::map<std::string, LogHints>& hints);
    // Sends away requests that wait for other clients, so that a stop need not. In two steps, the
    // first on every shard before the second on any: a fetch may wait on one shard for news on
    // another.
    void begin_stop() {
        stopping_ = true;
        groups_.stop();
    }
    void wake_fetches() {
        for (auto& [id, partition] : partitions_) partition->watchers().changed();
    }
    bool stopping() const { return stopping_; }
    // Applies retention to every log, and forgets what clients left behind.
    void maintain();
    // Syncs and closes every log; false when one could not be. No request may come any more.
    bool close();

    // For the handlers.
    const metadata::MetadataImage& image() const { return *image_; }
    Shared<const metadata::MetadataImage> shared_image() const { return image_; }
    ShardId home_of(const PartitionId& id) const;
    Broker& on(ShardId shard) { return *all_[shard.value]; }  // Only to be used on that shard.
    Partition::Use find(const PartitionId& id);
    // Why find() gave nothing for a partition whose home this shard is.
    protocol::ErrorCode error_for_missing(const PartitionId& id) const;
    // A producer id nobody has had; now and then fetches a new block from the controller.
    Result<ProducerId> next_producer_id();
    MetadataDriver& metadata() { return *metadata_; }         // Only to be used on the first shard.
    ControllerChannel& controller() { return *controller_; }  // The same.
    GroupCoordinators& groups() { return groups_; }           // Only to be used on this shard.
    Replicas& replicas() { return replicas_; }                // The same.
    FetchSessions& fetch_sessions() { return fetch_sessions_; }
    ReplyMemory& reply_memory() { return reply_memory_; }
    const ReplyMemory& reply_memory() const { return reply_memory_; }
    LogStore& logs() { return logs_; }
    env::Env& env() { return env_; }
    const BrokerConfig& config() const { return config_; }
    const NodeFacts& facts() const { return facts_; }
    metadata::BrokerValues broker_values() const { return {config_.given, config_.node_id}; }
    // `image` has the registration of this life.
    bool knows_this_life(const metadata::MetadataImage& image) const;
    std::size_t partition_count() const { return partitions_.size(); }
    // Adds to what the store knows of its logs what is committed, where others decide that too.
    void note_high_watermarks(std::vector<LogStore::Checkpoint>& logs) const;
    // Adds what its clients hold of this shard.
    void count(Holdings& holdings) const;
    template <class Visit>
    void each_partition(Visit visit) {
        for (auto& [id, partition] : partitions_) visit(*partition);
    }

private:
    struct Opening {
        PartitionId id;
        const metadata::TopicState* topic;
    };
    // A partition whose log could not be opened.
    struct Offline {
        std::string log;
        Duration file_delete_delay;
        std::optional<Offset> high_watermark = {};  // As the last run left it.
    };
    using HighWatermarks = std::map<std::string, Offset>;  // By log.
    HighWatermarks high_watermarks() const;
    void at_once(std::size_t count, std::string_view name,
                 const std::function<void(std::size_t)>& work);
    bool is_ours(const PartitionId& id, const metadata::MetadataImage& image) const;
    void retire_missing(const metadata::MetadataImage& image);
    void remove_missing_offline(const metadata::MetadataImage& image);
    void say_removal_failed(const PartitionId& id, Error why);
    std::vector<Opening> openings(const metadata::MetadataImage& image) const;
    void open(const Opening& opening, const metadata::MetadataImage& image);
    Result<void> fetch_producer_ids();
    LogHints take_hint(const std::string& log, const TopicId& topic);

    env::Env& env_;
    const BrokerConfig& config_;
    const NodeFacts& facts_;
    LogStore& logs_;
    std::vector<Broker*> all_;
    MetadataDriver* metadata_ = nullptr;
    ControllerChannel* controller_ = nullptr;
    Shared<const metadata::MetadataImage> image_;
    std::map<PartitionId, std::unique_ptr<Partition>> partitions_;
    bool stopping_ = false;
    std::map<PartitionId, Offline> offline_;
    HighWatermarks opening_;  // Of logs that are being opened, as the last run left them.
    std::map<std::string, LogHints> hints_;  // Of logs that were not opened yet.
    HighWatermarks last_high_watermarks_;    // When it closed.
    FetchSessions fetch_sessions_;
    ReplyMemory reply_memory_;
    GroupCoordinators groups_;
    Replicas replicas_;
    env::Mutex producer_ids_;
    std::uint64_t producer_id_attempts_ = 0;  // To fetch a block, that have ended.
    metadata::Controller::ProducerIdBlock producer_id_block_;
};

}  // namespace sluice::broker
