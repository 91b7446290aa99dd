#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/create_partitions.h"
#include "core/protocol/messages/create_topics.h"
#include "core/protocol/messages/delete_records.h"
#include "core/protocol/messages/delete_topics.h"
#include "core/protocol/messages/describe_topic_partitions.h"
#include "core/protocol/messages/offset_for_leader_epoch.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(CreateTopicsRequest, CreateTopicsResponse);
SLUICE_INSTANTIATE_API(DeleteTopicsRequest, DeleteTopicsResponse);
SLUICE_INSTANTIATE_API(CreatePartitionsRequest, CreatePartitionsResponse);
SLUICE_INSTANTIATE_API(DeleteRecordsRequest, DeleteRecordsResponse);
SLUICE_INSTANTIATE_API(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse);
SLUICE_INSTANTIATE_API(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse);

}  // namespace sluice::protocol
