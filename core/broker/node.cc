#include "core/broker/node.h"

#include <fmt/format.h>

#include <atomic>

#include "core/broker/controller_channel.h"
#include "core/broker/quorum_membership.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {

namespace {

StartFailure failure(Error error, std::string_view what, std::string_view remedy) {
    return {error, fmt::format("{} ({}). {}", what, name_of(error), remedy)};
}

StartFailure cannot_listen(Error error, const env::Address& address) {
    if (error == Error::exists)
        return {error, fmt::format("another process listens on {}. Stop it, or choose another "
                                   "address with --listen.",
                                   address.text())};
    if (error == Error::invalid || error == Error::not_found)
        return {error, fmt::format("cannot listen on {}: {} is no address of this machine. Choose "
                                   "one with --listen.",
                                   address.text(), address.host)};
    return {error, fmt::format("cannot listen on {}: the system does not allow it. Choose another "
                               "address with --listen.",
                               address.text())};
}

}  // namespace

Node::Node(std::vector<env::Env*> shards, BrokerConfig config, Parts parts)
    : envs_(std::move(shards)),
      env_(*envs_.front()),
      config_(std::move(config)),
      parts_(std::move(parts)),
      checkpointing_(env_.scheduler) {}

Node::~Node() = default;

void Node::on_each_shard(const std::function<void(ShardParts&)>& body) {
    for (std::uint32_t shard = 0; shard < shards_.size(); ++shard)
        static_cast<void>(env::call_at_last(env_.scheduler, env_.shards, ShardId(shard), [&] {
                              body(*shards_[shard]);
                          }).failed());
}

Result<void, StartFailure> Node::start() {
    CHECK_OK(open_directory());
    CHECK_OK(start_shards());
    CHECK_OK(listen());
    CHECK_OK(start_metadata());
    CHECK_OK(check_groups());
    recovered_ = true;
    // Everything of the broker's own runs before clients come, who could take the last fibers.
    CHECK_OK(start_periodic_work());
    if (const auto served = frontend_->serve(); served.failed())
        return failure(served.error(), "no connection can be accepted", "Raise fibers.max.");
    if (const auto started = control_->start(); started.failed())
        return failure(started.error(), "the cluster cannot be joined", "Raise fibers.max.");
    return {};
}

// Before anything is recovered: a port that is taken is said at once, and the port that the system
// chose is what clients are told.
Result<void, StartFailure> Node::listen() {
    std::vector<Service*> services;
    for (const auto& shard : shards_) services.push_back(shard->broker.get());
    frontend_ = parts_.frontend(envs_, services);
    if (!config_.controller_listen.host.empty()) {
        const env::Address& address = config_.controller_listen;
        const auto listening = frontend_->listen(address, ListenerKind::controllers);
        if (listening.failed()) return cannot_listen(listening.error(), address);
        listening_ = *listening;
    }
    if (!config_.is_broker) return {};
    const auto listening = frontend_->listen(config_.listen, ListenerKind::clients);
    if (listening.failed()) return cannot_listen(listening.error(), config_.listen);
    listening_ = *listening;
    facts_.advertised = config_.advertise;
    if (facts_.advertised.host.empty()) facts_.advertised = {config_.listen.host, 0};
    if (facts_.advertised.port == 0) facts_.advertised.port = listening_.port;
    return {};
}

Result<void, StartFailure> Node::open_directory() {
    directory_ = parts_.directory(env_);
    const std::string& where = config_.data_directory;
    const auto opened = directory_->open();
    if (opened.failed()) {
        if (opened.error() == Error::exists)
            return StartFailure{opened.error(),
                                fmt::format("another process uses the data directory {}. Stop it, "
                                            "or choose another directory with --data.",
                                            where)};
        return failure(opened.error(), fmt::format("the data directory {} cannot be opened", where),
                       "Check its permissions and its meta.properties.");
    }
    DirectoryIdentity identity;
    if (*opened) {
        identity = **opened;
        if (identity.node_id != config_.node_id)
            return failure(Error::invalid,
                           fmt::format("the data directory {} belongs to node {}, not to node {}",
                                       where, identity.node_id.value, config_.node_id.value),
                           "Set node.id to it, or choose another directory with --data.");
    } else if (config_.is_clustered()) {
        return failure(Error::invalid, "the data directory is not formatted",
                       "Run sluice format with the cluster id of the other nodes.");
    } else {
        identity = {Uuid::random(env_.random).text(), config_.node_id, Uuid::random(env_.random)};
        if (const auto formatted = directory_->format(identity); formatted.failed())
            return failure(formatted.error(),
                           fmt::format("the data directory {} cannot be formatted", where),
                           "Check its permissions and the free space.");
    }
    CHECK_OK(check_voters());
    facts_.log_directory = config_.data_directory;
    facts_.cluster_id = identity.cluster_id;
    facts_.directory_id = identity.directory_id;
    facts_.incarnation = Uuid::random(env_.random);
    auto hints = directory_->begin();
    if (hints.failed() && hints.error() == Error::corrupt)
        return failure(hints.error(),
                       fmt::format("the journals or checkpoints of {} are damaged", where),
                       "The log lines above name the file. Restore the directory from a copy; or "
                       "remove the file, and lose what only it has.");
    if (hints.failed())
        return failure(
            hints.error(),
            fmt::format("what the last run left in {} cannot be brought to the logs", where),
            "Check the disk and its free space.");
    hints_ = std::move(*hints);
    return {};
}

// Before anything is changed: started again as what it was, the directory is as it was.
Result<void, StartFailure> Node::check_voters() {
    const auto voters = directory_->quorum_voters();
    const auto state = directory_->quorum_state();
    // What cannot be read is said where the metadata log is opened.
    if (voters.failed() || state.failed() || !*state) return {};
    const KeptQuorum kept{.voters = *voters, .leader = (*state)->leader};
    if (const auto complaint = complaint_about_voters(kept, config_))
        return StartFailure{Error::invalid, *complaint};
    return {};
}

Result<void, StartFailure> Node::start_shards() {
    for (env::Env* each : envs_) shards_.push_back(std::make_unique<ShardParts>(*each));
    Result<void> started;
    on_each_shard([this, &started](ShardParts& shard) {
        if (parts_.peers) shard.peers = parts_.peers(shard.env);
        shard.logs = parts_.logs(shard.env);
        shard.broker = std::make_unique<Broker>(shard.env, config_, facts_, *shard.logs);
        if (const auto store = shard.logs->start(); store.failed()) started = store;
        if (const auto groups = shard.broker->groups().start(); groups.failed()) started = groups;
        if (const auto own = shard.broker->replicas().start(); own.failed()) started = own;
    });
    for (const auto& shard : shards_)
        if (!shard->broker)
            return failure(Error::stopped, "the node was stopped", "Start it again.");
    if (started.failed())
        return failure(started.error(), "the broker's own work cannot begin", "Raise fibers.max.");
    Peers* const peers = shards_.front()->peers.get();
    metadata_ =
        std::make_unique<MetadataDriver>(env_, config_, *directory_, *shards_.front()->logs, peers);
    control_ = std::make_unique<ControlPlane>(env_, config_, facts_, *metadata_, peers);
    std::vector<Broker*> brokers;
    for (const auto& shard : shards_) brokers.push_back(shard->broker.get());
    for (const auto& shard : shards_) {
        shard->broker->connect(brokers, *metadata_, control_->channel());
        shard->broker->replicas().connect(
            {.peers = shard->peers.get(),
             .propose = [broker = shard->broker.get()](
                            const auto& request) { return ask_controller(*broker, request); },
             .checkpoint = [this, &env = shard->env]() -> Result<void> {
                 Result<void> written;
                 CHECK_OK(env::call_at_last(env.scheduler, env.shards, ShardId(0),
                                            [&] { written = write_checkpoints(); }));
                 return written;
             },
             .failed =
                 [this, &env = shard->env] {
                     static_cast<void>(
                         env::call_at_last(env.scheduler, env.shards, ShardId(0), [this] {
                             parts_.failed();
                         }).failed());
                 }});
    }
    metadata_->connect(brokers);
    return {};
}

Result<void, StartFailure> Node::start_metadata() {
    const auto hint = hints_.find(std::string(metadata_log_name));
    const LogHints known = hint == hints_.end() ? LogHints{} : hint->second;
    // Where the image comes from others, logs are opened as it comes.
    if (config_.is_clustered()) unopened_ = hints_;
    metadata_->set_hints(std::move(hints_));
    CHECK_OK(metadata_->start(known, {.facts = facts_,
                                      .checkpoint = [this] { return write_checkpoints(); },
                                      .failed = parts_.failed,
                                      .changed = [this] { control_->changed(); },
                                      .watch = parts_.watch}));
    if (!config_.is_broker || config_.is_clustered()) return {};
    const auto registered = metadata_->register_broker(facts_);
    if (registered.failed())
        return failure(registered.error(), "the broker cannot register itself in the metadata log",
                       "Check the disk.");
    return {};
}

// Where another broker was last, all of its groups must be of the kind that is served. What this
// broker writes is.
Result<void, StartFailure> Node::check_groups() {
    if (!directory_->is_foreign()) return {};
    std::vector<std::optional<PartitionIndex>> found(shards_.size());
    const auto checked = env::call_all(env_.shards, [&](ShardId shard) {
        found[shard.value] = shards_[shard.value]->broker->groups().find_foreign();
    });
    if (checked.failed())
        return failure(checked.error(), "the groups cannot be read", "Try again.");
    for (const auto& partition : found)
        if (partition)
            return StartFailure{
                Error::invalid,
                fmt::format("this version cannot serve the data directory {}: {}-{} holds "
                            "groups of the consumer protocol (KIP-848), share groups or streams "
                            "groups. Delete them with the broker that made them, and start "
                            "again.",
                            config_.data_directory, metadata::consumer_offsets_topic,
                            partition->value)};
    return {};
}

Result<void, StartFailure> Node::start_periodic_work() {
    Result<void> all;
    on_each_shard([this, &all](ShardParts& shard) {
        const bool is_first = &shard == shards_.front().get();
        const Duration interval =
            is_first ? std::min(config_.retention_check_interval, config_.checkpoint_interval)
                     : config_.retention_check_interval;
        const auto spawned = shard.fibers.spawn("periodic", [this, &shard, is_first, interval] {
            Time maintained = shard.env.clock.now();
            for (;;) {
                const auto waited = shard.stopping.wait_until(shard.env.clock.now() + interval);
                if (waited || waited.error() != Error::timed_out) return;
                if (is_first) look_for_failure();
                if (shard.env.clock.now() - maintained < config_.retention_check_interval) continue;
                maintained = shard.env.clock.now();
                shard.broker->maintain();
                if (is_first) metadata_->maintain();
            }
        });
        if (spawned.failed()) all = spawned;
        if (!is_first) return;
        const auto keeps = shard.fibers.spawn("checkpoints", [this] { keep_checkpoints(); });
        if (keeps.failed()) all = keeps;
    });
    if (all.failed())
        return failure(all.error(), "the periodic work cannot begin", "Raise fibers.max.");
    return {};
}

// By time, and earlier when much was appended: that is what a start after a crash must read. The
// first one is taken at once, so that a start which soon follows need not find out again what this
// one did.
void Node::keep_checkpoints() {
    env::Event& end = shards_.front()->checkpoints_end;
    keep_checkpoint();
    Time written = env_.clock.now();
    std::uint64_t covered = bytes_appended();
    for (;;) {
        const Duration interval =
            std::min(config_.checkpoint_poll_interval, config_.checkpoint_interval);
        const auto waited = end.wait_until(env_.clock.now() + interval);
        if (waited || waited.error() != Error::timed_out) return;
        const std::uint64_t appended = bytes_appended();
        const bool is_due = env_.clock.now() - written >= config_.checkpoint_interval;
        if (!is_due && appended - covered < config_.checkpoint_bytes) continue;
        keep_checkpoint();
        written = env_.clock.now();
        covered = appended;
    }
}

std::uint64_t Node::bytes_appended() {
    std::uint64_t bytes = 0;
    on_each_shard([&](ShardParts& shard) { bytes += shard.logs->bytes_appended(); });
    return bytes;
}

// One at a time: what was gathered later must not be overwritten. Who waited while one that began
// after him was written need not write another.
Result<void> Node::write_checkpoints() {
    const std::uint64_t asked = checkpoints_begun_;
    TRY(const env::Mutex::Guard guard, checkpointing_.lock());
    if (checkpoint_done_ > asked) return {};
    const std::uint64_t number = ++checkpoints_begun_;
    CHECK_OK(write_checkpoint());
    checkpoint_done_ = number;
    return {};
}

Result<void> Node::write_checkpoint() {
    std::vector<LogStore::Checkpoint> all;
    on_each_shard([&](ShardParts& shard) {
        auto own = shard.logs->checkpoints();
        shard.broker->note_high_watermarks(own);
        all.insert(all.end(), own.begin(), own.end());
    });
    add_unopened(all);
    return directory_->checkpoint(all);
}

// What is known of logs that were not opened yet must not be forgotten.
void Node::add_unopened(std::vector<LogStore::Checkpoint>& logs) {
    for (auto& log : logs) {
        const auto found = unopened_.extract(log.name);
        if (found.empty() || log.high_watermark) continue;
        // Its broker has not got so far as to say what is committed.
        const LogHints& hint = found.mapped();
        if (hint.synced && hint.synced->topic == log.synced.topic)
            log.high_watermark = hint.high_watermark;
    }
    for (const auto& [name, hint] : unopened_) {
        if (!hint.synced && !hint.recovery_point) continue;
        logs.push_back({.name = name,
                        .recovery_point = hint.recovery_point.value_or(Offset(0)),
                        .start = {},
                        .synced = hint.synced.value_or(SyncedLog{}),
                        .summary = hint.summary,
                        .outdated = hint.outdated,
                        .high_watermark = hint.high_watermark});
    }
}

void Node::keep_checkpoint() {
    if (const auto written = write_checkpoints(); written.failed())
        env_.logger.warn("checkpoint.failed",
                         {{"why", std::string(name_of(written.error()))},
                          {"remedy", "recovery after a crash will read more"}});
}

void Node::look_for_failure() {
    bool failed = false;
    on_each_shard([&](ShardParts& shard) { failed = failed || shard.logs->failed(); });
    if (failed) parts_.failed();
}

bool Node::stop() {
    if (control_) control_->leave();
    on_each_shard([](ShardParts& shard) {
        if (shard.broker) shard.broker->begin_stop();
    });
    on_each_shard([](ShardParts& shard) {
        if (shard.broker) shard.broker->wake_fetches();
    });
    if (control_) control_->begin_stop();
    if (metadata_) metadata_->begin_stop();
    // Nobody who serves a client may wait for another node any more.
    on_each_shard([](ShardParts& shard) {
        if (shard.peers) shard.peers->break_off();
    });
    if (frontend_) frontend_->close(env_.clock.now() + config_.stop_time_max);
    frontend_.reset();
    on_each_shard([](ShardParts& shard) {
        shard.stopping.set();
        shard.checkpoints_end.set();
        shard.fibers.join();
    });
    if (metadata_) metadata_->stop();
    if (control_) control_->stop();
    on_each_shard([](ShardParts& shard) {
        if (shard.broker) shard.broker->replicas().stop();
    });
    const bool durable = close_logs();
    on_each_shard([](ShardParts& shard) {
        if (shard.peers) shard.peers->close();
        if (shard.logs) shard.logs->stop();
        shard.broker.reset();
        shard.peers.reset();
        shard.logs.reset();
    });
    control_.reset();
    metadata_.reset();
    directory_.reset();
    return durable;
}

bool Node::close_logs() {
    if (!metadata_) return true;
    std::vector<LogStore::Checkpoint> checkpoints;
    std::atomic<bool> durable{true};
    const auto closed = env::call_all(env_.shards, [&](ShardId shard) {
        Broker* const broker = shards_[shard.value]->broker.get();
        if (broker != nullptr && !broker->close()) durable = false;
    });
    if (closed.failed() || metadata_->close().failed()) durable = false;
    on_each_shard([&](ShardParts& shard) {
        auto own = shard.logs->checkpoints();
        shard.broker->note_high_watermarks(own);
        checkpoints.insert(checkpoints.end(), own.begin(), own.end());
    });
    add_unopened(checkpoints);
    if (!recovered_ || !durable) return durable;
    return !directory_->checkpoint(checkpoints).failed() && !directory_->mark_clean().failed();
}

Holdings Node::holdings() {
    Holdings all;
    frontend_->count(all);
    on_each_shard([&](ShardParts& shard) { shard.broker->count(all); });
    return all;
}

std::size_t Node::partition_count() const {
    return shards_.empty() ? 0 : metadata_->image().partition_count;
}

}  // namespace sluice::broker
