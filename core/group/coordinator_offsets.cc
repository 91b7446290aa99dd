// Committed offsets: who may commit, what is kept, and for how long.

#include <algorithm>

#include "core/base/probe.h"
#include "core/group/coordinator.h"

namespace sluice::group {

using namespace protocol;

namespace {

// From here on clients know what GROUP_ID_NOT_FOUND means.
constexpr Version commit_not_found_since{9};

OffsetCommitValue value_of(const OffsetCommitRequest::Topic& topic,
                           const OffsetCommitRequest::Partition& partition,
                           std::int64_t retention_time_ms, Now now) {
    OffsetCommitValue value;
    value.offset = partition.committed_offset;
    value.leader_epoch = partition.committed_leader_epoch;
    value.metadata = partition.committed_metadata.value_or("");
    value.commit_timestamp = now.wall;
    if (retention_time_ms >= 0)
        value.expire_timestamp =
            Timestamp(now.wall.value + std::min(retention_time_ms, INT64_MAX - now.wall.value));
    value.topic_id = topic.topic_id;
    return value;
}

}  // namespace

Replied<OffsetCommitResponse> Coordinator::committed(const OffsetCommitRequest& request,
                                                     Version version, Now now) {
    begin(now);
    ErrorCode code = check_commit(request, version);
    const bool has_room = logged_.offset_count() < settings_.committed_offsets_max &&
                          (logged_.find(request.group_id) != nullptr ||
                           logged_.groups().size() < settings_.groups_max);
    if (code == ErrorCode::none && !has_room) code = ErrorCode::invalid_commit_offset_size;
    OffsetCommitResponse response;
    for (const auto& topic : request.topics) {
        OffsetCommitResponse::Topic answers;
        answers.name = topic.name;
        answers.topic_id = topic.topic_id;
        for (const auto& partition : topic.partitions) {
            ErrorCode outcome = code;
            const std::size_t size = partition.committed_metadata.value_or("").size();
            if (outcome == ErrorCode::none &&
                (size > settings_.offset_metadata_bytes_max || size > name_bytes_max))
                outcome = ErrorCode::offset_metadata_too_large;
            answers.partitions.push_back({partition.partition_index, outcome});
            if (outcome != ErrorCode::none) continue;
            OffsetRecord record{{request.group_id, topic.name, partition.partition_index},
                                value_of(topic, partition, request.retention_time_ms, now)};
            effects_.records.emplace_back(std::move(record));
        }
        response.topics.push_back(std::move(answers));
    }
    ClassicGroup* group = find_live(request.group_id);
    if (group && code == ErrorCode::none) still_alive(*group, request.member_id);
    return {std::move(response), finish()};
}

ErrorCode Coordinator::check_commit(const OffsetCommitRequest& request, Version version) const {
    const GenerationId generation = request.generation_id_or_member_epoch;
    if (request.group_id.size() > name_bytes_max) return ErrorCode::invalid_group_id;
    const ClassicGroup* group = find(request.group_id);
    if (group == nullptr && logged_.find(request.group_id) == nullptr) {
        if (generation < GenerationId(0)) return ErrorCode::none;
        return version >= commit_not_found_since ? ErrorCode::group_id_not_found
                                                 : ErrorCode::illegal_generation;
    }
    // Without members anybody may commit who does not claim to be one.
    const bool is_empty = group == nullptr || group->state == GroupState::empty;
    if (generation < GenerationId(0) && is_empty) return ErrorCode::none;
    if (generation < GenerationId(0) && request.member_id.empty() && !request.group_instance_id)
        return ErrorCode::unknown_member_id;
    if (group == nullptr) return ErrorCode::unknown_member_id;
    const ErrorCode code = group->check_member(request.member_id, request.group_instance_id);
    if (code != ErrorCode::none) return code;
    if (generation != group->generation && !PLANT("group.generation_check_skipped"))
        return ErrorCode::illegal_generation;
    // Its partitions are not its own before it has asked for them.
    return group->state == GroupState::completing_rebalance &&
                   !PLANT("group.commits_before_the_sync")
               ? ErrorCode::rebalance_in_progress
               : ErrorCode::none;
}

OffsetFetchResponse::Group Coordinator::offsets(const OffsetFetchRequest::Group& request) const {
    OffsetFetchResponse::Group answer;
    answer.group_id = request.group_id;
    const LoggedGroup* group = logged_.find(request.group_id);
    static const OffsetsByTopic none;
    const OffsetsByTopic& known = group ? group->offsets : none;
    const auto show = [](PartitionIndex index, const OffsetCommitValue& value) {
        OffsetFetchResponse::GroupPartition shown;
        shown.partition_index = index;
        shown.committed_offset = value.offset;
        shown.committed_leader_epoch = value.leader_epoch;
        shown.metadata = value.metadata;
        return shown;
    };
    OffsetCommitValue absent;
    absent.offset = Offset(-1);
    if (!request.topics) {
        for (const auto& [topic, partitions] : known) {
            auto& shown = answer.topics.emplace_back();
            shown.name = topic;
            for (const auto& [index, value] : partitions)
                if (partitions.size() == 1 || !PLANT("offsets.one_left_out_of_all") ||
                    index != partitions.begin()->first)
                    shown.partitions.push_back(show(index, value));
        }
        return answer;
    }
    for (const auto& wanted : *request.topics) {
        auto& shown = answer.topics.emplace_back();
        shown.name = wanted.name;
        shown.topic_id = wanted.topic_id;
        const auto topic = known.find(wanted.name);
        for (const PartitionIndex index : wanted.partition_indexes) {
            const bool found = topic != known.end() && topic->second.contains(index);
            shown.partitions.push_back(show(index, found ? topic->second.at(index) : absent));
        }
    }
    return answer;
}

Replied<OffsetDeleteResponse> Coordinator::offsets_deleted(const OffsetDeleteRequest& request) {
    OffsetDeleteResponse response;
    const ClassicGroup* group = find(request.group_id);
    const LoggedGroup* logged = logged_.find(request.group_id);
    if (group == nullptr && logged == nullptr) {
        response.error_code = ErrorCode::group_id_not_found;
        return {std::move(response), finish()};
    }
    if (group && group->state != GroupState::empty && !group->uses_consumer_protocol()) {
        // What other kinds of members subscribe to is not known.
        response.error_code = ErrorCode::non_empty_group;
        return {std::move(response), finish()};
    }
    for (const auto& topic : request.topics) {
        OffsetDeleteResponse::Topic answers;
        answers.name = topic.name;
        const bool in_use = group && group->is_subscribed_to(topic.name);
        for (const auto& partition : topic.partitions) {
            const ErrorCode code = in_use ? ErrorCode::group_subscribed_to_topic : ErrorCode::none;
            answers.partitions.push_back({partition.partition_index, code});
            if (in_use || logged == nullptr) continue;
            const auto known = logged->offsets.find(topic.name);
            if (known != logged->offsets.end() &&
                known->second.contains(partition.partition_index) &&
                !PLANT("group.offset_deletion_not_logged"))
                effects_.records.emplace_back(
                    offset_tombstone(request.group_id, topic.name, partition.partition_index));
        }
        response.topics.push_back(std::move(answers));
    }
    return {std::move(response), finish()};
}

bool Coordinator::is_expired(const ClassicGroup* group, const OffsetCommitValue& value) const {
    if (value.expire_timestamp != no_timestamp) return value.expire_timestamp <= now_.wall;
    Timestamp since = value.commit_timestamp;
    // Members may own what they have not committed for long: the clock starts when the last left.
    const bool was_empty_since = group && group->protocol_type &&
                                 group->state == GroupState::empty &&
                                 group->state_since != no_timestamp;
    if (was_empty_since && !PLANT("group.retention_from_the_commit")) since = group->state_since;
    return now_.wall.value - since.value >= to_milliseconds(settings_.offsets_retention);
}

void Coordinator::check_retention(const std::string& group_id, const LoggedGroup& logged) {
    const ClassicGroup* group = find(group_id);
    const bool is_empty =
        group == nullptr || (group->state == GroupState::empty && group->pending.empty());
    // During a rebalance, or when nobody knows what members use, nothing expires.
    const bool may_expire = is_empty || !group->protocol_type ||
                            PLANT("group.offsets_in_use_expire") ||
                            (group->state == GroupState::stable && group->subscribed_topics);
    if (!may_expire) return;
    std::size_t left = 0;
    for (const auto& [topic, partitions] : logged.offsets)
        for (const auto& [index, value] : partitions) {
            const bool in_use = group && !is_empty && group->is_subscribed_to(topic) &&
                                !PLANT("group.offsets_in_use_expire");
            if (in_use || !is_expired(group, value))
                ++left;
            else
                effects_.records.emplace_back(offset_tombstone(group_id, topic, index));
        }
    if (left > 0 || !is_empty) return;
    SOMETIMES("group.expired", true);
    if (logged.metadata) effects_.records.emplace_back(GroupRecord{{group_id}, std::nullopt});
}

Effects Coordinator::retention_checked(Now now) {
    begin(now);
    for (const auto& [group_id, group] : logged_.groups()) {
        const std::size_t before = effects_.records.size();
        check_retention(group_id, group);
        const bool is_gone = effects_.records.size() > before &&
                             std::holds_alternative<GroupRecord>(effects_.records.back());
        if (is_gone && find(group_id)) forget(group_id);
    }
    return finish();
}

Effects Coordinator::topics_changed(const TopicExists& exists) {
    for (const auto& [group_id, group] : logged_.groups())
        for (const auto& [topic, partitions] : group.offsets)
            for (const auto& [index, value] : partitions)
                if (!exists(topic, value.topic_id))
                    effects_.records.emplace_back(offset_tombstone(group_id, topic, index));
    return finish();
}

}  // namespace sluice::group
