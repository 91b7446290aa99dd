#include "core/client/group_offsets.h"

#include <fmt/format.h>

namespace sluice::client {

using protocol::ErrorCode;

namespace {

// Later versions name topics by their id alone.
constexpr Version newest_offsets_by_name{9};

// Appends to the topic's entry, which is the last one when the partitions come in order.
template <class Topic>
Topic& entry_of(std::vector<Topic>& topics, const std::string& name) {
    if (topics.empty() || topics.back().name != name) {
        topics.emplace_back();
        topics.back().name = name;
    }
    return topics.back();
}

template <class Response>
ErrorCode first_error(const Response& response) {
    for (const auto& topic : response.topics)
        for (const auto& partition : topic.partitions)
            if (partition.error_code != ErrorCode::none) return partition.error_code;
    return ErrorCode::none;
}

template <class Response>
Result<void, Refusal> outcome_of(const Response& response) {
    for (const auto& topic : response.topics)
        for (const auto& partition : topic.partitions)
            if (partition.error_code != ErrorCode::none)
                return refusal(partition.error_code,
                               fmt::format("{}-{}", topic.name, partition.partition_index.value));
    return {};
}

}  // namespace

Result<CommittedOffsets, Refusal> GroupOffsets::all() {
    return fetch(nullptr);
}

Result<CommittedOffsets, Refusal> GroupOffsets::of(const std::vector<TopicPartition>& partitions) {
    if (partitions.empty()) return CommittedOffsets();
    return fetch(&partitions);
}

Result<CommittedOffsets, Refusal> GroupOffsets::fetch(
    const std::vector<TopicPartition>* partitions) {
    protocol::OffsetFetchRequest request;
    request.require_stable = true;
    request.groups.emplace_back();
    auto& wanted = request.groups.front();
    wanted.group_id = coordinator_.group();
    if (partitions == nullptr) {
        wanted.topics.reset();
    } else {
        for (const TopicPartition& each : *partitions)
            entry_of(*wanted.topics, each.topic).partition_indexes.push_back(each.partition);
    }
    const auto code_of = [](const protocol::OffsetFetchResponse& reply) {
        if (reply.groups.empty()) return ErrorCode::none;
        const auto& group = reply.groups.front();
        return group.error_code != ErrorCode::none ? group.error_code : first_error(group);
    };
    TRY(const auto reply, coordinator_.ask(request, code_of, newest_offsets_by_name));
    if (reply.groups.size() != 1) return refusal(Error::invalid);
    const auto& group = reply.groups.front();
    if (group.error_code != ErrorCode::none) return refusal(group.error_code);
    if (const auto outcome = outcome_of(group); outcome.failed()) return outcome.error();
    CommittedOffsets offsets;
    for (const auto& topic : group.topics)
        for (const auto& partition : topic.partitions)
            if (partition.committed_offset >= Offset(0))
                offsets[{topic.name, partition.partition_index}] = {
                    partition.committed_offset, partition.committed_leader_epoch,
                    partition.metadata.value_or("")};
    return offsets;
}

Result<void, Refusal> GroupOffsets::commit(const CommittedOffsets& offsets,
                                           const CommitIdentity& identity) {
    if (offsets.empty()) return {};
    protocol::OffsetCommitRequest request;
    request.group_id = coordinator_.group();
    request.generation_id_or_member_epoch = identity.generation;
    request.member_id = identity.member_id;
    request.group_instance_id = identity.instance_id;
    for (const auto& [partition, committed] : offsets)
        entry_of(request.topics, partition.topic)
            .partitions.push_back({.partition_index = partition.partition,
                                   .committed_offset = committed.offset,
                                   .committed_leader_epoch = committed.leader_epoch,
                                   .committed_metadata = committed.metadata});
    TRY(const auto reply, coordinator_.ask(
                              request, [](const auto& answer) { return first_error(answer); },
                              newest_offsets_by_name));
    return outcome_of(reply);
}

Result<void, Refusal> GroupOffsets::remove(const std::vector<TopicPartition>& partitions) {
    protocol::OffsetDeleteRequest request;
    request.group_id = coordinator_.group();
    for (const TopicPartition& each : partitions)
        entry_of(request.topics, each.topic)
            .partitions.push_back({.partition_index = each.partition});
    TRY(const auto reply,
        coordinator_.ask(request, [](const auto& answer) { return answer.error_code; }));
    if (reply.error_code != ErrorCode::none) return refusal(reply.error_code);
    return outcome_of(reply);
}

}  // namespace sluice::client
