#include "core/broker/metadata_driver.h"

#include <fmt/format.h>

#include "core/base/probe.h"
#include "core/metadata/replay.h"
#include "core/metadata/served.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/validate_batch.h"
#include "core/protocol/versioned.h"

namespace sluice::broker {
namespace {

// Kafka's fixed id of the metadata topic.
constexpr TopicId metadata_topic_id{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr std::int16_t metadata_version = 30;  // 4.3-IV0

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
                               LogStore& logs)
    : env_(env),
      config_(config),
      directory_(directory),
      logs_(logs),
      snapshotting_(env.scheduler),
      publishing_(env.scheduler) {
    log_config_.retention_age = milliseconds(-1);
    log_config_.uses_reserve = true;
    log_config_.segment_bytes = config_.metadata_segment_bytes;
}

MetadataDriver::~MetadataDriver() = default;

Result<void, StartFailure> MetadataDriver::start(const LogHints& hints) {
    auto log = logs_.open(std::string(metadata_log_name), metadata_topic_id, log_config_, hints);
    if (log.failed())
        return cannot_recover(log.error(), "the log lines above say what is wrong with its files");
    log_ = std::move(*log);
    CHECK_OK(load_snapshot());
    CHECK_OK(replay());
    if (const auto complaint = metadata::complaint_about(builder_.image()))
        return cannot_serve(*complaint);
    if (const auto begun = begin_epoch(); begun.failed())
        return cannot_recover(begun.error(), "it cannot be written");
    return {};
}

Result<void, StartFailure> MetadataDriver::load_snapshot() {
    const auto snapshot = directory_.newest_snapshot();
    if (snapshot.failed())
        return cannot_recover(snapshot.error(), "its newest snapshot cannot be read");
    const Offset end = *snapshot ? (*snapshot)->end : Offset(0);
    const LogOffsets& offsets = log_->offsets();
    // A snapshot is taken of what is durable, and the log forgets only what one holds.
    if (end < offsets.start || end > offsets.end)
        return cannot_recover(
            Error::corrupt,
            fmt::format("its newest snapshot ends at {}, and the log goes from {} to {}", end.value,
                        offsets.start.value, offsets.end.value));
    if (!*snapshot) return {};
    auto image = metadata::decode_snapshot(**snapshot, config_.decompressed_bytes_max);
    if (image.failed()) return explain(image.error());
    epoch_ = image->epoch;
    builder_ = metadata::ImageBuilder(std::move(*image));
    return {};
}

Result<void, StartFailure> MetadataDriver::replay() {
    Offset at = builder_.image().next_offset;
    while (at < log_->offsets().end) {
        const auto read = log_->read({.from = at, .before = log_->offsets().end});
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
            epoch_ = batch->leader_epoch();
        }
    }
    return {};
}

// As a new leader of the metadata quorum does: a later epoch, and a record that says so.
Result<void> MetadataDriver::begin_epoch() {
    epoch_ = log_->offsets().end == Offset(0) ? LeaderEpoch(1) : epoch_.next();
    // Version 0: Apache Kafka 4.3 reads these in no other.
    protocol::LeaderChangeMessage message;
    message.leader_id = config_.node_id;
    message.voters = {{.voter_id = config_.node_id}};
    message.granting_voters = message.voters;
    TRY(const Bytes value, protocol::encode(message, Version(0)));
    protocol::RecordBatchBuilder batch({.leader_epoch = epoch_, .is_control = true});
    const Bytes key = protocol::encode_control_key(protocol::ControlRecordType::leader_change);
    batch.append({.timestamp = env_.clock.wall(), .key = key.view(), .value = value.view()});
    TRY(const Offset end, append(batch.build()));
    // What a leader before began and did not finish never counts.
    if (builder_.in_transaction()) return append_records({protocol::AbortTransactionRecord{}});
    CHECK_OK(log_->wait_durable(end));
    return {};
}

Result<void> MetadataDriver::register_broker(const NodeFacts& facts) {
    if (builder_.image().features.empty())
        CHECK_OK(commit_records({protocol::FeatureLevelRecord{
            std::string(metadata::metadata_version_feature), metadata_version}}));
    protocol::RegisterBrokerRecord registration;
    registration.broker_id = config_.node_id;
    registration.incarnation_id = Uuid::random(env_.random);
    registration.end_points = {{"PLAINTEXT", facts.advertised.host, facts.advertised.port, 0}};
    registration.features = {
        {std::string(metadata::metadata_version_feature), metadata_version, metadata_version}};
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

Result<Offset> MetadataDriver::append(const Bytes& batch) {
    protocol::ValidationRules rules;
    rules.from_client = false;
    rules.batch_bytes_max = SIZE_MAX;
    rules.now = env_.clock.wall();
    const auto facts = protocol::validate_batch(batch.view(), rules);
    ASSERT(!facts.failed());
    TRY(const AppendedBatch appended, log_->append(batch.view(), *facts, epoch_));
    builder_.advance(appended.next, epoch_);
    bytes_since_snapshot_ += batch.size();
    return appended.next;
}

Result<void> MetadataDriver::commit_records(const std::vector<protocol::MetadataRecord>& records) {
    if (!records.empty()) CHECK_OK(append_records(records));
    if (!PLANT("metadata.published_before_durable"))
        CHECK_OK(log_->wait_durable(builder_.image().next_offset));
    return publish();
}

Result<void> MetadataDriver::append_records(const std::vector<protocol::MetadataRecord>& records) {
    protocol::RecordBatchBuilder batch({.leader_epoch = epoch_});
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
    // What could not be appended never was.
    CHECK_OK(append(batch.build()));
    for (const protocol::MetadataRecord& record : records) builder_.apply(record);
    return {};
}

Result<void> MetadataDriver::publish() {
    if (brokers_.empty()) return {};
    TRY(const env::Mutex::Guard guard, publishing_.lock());
    // Whoever waited for its turn may find that its records went out with those before.
    if (published_ >= builder_.image().next_offset) return {};
    // The image may hold more than is committed: what it holds beyond is waited for as well.
    const auto shared = Shared<const metadata::MetadataImage>::make(builder_.image());
    if (!PLANT("metadata.published_before_durable"))
        CHECK_OK(log_->wait_durable(shared->next_offset));
    CHECK_OK(env::call_all(env_.shards,
                           [&](ShardId shard) { brokers_[shard.value]->apply(shared, hints_); }));
    published_ = shared->next_offset;
    hints_.clear();
    return {};
}

void MetadataDriver::maintain() {
    if (!log_ || bytes_since_snapshot_ < config_.metadata_snapshot_bytes) return;
    const auto taken = take_snapshot();
    SOMETIMES("metadata.snapshot_taken", !taken.failed());
    if (taken.failed() && taken.error() != Error::stopped)
        env_.logger.warn("metadata.snapshot-failed",
                         {{"why", std::string(name_of(taken.error()))},
                          {"remedy", "it is tried again; check the disk"}});
}

Result<void> MetadataDriver::take_snapshot() {
    TRY(const env::Mutex::Guard guard, snapshotting_.lock());
    if (!log_) return Error::stopped;
    const std::uint64_t covered = bytes_since_snapshot_;
    const metadata::MetadataImage image = builder_.image();
    // Nobody may hold a snapshot of what a power cut can take back.
    CHECK_OK(log_->wait_durable(image.next_offset));
    CHECK_OK(directory_.keep_snapshot(metadata::encode_snapshot(image, env_.clock.wall())));
    bytes_since_snapshot_ -= covered;
    if (!log_) return Error::stopped;
    CHECK_OK(log_->advance_start(image.next_offset));
    return log_->maintain(image.next_offset, env_.clock.wall());
}

Result<void> MetadataDriver::close() {
    const auto guard = snapshotting_.lock();
    if (!log_) return {};
    auto log = std::move(log_);
    return logs_.close(*log);
}

}  // namespace sluice::broker
