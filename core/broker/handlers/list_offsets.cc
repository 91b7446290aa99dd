#include <map>

#include "core/base/probe.h"
#include "core/broker/errors.h"
#include "core/broker/handlers/partition_call.h"
#include "core/replication/leader_epochs.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// Timestamps that are not times.
constexpr Timestamp latest{-1};
constexpr Timestamp earliest{-2};
constexpr Timestamp greatest_timestamp{-3};
constexpr Timestamp earliest_local{-4};
constexpr Timestamp latest_tiered{-5};
constexpr Timestamp earliest_pending_upload{-6};

// The first version that knows each of them.
bool is_known(Timestamp special, Version version) {
    if (special >= earliest) return true;
    if (special == greatest_timestamp) return version >= Version(7);
    if (special == earliest_local) return version >= Version(8);
    if (special == latest_tiered) return version >= Version(9);
    return special == earliest_pending_upload && version >= Version(11);
}

// What a client may not be told yet: it could be further (KIP-207).
bool is_settled(const Partition& partition) {
    const ReplicaDriver* const replica = partition.replica();
    return replica == nullptr || replica->leading() == nullptr ||
           replica->leading()->high_watermark_is_current();
}

// Where a follower asks, the log's end is meant, whatever of it is committed.
void look_up(Partition& partition, const ListOffsetsRequest::Partition& wanted, bool is_follower,
             ListOffsetsResponse::Partition& answer) {
    answer.error_code = partition.check_epoch(wanted.current_leader_epoch);
    if (answer.error_code != ErrorCode::none) return;
    const LogOffsets offsets = partition.log().offsets();
    const auto answer_with = [&](Offset offset) {
        answer.offset = offset;
        answer.leader_epoch = partition.leader_epoch();
    };
    if (wanted.timestamp == latest && is_follower) return answer_with(offsets.end);
    if (wanted.timestamp != earliest && wanted.timestamp != earliest_local &&
        !is_settled(partition)) {
        answer.error_code = ErrorCode::offset_not_available;
        return;
    }
    if (wanted.timestamp == latest)
        return answer_with(
            PLANT("list_offsets.latest_is_the_log_end") ? offsets.end : partition.high_watermark());
    if (wanted.timestamp == earliest || wanted.timestamp == earliest_local) {
        answer.offset = offsets.start;
        const auto& epochs = partition.log().epochs().entries();
        if (!epochs.empty() && epochs.front().start <= offsets.start)
            answer.leader_epoch = epochs.front().epoch;
        return;
    }
    // There is no tiered storage: nothing is there, and nothing waits to go there.
    if (wanted.timestamp == latest_tiered || wanted.timestamp == earliest_pending_upload) return;

    const std::optional<Timestamp> time =
        wanted.timestamp == greatest_timestamp ? std::nullopt : std::optional(wanted.timestamp);
    const auto found = partition.log().find_timestamp(time, partition.high_watermark());
    if (found.failed()) {
        answer.error_code = read_error(found.error());
        return;
    }
    if (!*found) return;
    answer.timestamp = (*found)->timestamp;
    answer.offset = (*found)->offset;
    answer.leader_epoch = (*found)->leader_epoch;
}

}  // namespace

ListOffsetsResponse handle(const RequestContext& context, ListOffsetsRequest request) {
    ListOffsetsResponse response;
    std::map<std::string, std::map<PartitionIndex, int>> times_named;
    for (const auto& topic : request.topics)
        for (const auto& wanted : topic.partitions)
            ++times_named[topic.name][wanted.partition_index];
    for (const auto& topic : request.topics) {
        ListOffsetsResponse::Topic answers;
        answers.name = topic.name;
        for (const auto& wanted : topic.partitions) {
            ListOffsetsResponse::Partition answer;
            answer.partition_index = wanted.partition_index;
            ErrorCode error = ErrorCode::unsupported_version;
            if (times_named[topic.name][wanted.partition_index] > 1)
                error = ErrorCode::invalid_request;
            else if (is_known(wanted.timestamp, context.version))
                error = with_partition(
                    context.broker, topic.name, wanted.partition_index, [&](Partition& partition) {
                        look_up(partition, wanted, request.replica_id >= BrokerId(0), answer);
                    });
            // Older clients know another word for it.
            if (answer.error_code == ErrorCode::offset_not_available &&
                context.version < Version(5))
                answer.error_code = ErrorCode::leader_not_available;
            if (error != ErrorCode::none) answer.error_code = error;
            if (context.version < Version(4)) answer.leader_epoch = no_leader_epoch;
            answers.partitions.push_back(answer);
        }
        response.topics.push_back(std::move(answers));
    }
    return response;
}

}  // namespace sluice::broker
