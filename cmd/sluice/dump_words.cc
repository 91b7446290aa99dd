#include "cmd/sluice/dump_words.h"

#include <fmt/format.h>

#include "core/base/endian.h"
#include "core/client/assign/subscription.h"
#include "core/protocol/metadata_record.h"
#include "core/protocol/versioned.h"

namespace sluice::cmd {
namespace {

using namespace protocol;

std::string_view name_of(MetadataRecordType type) {
    switch (type) {
        case MetadataRecordType::register_broker:
            return "register_broker";
        case MetadataRecordType::unregister_broker:
            return "unregister_broker";
        case MetadataRecordType::topic:
            return "topic";
        case MetadataRecordType::partition:
            return "partition";
        case MetadataRecordType::config:
            return "config";
        case MetadataRecordType::partition_change:
            return "partition_change";
        case MetadataRecordType::fence_broker:
            return "fence_broker";
        case MetadataRecordType::unfence_broker:
            return "unfence_broker";
        case MetadataRecordType::remove_topic:
            return "remove_topic";
        case MetadataRecordType::feature_level:
            return "feature_level";
        case MetadataRecordType::producer_ids:
            return "producer_ids";
        case MetadataRecordType::broker_registration_change:
            return "broker_registration_change";
        case MetadataRecordType::no_op:
            return "no_op";
        case MetadataRecordType::begin_transaction:
            return "begin_transaction";
        case MetadataRecordType::end_transaction:
            return "end_transaction";
        case MetadataRecordType::abort_transaction:
            return "abort_transaction";
        case MetadataRecordType::register_controller:
            return "register_controller";
        case MetadataRecordType::clear_elr:
            return "clear_elr";
    }
    return "unknown";
}

std::string members_of(const GroupMetadataValue& group) {
    std::string text;
    for (const auto& member : group.members) {
        text +=
            fmt::format("{}{} [{}]", text.empty() ? "" : "; ", member.member_id, member.client_id);
        const auto share = client::decode_share(member.assignment);
        if (!share) continue;
        for (const auto& each : *share)
            text += fmt::format(" {}-{}", each.topic, each.partition.value);
    }
    return text;
}

void add_commit(Facts& facts, const OffsetCommitKey& key, const std::optional<Bytes>& value) {
    facts.push_back(fact("record", std::string("offset_commit")));
    facts.push_back(fact("group", key.group));
    facts.push_back(fact("topic", key.topic));
    facts.push_back(fact("partition", std::int64_t{key.partition.value}));
    if (!value) return facts.push_back(fact("tombstone", true));
    const auto commit = decode_offset_commit_value(*value);
    if (!commit) return facts.push_back(fact("unreadable", true));
    facts.push_back(fact("committed", commit->offset.value));
    facts.push_back(fact("metadata", commit->metadata));
    facts.push_back(fact("commit_timestamp", commit->commit_timestamp.value));
}

void add_group(Facts& facts, const GroupMetadataKey& key, const std::optional<Bytes>& value) {
    facts.push_back(fact("record", std::string("group_metadata")));
    facts.push_back(fact("group", key.group));
    if (!value) return facts.push_back(fact("tombstone", true));
    const auto group = decode_group_metadata_value(*value);
    if (!group) return facts.push_back(fact("unreadable", true));
    facts.push_back(fact("generation", std::int64_t{group->generation.value}));
    facts.push_back(fact("strategy", group->protocol.value_or("")));
    facts.push_back(fact("leader", group->leader.value_or("")));
    facts.push_back(fact("members", members_of(*group)));
}

// False for kinds of groups that this version does not know.
bool add_group_record(Facts& facts, Bytes key, const std::optional<Bytes>& value) {
    const auto type = take_prefix(key);
    if (!type) return false;
    const auto kind = static_cast<GroupRecordType>(*type);
    if (kind == GroupRecordType::offset_commit || kind == GroupRecordType::legacy_offset_commit) {
        const auto read = decode<OffsetCommitKey>(key, Version(0));
        if (read) add_commit(facts, *read, value);
        return !read.failed();
    }
    if (kind != GroupRecordType::group_metadata) return false;
    const auto read = decode<GroupMetadataKey>(key, Version(0));
    if (read) add_group(facts, *read, value);
    return !read.failed();
}

bool add_metadata_record(Facts& facts, const Bytes& value) {
    Bytes rest = value;
    const auto frame = take_metadata_record_frame(rest);
    const auto record = decode_metadata_record(value);
    if (!frame || !record) return false;
    facts.push_back(fact("record", std::string(name_of(frame->type))));
    facts.push_back(fact("version", std::int64_t{frame->version.value}));
    facts.push_back(fact(
        "says", std::visit([](const auto& each) { return protocol::to_text(each); }, *record)));
    return true;
}

void add_control(Facts& facts, Slice key) {
    constexpr std::string_view names[] = {"abort",           "commit",          "leader_change",
                                          "snapshot_header", "snapshot_footer", "kraft_version",
                                          "kraft_voters"};
    const auto type = decode_control_key(key);
    const auto number = type ? static_cast<std::size_t>(*type) : std::size(names);
    facts.push_back(
        fact("control", std::string(number < std::size(names) ? names[number] : "unknown")));
}

}  // namespace

RecordWords words_for(const std::string& path) {
    if (path.find("__consumer_offsets-") != std::string::npos) return RecordWords::consumer_offsets;
    const bool metadata = path.find("__cluster_metadata-") != std::string::npos ||
                          path.ends_with("bootstrap.checkpoint");
    if (metadata) return RecordWords::cluster_metadata;
    return RecordWords::plain;
}

void add_words(Facts& facts, RecordWords words, const BatchView& batch, const RecordView& record) {
    if (batch.is_control()) return add_control(facts, record.key);
    const auto value =
        record.has_value ? std::optional(Bytes::copy_of(record.value)) : std::nullopt;
    if (words == RecordWords::consumer_offsets &&
        add_group_record(facts, Bytes::copy_of(record.key), value))
        return;
    if (words == RecordWords::cluster_metadata && value && add_metadata_record(facts, *value))
        return;
    facts.push_back(fact("key", record.has_key ? std::optional(record.key) : std::nullopt));
    facts.push_back(fact("value", record.has_value ? std::optional(record.value) : std::nullopt));
    HeaderReader headers(record);
    std::string text;
    while (const auto header = headers.next())
        text += fmt::format("{}{}={}", text.empty() ? "" : ",", as_text(header->key),
                            as_text(header->value));
    if (!text.empty()) facts.push_back(fact("headers", text));
}

}  // namespace sluice::cmd
