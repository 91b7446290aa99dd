#pragma once

// What a group coordinator writes to __consumer_offsets. A key is prefixed with its type, a value
// with its version: see versioned.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

// Record type 1 in __consumer_offsets; type 0, from old logs, has the same form.
struct OffsetCommitKey {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = no_versions;

    std::string group{};
    std::string topic{};
    PartitionIndex partition{};

    static constexpr void fields(auto&& visit) {
        visit(field("group", between(0, 0)), &OffsetCommitKey::group);
        visit(field("topic", between(0, 0)), &OffsetCommitKey::topic);
        visit(field("partition", between(0, 0)), &OffsetCommitKey::partition);
    }
    bool operator==(const OffsetCommitKey&) const = default;
};

struct OffsetCommitValue {
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(4);

    Offset offset{};
    LeaderEpoch leader_epoch{-1};
    std::string metadata{};
    Timestamp commit_timestamp{};
    // Version 1 alone has it.
    Timestamp expire_timestamp{-1};
    TopicId topic_id{};

    static constexpr void fields(auto&& visit) {
        visit(field("offset"), &OffsetCommitValue::offset);
        visit(field("leader_epoch", since(3)).ignorable(), &OffsetCommitValue::leader_epoch);
        visit(field("metadata"), &OffsetCommitValue::metadata);
        visit(field("commit_timestamp"), &OffsetCommitValue::commit_timestamp);
        visit(field("expire_timestamp", between(1, 1)).ignorable(),
              &OffsetCommitValue::expire_timestamp);
        visit(tagged(0, "topic_id", since(4)).ignorable(), &OffsetCommitValue::topic_id);
    }
    bool operator==(const OffsetCommitValue&) const = default;
};

// Record type 2 in __consumer_offsets.
struct GroupMetadataKey {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = no_versions;

    std::string group{};

    static constexpr void fields(auto&& visit) {
        visit(field("group", between(0, 0)), &GroupMetadataKey::group);
    }
    bool operator==(const GroupMetadataKey&) const = default;
};

struct GroupMetadataValue {
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(4);

    struct MemberMetadata {
        std::string member_id{};
        std::optional<std::string> group_instance_id{};
        std::string client_id{};
        std::string client_host{};
        std::int32_t rebalance_timeout = -1;
        std::int32_t session_timeout = 0;
        Bytes subscription{};
        Bytes assignment{};

        static constexpr void fields(auto&& visit) {
            visit(field("member_id"), &MemberMetadata::member_id);
            visit(field("group_instance_id", since(3)).nullable(since(3)).ignorable(),
                  &MemberMetadata::group_instance_id);
            visit(field("client_id"), &MemberMetadata::client_id);
            visit(field("client_host"), &MemberMetadata::client_host);
            visit(field("rebalance_timeout", since(1)).ignorable(),
                  &MemberMetadata::rebalance_timeout);
            visit(field("session_timeout"), &MemberMetadata::session_timeout);
            visit(field("subscription"), &MemberMetadata::subscription);
            visit(field("assignment"), &MemberMetadata::assignment);
        }
        bool operator==(const MemberMetadata&) const = default;
    };

    // "consumer" for consumers.
    std::string protocol_type{};
    GenerationId generation{};
    std::optional<std::string> protocol = "";
    std::optional<std::string> leader = "";
    Timestamp current_state_timestamp{-1};
    std::vector<MemberMetadata> members{};

    static constexpr void fields(auto&& visit) {
        visit(field("protocol_type"), &GroupMetadataValue::protocol_type);
        visit(field("generation"), &GroupMetadataValue::generation);
        visit(field("protocol").nullable(), &GroupMetadataValue::protocol);
        visit(field("leader").nullable(), &GroupMetadataValue::leader);
        visit(field("current_state_timestamp", since(2)).ignorable(),
              &GroupMetadataValue::current_state_timestamp);
        visit(field("members"), &GroupMetadataValue::members);
    }
    bool operator==(const GroupMetadataValue&) const = default;
};

}  // namespace sluice::protocol
