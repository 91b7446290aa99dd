// DeleteRecords and OffsetForLeaderEpoch: where a partition begins, and where its epochs end.

#include "core/base/probe.h"
#include "core/broker/errors.h"
#include "core/broker/handlers/partition_call.h"
#include "core/metadata/topic_name.h"
#include "core/replication/leader_epochs.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr Offset to_high_watermark{-1};

void delete_before(Partition& partition, Offset offset, DeleteRecordsResponse::Partition& answer) {
    answer.error_code = partition.check_epoch(no_leader_epoch);
    if (answer.error_code != ErrorCode::none) return;
    const Offset end = partition.high_watermark();
    const Offset start = offset == to_high_watermark
                             ? (PLANT("records.high_watermark_not_meant") ? Offset(0) : end)
                             : offset;
    if (start < Offset(0) || start > end) {
        answer.error_code = ErrorCode::offset_out_of_range;
        return;
    }
    if (start > partition.log().offsets().start) {
        const auto moved = partition.log().advance_start(start);
        if (moved.failed()) {
            answer.error_code = read_error(moved.error());
            return;
        }
        partition.watchers().changed();
    }
    answer.low_watermark = partition.log().offsets().start;
}

void end_of_epoch(Partition& partition, const OffsetForLeaderEpochRequest::Partition& wanted,
                  bool of_follower, OffsetForLeaderEpochResponse::EpochEndOffset& answer) {
    answer.error_code = partition.check_epoch(wanted.current_leader_epoch);
    if (answer.error_code != ErrorCode::none) return;
    if (of_follower && partition.replica() != nullptr) {
        const auto reply =
            partition.replica()->end_of_epoch(wanted.current_leader_epoch, wanted.leader_epoch);
        answer.error_code = reply.error;
        answer.leader_epoch = reply.end.epoch;
        answer.end_offset = reply.end.offset;
        return;
    }
    if (wanted.leader_epoch == partition.leader_epoch()) {
        answer.leader_epoch = wanted.leader_epoch;
        answer.end_offset = partition.high_watermark();
        return;
    }
    const auto end =
        partition.log().epochs().end_offset_for(wanted.leader_epoch, partition.high_watermark());
    if (!end && PLANT("epochs.unknown_one_ends_here"))
        answer.end_offset = partition.high_watermark();
    if (!end) return;
    answer.leader_epoch = end->epoch;
    answer.end_offset = end->offset;
}

}  // namespace

DeleteRecordsResponse handle(const RequestContext& context, DeleteRecordsRequest request) {
    DeleteRecordsResponse response;
    for (const auto& topic : request.topics) {
        DeleteRecordsResponse::Topic answers;
        answers.name = topic.name;
        for (const auto& wanted : topic.partitions) {
            DeleteRecordsResponse::Partition answer;
            answer.partition_index = wanted.partition_index;
            answer.low_watermark = Offset(-1);
            ErrorCode error = ErrorCode::invalid_topic_exception;
            if (!metadata::is_internal_topic(topic.name))
                error = with_partition(
                    context.broker, topic.name, wanted.partition_index,
                    [&](Partition& partition) { delete_before(partition, wanted.offset, answer); });
            if (error != ErrorCode::none) answer.error_code = error;
            answers.partitions.push_back(answer);
        }
        response.topics.push_back(std::move(answers));
    }
    return response;
}

OffsetForLeaderEpochResponse handle(const RequestContext& context,
                                    OffsetForLeaderEpochRequest request) {
    OffsetForLeaderEpochResponse response;
    for (const auto& topic : request.topics) {
        OffsetForLeaderEpochResponse::Topic answers;
        answers.topic = topic.topic;
        for (const auto& wanted : topic.partitions) {
            OffsetForLeaderEpochResponse::EpochEndOffset answer;
            answer.partition = wanted.partition;
            const ErrorCode error = with_partition(
                context.broker, topic.topic, wanted.partition, [&](Partition& partition) {
                    end_of_epoch(partition, wanted, request.replica_id >= BrokerId(0), answer);
                });
            if (error != ErrorCode::none) answer.error_code = error;
            answers.partitions.push_back(answer);
        }
        response.topics.push_back(std::move(answers));
    }
    return response;
}

}  // namespace sluice::broker
