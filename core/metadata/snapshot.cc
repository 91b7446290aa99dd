#include "core/metadata/snapshot.h"

#include "core/base/probe.h"
#include "core/protocol/batch_builder.h"
#include "core/protocol/record.h"
#include "core/protocol/versioned.h"

namespace sluice::metadata {

using protocol::MetadataRecord;

namespace {

// As many records as Kafka puts in a batch of a snapshot.
constexpr std::int32_t batch_records_max = 1024;

protocol::PartitionRecord record_of(const TopicId& topic, PartitionIndex index,
                                    const PartitionState& state) {
    protocol::PartitionRecord record;
    record.partition_id = index;
    record.topic_id = topic;
    record.replicas = state.replicas;
    record.isr = state.isr;
    record.removing_replicas = state.removing_replicas;
    record.adding_replicas = state.adding_replicas;
    record.leader = state.leader;
    record.leader_epoch = state.leader_epoch;
    record.partition_epoch = state.partition_epoch;
    record.directories = state.directories;
    record.leader_recovery_state = state.leader_recovery_state;
    if (!state.eligible_leader_replicas.empty())
        record.eligible_leader_replicas = state.eligible_leader_replicas;
    if (!state.last_known_elr.empty()) record.last_known_elr = state.last_known_elr;
    return record;
}

protocol::RegisterBrokerRecord record_of(BrokerId id, const BrokerState& state) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = id;
    record.incarnation_id = state.incarnation;
    record.broker_epoch = state.epoch;
    record.end_points = state.end_points;
    record.features = state.features;
    record.rack = state.rack;
    record.fenced = state.fenced;
    record.in_controlled_shutdown = state.in_controlled_shutdown;
    record.log_dirs = state.directories;
    return record;
}

protocol::RegisterControllerRecord record_of(BrokerId id, const ControllerState& state) {
    protocol::RegisterControllerRecord record;
    record.controller_id = id;
    record.incarnation_id = state.incarnation;
    record.end_points = state.end_points;
    record.features = state.features;
    return record;
}

// Writes the batches of a snapshot one behind the other.
class Writer {
public:
    Writer(LeaderEpoch epoch, Timestamp time) : epoch_(epoch), time_(time) {}

    void control(protocol::ControlRecordType type, const Bytes& value) {
        const Bytes key = protocol::encode_control_key(type);
        protocol::RecordBatchBuilder batch(
            {.base_offset = next_, .leader_epoch = epoch_, .is_control = true});
        batch.append({.timestamp = time_, .key = key.view(), .value = value.view()});
        put(batch);
    }

    void records(const std::vector<MetadataRecord>& records) {
        for (std::size_t at = 0; at < records.size();) {
            protocol::RecordBatchBuilder batch({.base_offset = next_, .leader_epoch = epoch_});
            for (; at < records.size() && batch.record_count() < batch_records_max; ++at) {
                const auto value = protocol::encode_newest(records[at]);
                batch.append({.timestamp = time_, .value = value.view()});
            }
            put(batch);
        }
    }

    Bytes take() { return Bytes::copy_of(written_); }

private:
    void put(const protocol::RecordBatchBuilder& batch) {
        const Bytes bytes = batch.build();
        written_.insert(written_.end(), bytes.view().begin(), bytes.view().end());
        next_ = next_.plus(batch.record_count());
    }

    const LeaderEpoch epoch_;
    const Timestamp time_;
    Offset next_;
    std::vector<std::uint8_t> written_;
};

template <class Message>
Bytes encoded(const Message& message) {
    auto bytes = protocol::encode(message, Version(0));
    ASSERT(!bytes.failed());
    return std::move(*bytes);
}

std::optional<protocol::ControlRecordType> control_of(const Bytes& batch) {
    const protocol::BatchView view(batch.view());
    if (!view.is_control()) return std::nullopt;
    protocol::RecordReader reader(view, view.records());
    const auto record = reader.next();
    if (!record) return std::nullopt;
    const auto type = protocol::decode_control_key(record->key);
    if (type.failed()) return std::nullopt;
    return *type;
}

}  // namespace

std::vector<MetadataRecord> records_of(const MetadataImage& image) {
    std::vector<MetadataRecord> records;
    for (const auto& [name, level] : image.features)
        if (name == metadata_version_feature)
            records.push_back(protocol::FeatureLevelRecord{name, level});
    for (const auto& [name, level] : image.features)
        if (name != metadata_version_feature)
            records.push_back(protocol::FeatureLevelRecord{name, level});
    for (const auto& [id, broker] : image.brokers) records.push_back(record_of(id, broker));
    for (const auto& [id, controller] : image.controllers)
        records.push_back(record_of(id, controller));
    for (const auto& [id, topic] : image.topics_by_id) {
        records.push_back(protocol::TopicRecord{topic->name, id});
        for (const auto& [index, partition] : topic->partitions)
            records.push_back(record_of(id, index, partition));
    }
    for (const auto& [resource, values] : image.configs)
        for (const auto& [name, value] : values)
            if (!PLANT("metadata.snapshot_without_configs"))
                records.push_back(protocol::ConfigRecord{static_cast<std::int8_t>(resource.type),
                                                         resource.name, name, value});
    if (image.next_producer_id > ProducerId(0) &&
        !PLANT("metadata.snapshot_without_producer_ids")) {
        protocol::ProducerIdsRecord record;
        record.broker_id = BrokerId(-1);
        record.next_producer_id = image.next_producer_id;
        records.push_back(record);
    }
    return records;
}

Snapshot encode_snapshot(const MetadataImage& image, Timestamp last) {
    Writer writer(image.epoch, last);
    protocol::SnapshotHeaderRecord header;
    header.last_contained_log_timestamp = last;
    writer.control(protocol::ControlRecordType::snapshot_header, encoded(header));
    writer.records(records_of(image));
    writer.control(protocol::ControlRecordType::snapshot_footer,
                   encoded(protocol::SnapshotFooterRecord{}));
    return {image.next_offset, image.epoch, writer.take()};
}

Result<MetadataImage, ReplayFailure> decode_snapshot(const Snapshot& snapshot,
                                                     std::size_t decompressed_bytes_max) {
    ImageBuilder builder;
    std::optional<protocol::ControlRecordType> first;
    std::optional<protocol::ControlRecordType> last;
    protocol::BatchSplitter batches(snapshot.content.view());
    while (const auto batch = batches.next()) {
        if (!batch->crc_matches())
            return ReplayFailure{Error::corrupt, batch->base_offset(), "a damaged batch"};
        const auto from = static_cast<std::size_t>(batch->bytes().data() - snapshot.content.data());
        const Bytes bytes = snapshot.content.slice(from, batch->size());
        CHECK_OK(replay(bytes, decompressed_bytes_max, builder));
        last = control_of(bytes);
        if (!first) first = last;
    }
    const bool whole = !batches.fault() && first == protocol::ControlRecordType::snapshot_header &&
                       last == protocol::ControlRecordType::snapshot_footer;
    if (!whole)
        return ReplayFailure{Error::corrupt, builder.image().next_offset,
                             "no header or no footer: it was not written to its end"};
    builder.advance(snapshot.end, snapshot.epoch);
    return builder.image();
}

}  // namespace sluice::metadata
