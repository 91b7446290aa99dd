#pragma once

// What consumers of classic groups tell each other through the coordinator, to which it is opaque
// unless it must know the topics of a group. Both are prefixed with their version.

#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

// What a consumer of a classic group says about itself in JoinGroup.
struct ConsumerProtocolSubscription {
    static constexpr Versions versions = between(0, 3);
    static constexpr Versions flexible = no_versions;

    struct TopicPartition {
        std::string topic{};
        std::vector<PartitionIndex> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic", since(1)), &TopicPartition::topic);
            visit(field("partitions", since(1)), &TopicPartition::partitions);
        }
        bool operator==(const TopicPartition&) const = default;
    };

    std::vector<std::string> topics{};
    std::optional<Bytes> user_data{};
    // What the member had before, for cooperative assignors.
    std::vector<TopicPartition> owned_partitions{};
    // When it had them; -1 when it does not say.
    GenerationId generation_id{-1};
    std::optional<std::string> rack_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("topics"), &ConsumerProtocolSubscription::topics);
        visit(field("user_data").nullable(), &ConsumerProtocolSubscription::user_data);
        visit(field("owned_partitions", since(1)).ignorable(),
              &ConsumerProtocolSubscription::owned_partitions);
        visit(field("generation_id", since(2)).ignorable(),
              &ConsumerProtocolSubscription::generation_id);
        visit(field("rack_id", since(3)).nullable(since(3)).ignorable(),
              &ConsumerProtocolSubscription::rack_id);
    }
    bool operator==(const ConsumerProtocolSubscription&) const = default;
};

// What the leader of a classic group gives a consumer through SyncGroup.
struct ConsumerProtocolAssignment {
    static constexpr Versions versions = between(0, 3);
    static constexpr Versions flexible = no_versions;

    struct TopicPartition {
        std::string topic{};
        std::vector<PartitionIndex> partitions{};

        static constexpr void fields(auto&& visit) {
            visit(field("topic"), &TopicPartition::topic);
            visit(field("partitions"), &TopicPartition::partitions);
        }
        bool operator==(const TopicPartition&) const = default;
    };

    std::vector<TopicPartition> assigned_partitions{};
    std::optional<Bytes> user_data{};

    static constexpr void fields(auto&& visit) {
        visit(field("assigned_partitions"), &ConsumerProtocolAssignment::assigned_partitions);
        visit(field("user_data").nullable(), &ConsumerProtocolAssignment::user_data);
    }
    bool operator==(const ConsumerProtocolAssignment&) const = default;
};

// What a member of a "sticky" group adds as user data: what it had in its last generation. Its
// version is not written; readers try the newest one first.
struct StickyUserData {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = no_versions;

    std::vector<ConsumerProtocolAssignment::TopicPartition> previous_assignment{};
    GenerationId generation{-1};

    static constexpr void fields(auto&& visit) {
        visit(field("previous_assignment"), &StickyUserData::previous_assignment);
        visit(field("generation", since(1)).ignorable(), &StickyUserData::generation);
    }
    bool operator==(const StickyUserData&) const = default;
};

}  // namespace sluice::protocol
