#include "core/broker/metadata_driver.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/cluster/features.h"
#include "core/metadata/replay.h"
#include "core/metadata/served.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/versioned.h"

namespace sluice::broker {
namespace {

// How long what a full disk refused is left alone.
constexpr Duration full_disk_pause = milliseconds(100);

StartFailure cannot_recover(Error error, std::string_view why) {
    return {error, fmt::format("the metadata log cannot be recovered: {}. Restore {} from a copy.",
                               why, metadata_log_name)};
}

StartFailure cannot_serve(std::string_view what) {
    return {Error::invalid, fmt::format("this version cannot serve the data directory: {}", what)};
}

StartFailure explain(const metadata::ReplayFailure& failure) {
    if (failure.error == Error::invalid)
        return cannot_serve(
            fmt::format("the metadata log holds {} at offset {}. Remove it with the broker that "
                        "wrote it, and start again.",
                        failure.what, failure.offset.value));
    return cannot_recover(failure.error,
                          fmt::format("{} at offset {}", failure.what, failure.offset.value));
}

}  // namespace

MetadataDriver::MetadataDriver(env::Env& env, const BrokerConfig& config, DataDirectory& directory,
                               LogStore& logs, Peers* peers)
    : env_(env),
      config_(config),
      directory_(directory),
      quorum_(env, config, directory, logs, peers),
      lives_(env, directory),
      committed_(Shared<const metadata::MetadataImage>::make()),
      snapshotting_(env.scheduler),
      publishing_(env.scheduler),
      moved_(env.scheduler),
      activated_(env.scheduler),
      fibers_(env.scheduler) {}

MetadataDriver::~MetadataDriver() = default;

Result<void, StartFailure> MetadataDriver::start(const LogHints& hints, const Host& host) {
    failed_ = host.failed;
    changed_ = host.changed;
    lives_.open();
    CHECK_OK(quorum_.open(hints, {.cluster_id = host.facts.cluster_id,
                                  .directory_id = host.facts.directory_id,
                                  .checkpoint = host.checkpoint,
                                  .moved = [this] { moved_.set(); },
                                  .failed = host.failed,
                                  .watch = host.watch}));
    CHECK_OK(load_snapshot());
    const raft::LogPoint snapshot{builder_.image().epoch, builder_.image().next_offset};
    if (quorum_.is_lone()) {
        // Nobody else could know better: all of it counts.
        CHECK_OK(replay(quorum_.log()->offsets().end));
        if (const auto complaint = metadata::complaint_about(builder_.image()))
            return cannot_serve(*complaint);
        committed_ = Shared<const metadata::MetadataImage>::make(builder_.image());
    }
    CHECK_OK(quorum_.begin(snapshot));
    if (fibers_.spawn("metadata", [this] { follow(); }).failed())
        return StartFailure{Error::limit, "the metadata cannot be followed. Raise fibers.max."};
    return quorum_.is_lone() ? wait_active() : Result<void, StartFailure>();
}

Result<void, StartFailure> MetadataDriver::wait_active() {
    while (!is_active()) {
        if (quorum_.failed() || stopping_) return cannot_recover(Error::io, "it cannot be written");
        if (const auto waited = activated_.wait(); waited.failed())
            return cannot_recover(waited.error(), "it cannot be written");
    }
    return {};
}

Result<void, StartFailure> MetadataDriver::load_snapshot() {
    const Offset start = quorum_.log()->offsets().start;
    const auto snapshot = directory_.newest_snapshot();
    // Meanwhile the leader gave another one, and another log: what moves then is looked at anew.
    if (quorum_.log() == nullptr || quorum_.log()->offsets().start != start)
        return StartFailure{Error::stopped, "the log was replaced"};
    if (snapshot.failed())
        return cannot_recover(snapshot.error(), "its newest snapshot cannot be read");
    const Offset end = *snapshot ? (*snapshot)->end : Offset(0);
    const LogOffsets& offsets = quorum_.log()->offsets();
    // A snapshot is taken of what is durable, and the log forgets only what one holds. One that the
    // leader gave is there before the log that goes on from it.
    const bool ahead = end > offsets.end && quorum_.is_lone();
    if (end < offsets.start || ahead)
        return cannot_recover(
            Error::corrupt,
            fmt::format("its newest snapshot ends at {}, and the log goes from {} to {}", end.value,
                        offsets.start.value, offsets.end.value));
    if (!*snapshot) return {};
    auto image = metadata::decode_snapshot(**snapshot, config_.decompressed_bytes_max);
    if (image.failed()) return explain(image.error());
    builder_ = metadata::ImageBuilder(std::move(*image));
    committed_ = Shared<const metadata::MetadataImage>::make(builder_.image());
    return {};
}

// Applies what stands before `end`.
Result<void, StartFailure> MetadataDriver::replay(Offset end) {
    Offset at = builder_.image().next_offset;
    while (at < end) {
        const auto read = quorum_.read({.from = at, .before = end});
        if (read.failed() && read.error() == Error::stopped)
            return StartFailure{Error::stopped, "the node was stopped"};
        if (read.failed() || read->pieces.empty())
            return cannot_recover(read.failed() ? read.error() : Error::corrupt,
                                  fmt::format("it cannot be read at offset {}", at.value));
        bytes_since_snapshot_ += read->size;
        CHECK_OK(replay_batches(read->pieces));
        at = builder_.image().next_offset;
    }
    return {};
}

Result<void, StartFailure> MetadataDriver::replay_batches(const std::vector<Bytes>& pieces) {
    for (const Bytes& piece : pieces) {
        protocol::BatchSplitter batches(piece.view());
        while (const auto batch = batches.next()) {
            const auto from = static_cast<std::size_t>(batch->bytes().data() - piece.data());
            const auto replayed = metadata::replay(piece.slice(from, batch->size()),
                                                   config_.decompressed_bytes_max, builder_);
            if (replayed.failed()) return explain(replayed.error());
        }
    }
    return {};
}

Result<void> MetadataDriver::register_broker(const NodeFacts& facts) {
    if (builder_.image().features.empty()) CHECK_OK(append(first_features(false)));
    protocol::RegisterBrokerRecord registration;
    registration.broker_id = config_.node_id;
    registration.incarnation_id = Uuid::random(env_.random);
    registration.end_points = {{"PLAINTEXT", facts.advertised.host, facts.advertised.port, 0}};
    registration.features = features_to_register<protocol::RegisterBrokerRecord::Feature>();
    registration.rack.reset();
    registration.fenced = false;
    registration.log_dirs = {facts.directory_id};
    const auto registered =
        commit<protocol::BrokerEpoch>([&](const metadata::Controller& controller) {
            return controller.register_broker(registration);
        });
    if (registered.failed()) return registered.error();
    return {};
}

Result<void> MetadataDriver::wait_published(LeaderEpoch epoch) {
    if (!PLANT("metadata.published_before_durable"))
        CHECK_OK(quorum_.wait_committed(builder_.image().next_offset, epoch));
    return publish();
}

Result<void> MetadataDriver::append(const std::vector<protocol::MetadataRecord>& records) {
    if (!is_active()) return Error::stopped;
    protocol::RecordBatchBuilder batch({.leader_epoch = *active_in_});
    for (const protocol::MetadataRecord& record : records) {
        const bool forgotten = PLANT("metadata.deletion_not_logged") &&
                               std::holds_alternative<protocol::RemoveTopicRecord>(record);
        const Bytes value = protocol::encode_newest(forgotten ? protocol::NoOpRecord{} : record);
        batch.append({.timestamp = env_.clock.wall(), .value = value.view()});
    }
    for (const protocol::MetadataRecord& record : records)
        if (PLANT("metadata.deleted_before_append") &&
            std::holds_alternative<protocol::RemoveTopicRecord>(record))
            builder_.apply(record);
    // Not before the broker has registered: that fails a start, as it should.
    if (!brokers_.empty() && BUGGIFY("metadata.append_refused")) return Error::no_space;
    const Bytes built = batch.build();
    // What could not be appended never was.
    TRY(const Offset next, quorum_.append(built, *active_in_));
    builder_.advance(next, *active_in_);
    bytes_since_snapshot_ += built.size();
    for (const protocol::MetadataRecord& record : records) builder_.apply(record);
    return {};
}

Result<void> MetadataDriver::publish() {
    TRY(const env::Mutex::Guard guard, publishing_.lock());
    if (!is_active()) return Error::stopped;
    const LeaderEpoch epoch = *active_in_;
    // Whoever waited for its turn may find that its records went out with those before.
    if (published_ >= builder_.image().next_offset) return {};
    // The image may hold more than is committed: what it holds beyond is waited for as well.
    const auto shared = Shared<const metadata::MetadataImage>::make(builder_.image());
    if (!PLANT("metadata.published_before_durable"))
        CHECK_OK(quorum_.wait_committed(shared->next_offset, epoch));
    return give_to_shards(shared);
}

// Before a log may acknowledge what is not on disk, that this life does is.
Result<void> MetadataDriver::note_opting_out(const metadata::MetadataImage& image) {
    if (!config_.is_clustered() || !config_.is_broker || lives_.has_opted_out()) return {};
    if (!brokers_.front()->knows_this_life(image) || !acknowledges_early(image, config_)) return {};
    for (;;) {
        const auto kept = lives_.opt_out();
        if (!kept.failed() || kept.error() != Error::no_space || stopping_) return kept;
        CHECK_OK(env::sleep_for(env_.scheduler, full_disk_pause));
    }
}

Result<void> MetadataDriver::give_to_shards(const Shared<const metadata::MetadataImage>& image) {
    committed_ = image;
    if (QuorumWatch* const watch = quorum_.watch()) watch->published(*image);
    if (!brokers_.empty()) CHECK_OK(note_opting_out(*image));
    if (!brokers_.empty())
        CHECK_OK(env::call_all_at_last(env_.scheduler, env_.shards, [&](ShardId shard) {
            brokers_[shard.value]->apply(image, hints_);
        }));
    published_ = image->next_offset;
    hints_.clear();
    changed_();
    return {};
}

void MetadataDriver::maintain() {
    quorum_.maintain();
    if (bytes_since_snapshot_ < config_.metadata_snapshot_bytes) return;
    const auto taken = take_snapshot();
    SOMETIMES("metadata.snapshot_taken", !taken.failed());
    if (taken.failed() && taken.error() != Error::stopped)
        env_.logger.warn("metadata.snapshot-failed",
                         {{"why", std::string(name_of(taken.error()))},
                          {"remedy", "it is tried again; check the disk"}});
}

Result<void> MetadataDriver::take_snapshot() {
    TRY(const env::Mutex::Guard guard, snapshotting_.lock());
    if (stopping_) return Error::stopped;
    const std::uint64_t covered = bytes_since_snapshot_;
    // A leader's newest one, as soon as it is committed.
    if (is_active()) CHECK_OK(publish());
    const Shared<const metadata::MetadataImage> image = committed_;
    PartitionLog* const log = quorum_.log();
    // Nobody may hold a snapshot of what a power cut can take back.
    if (log == nullptr || image->next_offset > log->offsets().end) return Error::stopped;
    CHECK_OK(log->wait_durable(image->next_offset));
    CHECK_OK(directory_.keep_snapshot(metadata::encode_snapshot(*image, env_.clock.wall())));
    bytes_since_snapshot_ -= std::min(covered, bytes_since_snapshot_);
    quorum_.snapshot_taken({image->epoch, image->next_offset});
    return quorum_.forget_before(image->next_offset);
}

void MetadataDriver::stop() {
    stopping_ = true;
    moved_.set();
    activated_.notify_all();
    quorum_.stop();
    fibers_.join();
}

Result<void> MetadataDriver::close() {
    const auto guard = snapshotting_.lock();
    return quorum_.close();
}

}  // namespace sluice::broker
