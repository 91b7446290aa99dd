#include "core/metadata/image.h"

#include "core/base/probe.h"
#include "core/metadata/partition_change.h"

namespace sluice::metadata {

const TopicState* MetadataImage::topic(std::string_view name) const {
    const auto found = topics_by_name.find(name);
    return found == topics_by_name.end() ? nullptr : &*found->second;
}

const TopicState* MetadataImage::topic(const TopicId& id) const {
    const auto found = topics_by_id.find(id);
    return found == topics_by_id.end() ? nullptr : &*found->second;
}

const BrokerState* MetadataImage::broker(BrokerId id) const {
    const auto found = brokers.find(id);
    return found == brokers.end() ? nullptr : &found->second;
}

std::int16_t MetadataImage::feature(std::string_view name) const {
    const auto found = features.find(name);
    return found == features.end() ? std::int16_t{0} : found->second;
}

const ConfigValues& MetadataImage::config(const ConfigResource& resource) const {
    static const ConfigValues none;
    const auto found = configs.find(resource);
    return found == configs.end() ? none : found->second;
}

bool equal(const MetadataImage& a, const MetadataImage& b) {
    if (a.next_offset != b.next_offset || a.brokers != b.brokers ||
        a.controllers != b.controllers || a.configs != b.configs || a.features != b.features ||
        a.next_producer_id != b.next_producer_id || a.partition_count != b.partition_count ||
        a.topics_by_id.size() != b.topics_by_id.size())
        return false;
    for (const auto& [id, topic] : a.topics_by_id) {
        const TopicState* other = b.topic(id);
        if (other == nullptr || !(*topic == *other)) return false;
    }
    return true;
}

void ImageBuilder::apply(const protocol::MetadataRecord& record) {
    std::visit([this](const auto& each) { apply_record(each); }, record);
}

void ImageBuilder::advance(Offset next_offset, LeaderEpoch epoch) {
    image_.next_offset = next_offset;
    image_.epoch = epoch;
}

const MetadataImage& ImageBuilder::image() {
    freeze();
    return image_;
}

void ImageBuilder::freeze() {
    for (auto& [id, topic] : open_) {
        const auto frozen = Shared<const TopicState>::make(std::move(topic));
        image_.topics_by_name[frozen->name] = frozen;
        image_.topics_by_id[id] = frozen;
    }
    open_.clear();
}

TopicState* ImageBuilder::open(const TopicId& id) {
    if (const auto found = open_.find(id); found != open_.end()) return &found->second;
    const TopicState* frozen = image_.topic(id);
    if (frozen == nullptr) return nullptr;
    return &open_.emplace(id, *frozen).first->second;
}

void ImageBuilder::apply_record(const protocol::TopicRecord& record) {
    open_[record.topic_id] = {.name = record.name, .id = record.topic_id, .partitions = {}};
}

void ImageBuilder::apply_record(const protocol::PartitionRecord& record) {
    TopicState* topic = open(record.topic_id);
    if (topic == nullptr) return;
    PartitionState state;
    state.replicas = record.replicas;
    state.isr = record.isr;
    state.removing_replicas = record.removing_replicas;
    state.adding_replicas = record.adding_replicas;
    state.eligible_leader_replicas =
        record.eligible_leader_replicas.value_or(std::vector<BrokerId>{});
    state.last_known_elr = record.last_known_elr.value_or(std::vector<BrokerId>{});
    state.directories = record.directories;
    state.leader = record.leader;
    state.leader_epoch = record.leader_epoch;
    state.partition_epoch = record.partition_epoch;
    state.leader_recovery_state = record.leader_recovery_state;
    const bool is_new = topic->partitions.insert_or_assign(record.partition_id, state).second;
    if (is_new) ++image_.partition_count;
}

void ImageBuilder::apply_record(const protocol::PartitionChangeRecord& record) {
    TopicState* topic = open(record.topic_id);
    if (topic == nullptr) return;
    const auto found = topic->partitions.find(record.partition_id);
    if (found == topic->partitions.end()) return;
    found->second = changed(found->second, record);
}

void ImageBuilder::apply_record(const protocol::RemoveTopicRecord& record) {
    freeze();
    const TopicState* topic = image_.topic(record.topic_id);
    if (topic == nullptr) return;
    image_.partition_count -= topic->partitions.size();
    if (!PLANT("metadata.config_outlives_its_topic"))
        image_.configs.erase({ResourceType::topic, topic->name});
    image_.topics_by_name.erase(image_.topics_by_name.find(topic->name));
    image_.topics_by_id.erase(record.topic_id);
}

void ImageBuilder::apply_record(const protocol::ConfigRecord& record) {
    const ConfigResource resource{static_cast<ResourceType>(record.resource_type),
                                  record.resource_name};
    if (record.value) {
        image_.configs[resource][record.name] = *record.value;
        return;
    }
    const auto found = image_.configs.find(resource);
    if (found == image_.configs.end()) return;
    found->second.erase(record.name);
    if (found->second.empty()) image_.configs.erase(found);
}

void ImageBuilder::apply_record(const protocol::RegisterBrokerRecord& record) {
    image_.brokers[record.broker_id] = {.epoch = record.broker_epoch,
                                        .incarnation = record.incarnation_id,
                                        .end_points = record.end_points,
                                        .features = record.features,
                                        .directories = record.log_dirs,
                                        .rack = record.rack,
                                        .fenced = record.fenced,
                                        .in_controlled_shutdown = record.in_controlled_shutdown};
}

void ImageBuilder::apply_record(const protocol::UnregisterBrokerRecord& record) {
    image_.brokers.erase(record.broker_id);
}

void ImageBuilder::apply_record(const protocol::FenceBrokerRecord& record) {
    const auto found = image_.brokers.find(record.id);
    if (found != image_.brokers.end()) found->second.fenced = true;
}

void ImageBuilder::apply_record(const protocol::UnfenceBrokerRecord& record) {
    const auto found = image_.brokers.find(record.id);
    if (found != image_.brokers.end()) found->second.fenced = false;
}

void ImageBuilder::apply_record(const protocol::BrokerRegistrationChangeRecord& record) {
    const auto found = image_.brokers.find(record.broker_id);
    if (found == image_.brokers.end()) return;
    if (record.fenced != 0) found->second.fenced = record.fenced > 0;
    if (record.in_controlled_shutdown > 0) found->second.in_controlled_shutdown = true;
    if (!record.log_dirs.empty()) found->second.directories = record.log_dirs;
}

void ImageBuilder::apply_record(const protocol::RegisterControllerRecord& record) {
    image_.controllers[record.controller_id] = {.incarnation = record.incarnation_id,
                                                .end_points = record.end_points,
                                                .features = record.features};
}

void ImageBuilder::apply_record(const protocol::FeatureLevelRecord& record) {
    if (record.feature_level == 0)
        image_.features.erase(record.name);
    else
        image_.features[record.name] = record.feature_level;
}

void ImageBuilder::apply_record(const protocol::ProducerIdsRecord& record) {
    image_.next_producer_id = record.next_producer_id;
}

void ImageBuilder::apply_record(const protocol::BeginTransactionRecord&) {
    before_ = image();
}

void ImageBuilder::apply_record(const protocol::EndTransactionRecord&) {
    before_.reset();
}

void ImageBuilder::apply_record(const protocol::AbortTransactionRecord&) {
    if (!before_) return;
    open_.clear();
    image_ = std::move(*before_);
    before_.reset();
}

void ImageBuilder::apply_record(const protocol::ClearElrRecord& record) {
    freeze();
    for (const auto& [name, topic] : image_.topics_by_name) {
        if (!record.topic_name.empty() && name != record.topic_name) continue;
        for (auto& [index, partition] : open(topic->id)->partitions) {
            partition.eligible_leader_replicas.clear();
            partition.last_known_elr.clear();
        }
    }
}

}  // namespace sluice::metadata
