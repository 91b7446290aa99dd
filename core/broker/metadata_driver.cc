#include "core/broker/metadata_driver.h"

#include "core/base/probe.h"
#include "core/metadata/topic_name.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/record.h"
#include "core/protocol/validate_batch.h"
#include "core/protocol/versioned.h"

namespace sluice::broker {
namespace {

// Kafka's fixed id of the metadata topic.
constexpr TopicId metadata_topic_id{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr std::string_view metadata_log_name = "__cluster_metadata-0";
constexpr std::int16_t metadata_version = 30;  // 4.3-IV0

Version version_of(const protocol::MetadataRecord& record) {
    return std::visit([](const auto& each) { return Version(each.versions.last); }, record);
}

}  // namespace

MetadataDriver::MetadataDriver(env::Env& env, const BrokerConfig& config, LogStore& logs)
    : env_(env), config_(config), logs_(logs), publishing_(env.scheduler) {}

MetadataDriver::~MetadataDriver() = default;

Result<void> MetadataDriver::start(const LogHints& hints) {
    LogConfig log_config;
    log_config.retention_age = milliseconds(-1);
    TRY(log_, logs_.open(std::string(metadata_log_name), metadata_topic_id, log_config, hints));
    CHECK_OK(replay());
    return begin_epoch();
}

Result<void> MetadataDriver::replay() {
    Offset at = log_->offsets().start;
    while (at < log_->offsets().end) {
        TRY(const LogRead read, log_->read({.from = at, .before = log_->offsets().end}));
        if (read.pieces.empty()) return Error::corrupt;
        CHECK_OK(replay_batches(read.pieces));
        at = builder_.image().next_offset;
    }
    return {};
}

Result<void> MetadataDriver::replay_batches(const std::vector<Bytes>& pieces) {
    for (const Bytes& piece : pieces) {
        protocol::BatchSplitter batches(piece.view());
        while (const auto batch = batches.next()) {
            const auto from = static_cast<std::size_t>(batch->bytes().data() - piece.data());
            TRY(const Bytes records, protocol::records_of(piece.slice(from, batch->size()),
                                                          config_.decompressed_bytes_max));
            protocol::RecordReader reader(*batch, records.view());
            epoch_ = batch->leader_epoch();
            while (const auto record = reader.next()) {
                if (batch->is_control()) continue;
                const auto decoded =
                    protocol::decode_metadata_record(Bytes::copy_of(record->value));
                if (decoded.failed()) {
                    env_.logger.error(
                        "metadata.unreadable",
                        {{"offset", std::to_string(reader.offset_of(*record).value)},
                         {"why", "a record of a kind this version does not serve, or damage"}});
                    return Error::invalid;
                }
                builder_.apply(*decoded);
            }
            builder_.advance(batch->next_offset(), epoch_);
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
    CHECK_OK(log_->wait_durable(end));
    return {};
}

Result<void> MetadataDriver::register_broker(const NodeFacts& facts) {
    if (builder_.image().features.empty())
        CHECK_OK(
            commit_records({protocol::FeatureLevelRecord{"metadata.version", metadata_version}}));
    protocol::RegisterBrokerRecord registration;
    registration.broker_id = config_.node_id;
    registration.incarnation_id = Uuid::random(env_.random);
    registration.end_points = {{"PLAINTEXT", facts.advertised.host, facts.advertised.port, 0}};
    registration.features = {{"metadata.version", metadata_version, metadata_version}};
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
        if (PLANT("metadata.deletion_not_logged") &&
            std::holds_alternative<protocol::RemoveTopicRecord>(record))
            continue;
        const auto value = protocol::encode_metadata_record(record, version_of(record));
        ASSERT(!value.failed());
        batch.append({.timestamp = env_.clock.wall(), .value = value->view()});
    }
    for (const protocol::MetadataRecord& record : records) builder_.apply(record);
    CHECK_OK(append(batch.build()));
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
    for (std::uint32_t shard = 0; shard < brokers_.size(); ++shard)
        CHECK_OK(env::call(env_.shards, ShardId(shard),
                           [&] { brokers_[shard]->apply(shared, hints_); }));
    published_ = shared->next_offset;
    hints_.clear();
    return {};
}

Result<void> MetadataDriver::close() {
    if (!log_) return {};
    auto log = std::move(log_);
    return logs_.close(*log);
}

}  // namespace sluice::broker
