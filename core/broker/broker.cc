#include "core/broker/broker.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/controller_channel.h"
#include "core/broker/metadata_driver.h"

namespace sluice::broker {

Broker::Broker(env::Env& env, const BrokerConfig& config, const NodeFacts& facts, LogStore& logs)
    : env_(env),
      config_(config),
      facts_(facts),
      logs_(logs),
      image_(Shared<const metadata::MetadataImage>::make()),
      fetch_sessions_(
          BUGGIFY("fetch.few_sessions")
              ? FetchSessions::Options{.sessions_max = 2, .idle_max = seconds(1)}
              : FetchSessions::Options{.sessions_max = config.fetch_sessions_max,
                                       .partitions_max = config.fetch_session_partitions_max}),
      reply_memory_({.bytes_max = config.reply_memory_max}),
      groups_(*this),
      replicas_(*this),
      producer_ids_(env.scheduler) {}

void Broker::connect(std::vector<Broker*> all, MetadataDriver& metadata,
                     ControllerChannel& controller) {
    all_ = std::move(all);
    metadata_ = &metadata;
    controller_ = &controller;
}

// Partitions of a topic go round the shards; where the round begins differs by topic. Nothing on
// disk depends on it: the number of shards may change between two starts.
ShardId Broker::home_of(const PartitionId& id) const {
    std::uint32_t start = 0;
    for (const std::uint8_t byte : id.topic.bytes) start = start * 31 + byte;
    return ShardId((start + static_cast<std::uint32_t>(id.index.value)) % env_.shards.count());
}

Partition::Use Broker::find(const PartitionId& id) {
    const auto found = partitions_.find(id);
    if (found == partitions_.end() || found->second->retired()) return {};
    return Partition::Use(*found->second);
}

protocol::ErrorCode Broker::error_for_missing(const PartitionId& id) const {
    if (offline_.contains(id)) return protocol::ErrorCode::kafka_storage_error;
    return image_->topic(id.topic) == nullptr ? protocol::ErrorCode::unknown_topic_or_partition
                                              : protocol::ErrorCode::not_leader_or_follower;
}

Result<ProducerId> Broker::next_producer_id() {
    const std::uint64_t known_attempts = producer_id_attempts_;
    TRY(const env::Mutex::Guard guard, producer_ids_.lock());
    if (producer_id_block_.count == 0) {
        // Who waited for one that failed need not wait for another: it would be as long again.
        if (producer_id_attempts_ != known_attempts) return Error::stopped;
        CHECK_OK(fetch_producer_ids());
    }
    --producer_id_block_.count;
    const ProducerId id = producer_id_block_.first;
    producer_id_block_.first = id.next();
    return id;
}

Result<void> Broker::fetch_producer_ids() {
    protocol::AllocateProducerIdsRequest request{config_.node_id};
    if (const auto* self = image_->broker(config_.node_id)) request.broker_epoch = self->epoch;
    const auto block = ask_controller(*this, request);
    ++producer_id_attempts_;
    if (block.failed()) return block.error();
    if (block->error_code != protocol::ErrorCode::none) return Error::stopped;
    producer_id_block_ = {block->producer_id_start, block->producer_id_len};
    return {};
}

void Broker::apply(const Shared<const metadata::MetadataImage>& image,
                   const std::map<std::string, LogHints>& hints) {
    hints_.insert(hints.begin(), hints.end());
    if (!knows_this_life(*image) && !PLANT("replica.earlier_life_goes_on")) {
        image_ = image;
        return;
    }
    retire_missing(*image);
    const std::vector<Opening> opening = openings(*image);
    at_once(opening.size(), "open-log", [&](std::size_t i) { open(opening[i], *image); });
    image_ = image;
    for (auto& [id, partition] : partitions_) {
        const metadata::TopicState* topic = image->topic(id.topic);
        if (topic == nullptr) continue;
        const metadata::PartitionState* state = topic->partition(id.index);
        if (state == nullptr) continue;
        if (!PLANT("config.change_not_live"))
            partition->update(*state, topic_settings(*image, broker_values(), topic->name));
        replicas_.assign(*partition, *image, *state);
    }
    groups_.image_changed();
    if (!config_.is_clustered()) hints_.clear();
}

// Calls `work` for each number below `count`, several at a time: it waits for the disk.
void Broker::at_once(std::size_t count, std::string_view name,
                     const std::function<void(std::size_t)>& work) {
    env::FiberGroup fibers(env_.scheduler);
    std::size_t next = 0;
    const auto some = [&] {
        while (next < count) work(next++);
    };
    for (std::size_t i = 1; i < std::min(config_.log_opens_at_once, count); ++i)
        if (fibers.spawn(name, some).failed()) break;
    some();
    fibers.join();
}

// Its log may lack what an earlier life had not synced: leading on in an epoch of that life would
// give other records the offsets that followers know.
bool Broker::knows_this_life(const metadata::MetadataImage& image) const {
    if (!config_.is_clustered()) return true;
    const auto* const self = image.broker(config_.node_id);
    return self != nullptr && self->incarnation == facts_.incarnation;
}

// This broker is to hold it.
bool Broker::is_ours(const PartitionId& id, const metadata::MetadataImage& image) const {
    const metadata::TopicState* const topic = image.topic(id.topic);
    const auto* const state = topic == nullptr ? nullptr : topic->partition(id.index);
    return state != nullptr && replication::holds(state->replicas, config_.node_id);
}

void Broker::retire_missing(const metadata::MetadataImage& image) {
    std::vector<PartitionId> gone;
    for (const auto& [id, partition] : partitions_)
        if (!is_ours(id, image)) gone.push_back(id);
    for (const PartitionId& id : gone) {
        const auto found = partitions_.find(id);
        replicas_.forget(id);
        found->second->retire();
        const bool has_log = found->second->has_log();
        const std::string name = found->second->log_name();
        const Duration delay = found->second->settings().log.file_delete_delay;
        auto log = found->second->take_log();
        partitions_.erase(found);
        const auto removed =
            has_log ? logs_.remove(std::move(log)) : logs_.remove_unopened(name, delay);
        if (removed.failed()) say_removal_failed(id, removed.error());
    }
    remove_missing_offline(image);
}

void Broker::remove_missing_offline(const metadata::MetadataImage& image) {
    std::map<PartitionId, Offline> gone;
    for (const auto& [id, offline] : offline_)
        if (!is_ours(id, image)) gone.emplace(id, offline);
    for (const auto& [id, offline] : gone) {
        offline_.erase(id);
        const auto removed = logs_.remove_unopened(offline.log, offline.file_delete_delay);
        if (removed.failed() && removed.error() != Error::not_found)
            say_removal_failed(id, removed.error());
    }
}

void Broker::say_removal_failed(const PartitionId& id, Error why) {
    env_.logger.warn("log.remove-failed", {{"topic_id", id.topic.text()},
                                           {"partition", std::to_string(id.index.value)},
                                           {"why", std::string(name_of(why))}});
}

std::vector<Broker::Opening> Broker::openings(const metadata::MetadataImage& image) const {
    std::vector<Opening> list;
    for (const auto& [topic_id, topic] : image.topics_by_id)
        for (const auto& [index, state] : topic->partitions) {
            const PartitionId id{topic_id, index};
            const bool ours = replication::holds(state.replicas, config_.node_id);
            const bool open_or_offline = partitions_.contains(id) || offline_.contains(id);
            const bool grown = index.value > 0 && image_->topic(topic_id) != nullptr;
            if (grown && PLANT("partitions.grown_ones_not_opened")) continue;
            if (ours && home_of(id) == env_.shards.self() && !open_or_offline)
                list.push_back({id, &*topic});
        }
    return list;
}

// What is known of a log is good for opening it once, and for no other of its name.
LogHints Broker::take_hint(const std::string& log, const TopicId& topic) {
    const auto found = hints_.extract(log);
    if (found.empty()) return {};
    const LogHints& hint = found.mapped();
    return hint.synced && hint.synced->topic != topic ? LogHints{} : hint;
}

void Broker::open(const Opening& opening, const metadata::MetadataImage& image) {
    const std::string name = log_name(opening.topic->name, opening.id.index);
    const LogHints hint = take_hint(name, opening.id.topic);
    const TopicSettings settings = topic_settings(image, broker_values(), opening.topic->name);
    // A checkpoint that is taken meanwhile knows the log already, and nothing else of it.
    if (config_.is_clustered() && hint.high_watermark) opening_[name] = *hint.high_watermark;
    auto log = logs_.open(name, opening.id.topic, settings.log, hint);
    opening_.erase(name);
    if (log.failed()) {
        offline_.emplace(opening.id,
                         Offline{name, settings.log.file_delete_delay, hint.high_watermark});
        env_.logger.error("log.offline",
                          {{"partition", name},
                           {"why", std::string(name_of(log.error()))},
                           {"remedy", log.error() == Error::corrupt
                                          ? "restore the partition's directory, or delete the topic"
                                          : "check the disk and restart"}});
        return;
    }
    auto partition =
        std::make_unique<Partition>(env_, opening.id, opening.topic->name, std::move(*log));
    const metadata::PartitionState& state = *opening.topic->partition(opening.id.index);
    partition->update(state, settings);
    if (hint.high_watermark) partition->restore_high_watermark(*hint.high_watermark);
    Partition& opened = *partitions_.emplace(opening.id, std::move(partition)).first->second;
    // At once: others are opened meanwhile, and as long as it has no replica driver it is taken for
    // one that this broker holds alone.
    if (!PLANT("replica.alone_until_all_are_opened")) replicas_.assign(opened, image, state);
}

Broker::HighWatermarks Broker::high_watermarks() const {
    HighWatermarks known = last_high_watermarks_;
    for (const auto& [id, partition] : partitions_)
        if (partition->replica()) known[partition->log_name()] = partition->high_watermark();
    for (const auto& [log, offset] : opening_) known[log] = offset;
    for (const auto& [id, offline] : offline_)
        if (offline.high_watermark) known[offline.log] = *offline.high_watermark;
    return known;
}

void Broker::note_high_watermarks(std::vector<LogStore::Checkpoint>& logs) const {
    const HighWatermarks known = high_watermarks();
    if (known.empty()) return;
    for (LogStore::Checkpoint& log : logs)
        if (const auto found = known.find(log.name); found != known.end())
            log.high_watermark = found->second;
}

void Broker::count(Holdings& holdings) const {
    holdings.reply_bytes += reply_memory_.held();
    for (const auto& [id, partition] : partitions_)
        holdings.watches += partition->watchers().count();
}

void Broker::maintain() {
    // By now a broker of a cluster has heard of all that it holds.
    if (image_->is_active(config_.node_id)) hints_.clear();
    fetch_sessions_.forget_idle(env_.clock.now());
    std::vector<PartitionId> all;
    for (const auto& [id, partition] : partitions_) all.push_back(id);
    for (const PartitionId& id : all) {
        const Partition::Use partition = find(id);
        if (!partition) continue;
        const auto done = partition->log().maintain(partition->high_watermark(), env_.clock.wall());
        // One that is being cut says so too, and is no reason to leave out the others.
        if (done.failed() && done.error() == Error::stopped && stopping_) return;
    }
}

bool Broker::close() {
    last_high_watermarks_ = high_watermarks();
    bool durable = offline_.empty();
    const auto not_closed = [this](const std::string& log, std::string_view why) {
        env_.logger.warn("log.close-failed", {{"partition", log},
                                              {"directory", facts_.log_directory + "/" + log},
                                              {"why", std::string(why)}});
    };
    for (const auto& [id, offline] : offline_)
        not_closed(offline.log, "it could not be opened, as log.offline said");
    std::vector<Partition*> all;
    for (auto& [id, partition] : partitions_) all.push_back(partition.get());
    at_once(all.size(), "close-log", [&](std::size_t i) {
        all[i]->retire();
        if (!all[i]->has_log()) durable = false;
        if (!all[i]->has_log()) return;
        const auto closed = logs_.close(all[i]->log());
        if (!closed.failed()) return;
        durable = false;
        not_closed(all[i]->topic() + "-" + std::to_string(all[i]->id().index.value),
                   name_of(closed.error()));
    });
    partitions_.clear();
    return durable;
}

}  // namespace sluice::broker
