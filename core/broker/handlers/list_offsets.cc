#include "core/broker/errors.h"
#include "core/broker/handlers/handlers.h"

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

void look_up(Partition& partition, const ListOffsetsRequest::Partition& wanted,
             ListOffsetsResponse::Partition& answer) {
    answer.error_code = partition.check_epoch(wanted.current_leader_epoch);
    if (answer.error_code != ErrorCode::none) return;
    const LogOffsets offsets = partition.log().offsets();
    const auto answer_with = [&](Offset offset) {
        answer.offset = offset;
        answer.leader_epoch = partition.leader_epoch();
    };
    if (wanted.timestamp == latest) return answer_with(partition.high_watermark());
    if (wanted.timestamp == earliest || wanted.timestamp == earliest_local)
        return answer_with(offsets.start);
    // There is no tiered storage: nothing is there, and nothing waits to go there.
    if (wanted.timestamp == latest_tiered || wanted.timestamp == earliest_pending_upload) return;

    const std::optional<Timestamp> time =
        wanted.timestamp == greatest_timestamp ? std::nullopt : std::optional(wanted.timestamp);
    const auto found = partition.log().find_timestamp(time, partition.high_watermark());
    if (found.failed()) {
        answer.error_code = error_code_of(found.error());
        return;
    }
    if (!*found) return;
    answer.timestamp = (*found)->timestamp;
    answer.offset = (*found)->offset;
    answer.leader_epoch = (*found)->leader_epoch;
}

}  // namespace

ListOffsetsResponse handle(const RequestContext& context, ListOffsetsRequest request) {
    Broker& broker = context.broker;
    ListOffsetsResponse response;
    for (const auto& topic : request.topics) {
        ListOffsetsResponse::Topic answers;
        answers.name = topic.name;
        const metadata::TopicState* found = broker.image().topic(topic.name);
        const std::optional<TopicId> id = found ? std::optional(found->id) : std::nullopt;
        for (const auto& wanted : topic.partitions) {
            ListOffsetsResponse::Partition answer;
            answer.partition_index = wanted.partition_index;
            if (!id || broker.image().topic(*id) == nullptr) {
                answer.error_code = ErrorCode::unknown_topic_or_partition;
            } else if (!is_known(wanted.timestamp, context.version)) {
                answer.error_code = ErrorCode::unsupported_version;
            } else {
                const PartitionId partition_id{*id, wanted.partition_index};
                const ShardId home = broker.home_of(partition_id);
                Broker& there = broker.on(home);
                const auto called = env::call(broker.env().shards, home, [&] {
                    if (const Partition::Use partition = there.find(partition_id))
                        look_up(*partition, wanted, answer);
                    else
                        answer.error_code = there.error_for_missing(partition_id);
                });
                if (called.failed()) answer.error_code = ErrorCode::request_timed_out;
            }
            answers.partitions.push_back(std::move(answer));
        }
        response.topics.push_back(std::move(answers));
    }
    return response;
}

}  // namespace sluice::broker
