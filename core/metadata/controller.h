#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/metadata/config_schema.h"
#include "core/metadata/image.h"
#include "core/metadata/item_error.h"
#include "core/metadata/placement.h"
#include "core/protocol/error_code.h"
#include "core/protocol/messages/alter_configs.h"
#include "core/protocol/messages/create_partitions.h"
#include "core/protocol/messages/create_topics.h"
#include "core/protocol/messages/delete_topics.h"
#include "core/protocol/messages/incremental_alter_configs.h"

namespace sluice::metadata {

// What a decision asks for: records to commit, and the answer to give once they are.
template <class Reply>
struct Decision {
    std::vector<protocol::MetadataRecord> records;
    Reply reply;
};

// What the controller goes by where a request leaves it open, and its limits.
struct ControllerSettings {
    std::int32_t partitions_default = 1;          // num.partitions
    std::int16_t replication_factor_default = 1;  // default.replication.factor
    // Used instead as soon as so many brokers are registered (decisions 0031); 0 where somebody
    // has chosen the default.
    std::int16_t replication_factor_wanted = 3;
    std::int32_t partitions_per_topic_max = 10'000;
    std::size_t partitions_max = 20'000;  // Of all topics together.
    bool deletion_enabled = true;         // delete.topic.enable
};

// Decides what happens to the cluster's metadata: a const look at the image, and records out. It
// draws nothing: fresh topic ids are passed in, one for each topic of a request.
class Controller {
public:
    Controller(const MetadataImage& image, const ControllerSettings& settings)
        : image_(image), settings_(settings) {}

    // Each item of a request stands or falls by itself; what is wrong with one is said in its
    // answer, in Kafka's code and words. With validate_only there are no records.
    Decision<protocol::CreateTopicsResponse> create_topics(
        const protocol::CreateTopicsRequest& request, const std::vector<TopicId>& fresh_ids) const;
    Decision<protocol::DeleteTopicsResponse> delete_topics(
        const protocol::DeleteTopicsRequest& request, Version version) const;
    Decision<protocol::CreatePartitionsResponse> create_partitions(
        const protocol::CreatePartitionsRequest& request) const;

    // Configurations of topics and brokers: all of a resource's at once, or a few changed.
    Decision<protocol::AlterConfigsResponse> alter_configs(
        const protocol::AlterConfigsRequest& request) const;
    Decision<protocol::IncrementalAlterConfigsResponse> alter_configs(
        const protocol::IncrementalAlterConfigsRequest& request) const;

    // Producer ids are handed out in blocks; a block that was begun and lost leaves a hole.
    struct ProducerIdBlock {
        ProducerId first;
        std::int64_t count = 0;
    };
    static constexpr std::int64_t producer_id_block = 1000;
    Decision<ProducerIdBlock> allocate_producer_ids(BrokerId broker) const;

    // A broker says it is here, in a new incarnation; on a lone node also unfenced at once, and
    // then elected where only it was missing.
    Decision<protocol::BrokerEpoch> register_broker(
        const protocol::RegisterBrokerRecord& registration) const;

private:
    using Changes = std::vector<protocol::ConfigRecord>;
    std::optional<ItemError> check_resource(const ConfigResource& resource) const;
    Result<Changes, ItemError> replacing(
        const ConfigResource& resource,
        const std::vector<protocol::AlterConfigsRequest::Config>& configs) const;
    Result<Changes, ItemError> changing(
        const ConfigResource& resource,
        const std::vector<protocol::IncrementalAlterConfigsRequest::Config>& configs) const;
    void log_changes(const ConfigResource& resource, const Changes& changes,
                     std::vector<protocol::MetadataRecord>& records) const;
    void clear_eligible(const TopicState& topic,
                        std::vector<protocol::MetadataRecord>& records) const;

    struct Placement {
        std::vector<std::vector<BrokerId>> replicas;  // By partition.
    };
    Result<Placement, ItemError> place(const protocol::CreateTopicsRequest::Topic& topic) const;
    Result<Placement, ItemError> place_manually(
        const protocol::CreateTopicsRequest::Topic& topic) const;
    Result<Placement, ItemError> place_more(const protocol::CreatePartitionsRequest::Topic& item,
                                            std::size_t room) const;
    Result<Placement, ItemError> spread(std::size_t replication, std::size_t first,
                                        std::size_t count) const;
    Result<Placement, ItemError> admit(const protocol::CreateTopicsRequest::Topic& topic,
                                       std::size_t partitions,
                                       const std::set<std::string>& forms) const;
    std::vector<protocol::MetadataRecord> records_of(
        const protocol::CreateTopicsRequest::Topic& topic, const TopicId& id,
        const Placement& placement) const;
    ItemError too_many_partitions() const;
    std::optional<ItemError> check_name(std::string_view name) const;
    Result<void, ItemError> check_replicas(PartitionIndex partition,
                                           const std::vector<BrokerId>& replicas) const;
    // Registered, and neither fenced nor on its way out.
    bool is_usable(BrokerId broker) const;
    std::vector<Candidate> candidates() const;
    std::int16_t default_replication() const;
    std::vector<protocol::MetadataRecord> elections_of(BrokerId broker) const;
    protocol::PartitionRecord partition_record(const TopicId& id, PartitionIndex index,
                                               const std::vector<BrokerId>& replicas) const;

    const MetadataImage& image_;
    const ControllerSettings& settings_;
};

}  // namespace sluice::metadata
