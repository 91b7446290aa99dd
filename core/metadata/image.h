#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/shared.h"
#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/metadata_record.h"
#include "core/protocol/types.h"

namespace sluice::metadata {

// A partition as its records say (PartitionRecord, PartitionChangeRecord): where its replicas are,
// who leads it, and who could.
struct PartitionState {
    std::vector<BrokerId> replicas;  // The preferred leader first.
    std::vector<BrokerId> isr;       // Those of them that have everything acknowledged.
    std::vector<BrokerId> removing_replicas;
    std::vector<BrokerId> adding_replicas;
    std::vector<BrokerId> eligible_leader_replicas;  // KIP-966.
    std::vector<BrokerId> last_known_elr;
    std::vector<Uuid> directories;  // One for each of `replicas`, in their order.
    BrokerId leader{-1};            // -1: none.
    LeaderEpoch leader_epoch{0};
    protocol::PartitionEpoch partition_epoch{0};
    std::int8_t leader_recovery_state = 0;

    friend bool operator==(const PartitionState&, const PartitionState&) = default;
};

// A topic and all of its partitions, numbered from 0 without a gap.
struct TopicState {
    std::string name;
    TopicId id;
    std::map<PartitionIndex, PartitionState> partitions;

    const PartitionState* partition(PartitionIndex index) const {
        const auto found = partitions.find(index);
        return found == partitions.end() ? nullptr : &found->second;
    }
    friend bool operator==(const TopicState&, const TopicState&) = default;
};

// A broker as it registered last. Fenced ones lead nothing and clients are not told of them.
struct BrokerState {
    protocol::BrokerEpoch epoch{0};
    Uuid incarnation;
    std::vector<protocol::RegisterBrokerRecord::EndPoint> end_points;
    std::vector<protocol::RegisterBrokerRecord::Feature> features;
    std::vector<Uuid> directories;
    std::optional<std::string> rack;
    bool fenced = true;
    bool in_controlled_shutdown = false;

    // It may lead, and be in sync.
    bool is_active() const { return !fenced && !in_controlled_shutdown; }
    friend bool operator==(const BrokerState&, const BrokerState&) = default;
};

// A controller as it registered last (ControllerRegistration).
struct ControllerState {
    Uuid incarnation;
    std::vector<protocol::RegisterControllerRecord::EndPoint> end_points;
    std::vector<protocol::RegisterControllerRecord::Feature> features;

    friend bool operator==(const ControllerState&, const ControllerState&) = default;
};

// Kafka's numbers for what a configuration belongs to.
enum class ResourceType : std::int8_t {
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32
};

// What a configuration was set for.
struct ConfigResource {
    ResourceType type = ResourceType::topic;
    std::string name;  // For brokers the id, or nothing for the default of all.

    friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

// Values as text, by name.
using ConfigValues = std::map<std::string, std::string, std::less<>>;

// The feature whose level says in which versions records are written.
inline constexpr std::string_view metadata_version_feature = "metadata.version";
// Replicas that left the in-sync set last may be elected when it is empty (KIP-966), from level 1.
inline constexpr std::string_view eligible_replicas_feature = "eligible.leader.replicas.version";

// What the metadata log says, up to an offset. A value: copying shares the topics.
struct MetadataImage {
    Offset next_offset;  // Of the first record it does not hold yet.
    LeaderEpoch epoch{0};
    std::map<std::string, Shared<const TopicState>, std::less<>> topics_by_name;
    std::map<TopicId, Shared<const TopicState>> topics_by_id;
    std::map<BrokerId, BrokerState> brokers;
    std::map<BrokerId, ControllerState> controllers;
    std::map<ConfigResource, ConfigValues> configs;
    std::map<std::string, std::int16_t, std::less<>> features;
    ProducerId next_producer_id{0};
    std::size_t partition_count = 0;

    // Null when there is none such; good as long as the image.
    const TopicState* topic(std::string_view name) const;
    const TopicState* topic(const TopicId& id) const;
    const BrokerState* broker(BrokerId id) const;
    bool is_active(BrokerId id) const { return broker(id) != nullptr && broker(id)->is_active(); }
    // The level that was finalised, or 0.
    std::int16_t feature(std::string_view name) const;
    // Empty when nothing was set.
    const ConfigValues& config(const ConfigResource& resource) const;
};

// Two images hold the same, however their topics are shared.
bool equal(const MetadataImage& a, const MetadataImage& b);

// Builds images out of records, one after the other: the only way the hard state of a cluster's
// metadata changes. Applying cannot fail: a record that fits nothing changes nothing. Records
// between the marks of a transaction count together or not at all (KIP-868).
class ImageBuilder {
public:
    explicit ImageBuilder(MetadataImage from = {}) : image_(std::move(from)) {}

    void apply(const protocol::MetadataRecord& record);
    // Everything before `next_offset` has been applied.
    void advance(Offset next_offset, LeaderEpoch epoch);
    // The image so far; good until the next change.
    const MetadataImage& image();
    // A transaction began and has not ended: its records must be aborted or followed by the rest.
    bool in_transaction() const { return before_.has_value(); }

private:
    void apply_record(const protocol::TopicRecord& record);
    void apply_record(const protocol::PartitionRecord& record);
    void apply_record(const protocol::PartitionChangeRecord& record);
    void apply_record(const protocol::RemoveTopicRecord& record);
    void apply_record(const protocol::ConfigRecord& record);
    void apply_record(const protocol::RegisterBrokerRecord& record);
    void apply_record(const protocol::UnregisterBrokerRecord& record);
    void apply_record(const protocol::FenceBrokerRecord& record);
    void apply_record(const protocol::UnfenceBrokerRecord& record);
    void apply_record(const protocol::BrokerRegistrationChangeRecord& record);
    void apply_record(const protocol::FeatureLevelRecord& record);
    void apply_record(const protocol::ProducerIdsRecord& record);
    void apply_record(const protocol::ClearElrRecord& record);
    void apply_record(const protocol::BeginTransactionRecord& record);
    void apply_record(const protocol::EndTransactionRecord& record);
    void apply_record(const protocol::AbortTransactionRecord& record);
    void apply_record(const protocol::NoOpRecord&) {}
    void apply_record(const protocol::RegisterControllerRecord& record);

    TopicState* open(const TopicId& id);
    void freeze();

    MetadataImage image_;
    std::map<TopicId, TopicState> open_;   // Topics being changed; in image_ after freeze().
    std::optional<MetadataImage> before_;  // The transaction under way.
};

}  // namespace sluice::metadata
