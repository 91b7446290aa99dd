#pragma once

// Records of the metadata log about topics, their partitions and configurations.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/fields.h"
#include "core/protocol/records/metadata_record_type.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct TopicRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::topic;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::string name{};
    TopicId topic_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("name"), &TopicRecord::name);
        visit(field("topic_id"), &TopicRecord::topic_id);
    }
    bool operator==(const TopicRecord&) const = default;
};

struct PartitionRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::partition;
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    PartitionIndex partition_id{-1};
    TopicId topic_id{};
    std::vector<BrokerId> replicas{};
    std::vector<BrokerId> isr{};
    std::vector<BrokerId> removing_replicas{};
    std::vector<BrokerId> adding_replicas{};
    BrokerId leader{-1};
    // 1 while the leader recovers from an unclean election.
    std::int8_t leader_recovery_state = 0;
    LeaderEpoch leader_epoch{-1};
    PartitionEpoch partition_epoch{-1};
    // The log directory of each replica, in the order of replicas.
    std::vector<Uuid> directories{};
    std::optional<std::vector<BrokerId>> eligible_leader_replicas{};
    std::optional<std::vector<BrokerId>> last_known_elr{};

    static constexpr void fields(auto&& visit) {
        visit(field("partition_id"), &PartitionRecord::partition_id);
        visit(field("topic_id"), &PartitionRecord::topic_id);
        visit(field("replicas"), &PartitionRecord::replicas);
        visit(field("isr"), &PartitionRecord::isr);
        visit(field("removing_replicas"), &PartitionRecord::removing_replicas);
        visit(field("adding_replicas"), &PartitionRecord::adding_replicas);
        visit(field("leader"), &PartitionRecord::leader);
        visit(field("leader_epoch"), &PartitionRecord::leader_epoch);
        visit(field("partition_epoch"), &PartitionRecord::partition_epoch);
        visit(field("directories", since(1)), &PartitionRecord::directories);
        visit(tagged(0, "leader_recovery_state"), &PartitionRecord::leader_recovery_state);
        visit(tagged(1, "eligible_leader_replicas", since(2)).nullable(since(2)),
              &PartitionRecord::eligible_leader_replicas);
        visit(tagged(2, "last_known_elr", since(2)).nullable(since(2)),
              &PartitionRecord::last_known_elr);
    }
    bool operator==(const PartitionRecord&) const = default;
};

// What changed in a partition. Fields at their defaults did not change.
struct PartitionChangeRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::partition_change;
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    PartitionIndex partition_id{-1};
    TopicId topic_id{};
    // Null means no change, in all of these lists.
    std::optional<std::vector<BrokerId>> isr{};
    // -2 for no change, -1 for no leader.
    BrokerId leader{-2};
    std::optional<std::vector<BrokerId>> replicas{};
    std::optional<std::vector<BrokerId>> removing_replicas{};
    std::optional<std::vector<BrokerId>> adding_replicas{};
    // -1 for no change, 1 while the leader recovers from an unclean election.
    std::int8_t leader_recovery_state = -1;
    std::optional<std::vector<Uuid>> directories{};
    std::optional<std::vector<BrokerId>> eligible_leader_replicas{};
    std::optional<std::vector<BrokerId>> last_known_elr{};

    static constexpr void fields(auto&& visit) {
        visit(field("partition_id"), &PartitionChangeRecord::partition_id);
        visit(field("topic_id"), &PartitionChangeRecord::topic_id);
        visit(tagged(0, "isr").nullable(), &PartitionChangeRecord::isr);
        visit(tagged(1, "leader"), &PartitionChangeRecord::leader);
        visit(tagged(2, "replicas").nullable(), &PartitionChangeRecord::replicas);
        visit(tagged(3, "removing_replicas").nullable(), &PartitionChangeRecord::removing_replicas);
        visit(tagged(4, "adding_replicas").nullable(), &PartitionChangeRecord::adding_replicas);
        visit(tagged(5, "leader_recovery_state"), &PartitionChangeRecord::leader_recovery_state);
        visit(tagged(6, "eligible_leader_replicas", since(2)).nullable(since(2)),
              &PartitionChangeRecord::eligible_leader_replicas);
        visit(tagged(7, "last_known_elr", since(2)).nullable(since(2)),
              &PartitionChangeRecord::last_known_elr);
        visit(tagged(8, "directories", since(1)).nullable(since(1)),
              &PartitionChangeRecord::directories);
    }
    bool operator==(const PartitionChangeRecord&) const = default;
};

struct RemoveTopicRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::remove_topic;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    TopicId topic_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("topic_id"), &RemoveTopicRecord::topic_id);
    }
    bool operator==(const RemoveTopicRecord&) const = default;
};

struct ConfigRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::config;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    // 2 topic, 4 broker, 16 client metrics, 32 group.
    std::int8_t resource_type = 0;
    std::string resource_name{};
    std::string name{};
    // Null removes the key.
    std::optional<std::string> value = "";

    static constexpr void fields(auto&& visit) {
        visit(field("resource_type"), &ConfigRecord::resource_type);
        visit(field("resource_name"), &ConfigRecord::resource_name);
        visit(field("name"), &ConfigRecord::name);
        visit(field("value").nullable(), &ConfigRecord::value);
    }
    bool operator==(const ConfigRecord&) const = default;
};

struct ClearElrRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::clear_elr;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    // Empty for all topics.
    std::string topic_name{};

    static constexpr void fields(auto&& visit) {
        visit(field("topic_name"), &ClearElrRecord::topic_name);
    }
    bool operator==(const ClearElrRecord&) const = default;
};

}  // namespace sluice::protocol
