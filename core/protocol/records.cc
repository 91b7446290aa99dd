#include "core/protocol/codec_impl.h"
#include "core/protocol/records/broker_records.h"
#include "core/protocol/records/cluster_records.h"
#include "core/protocol/records/consumer_protocol.h"
#include "core/protocol/records/control_records.h"
#include "core/protocol/records/group_records.h"
#include "core/protocol/records/topic_records.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_CODEC(RegisterBrokerRecord);
SLUICE_INSTANTIATE_CODEC(UnregisterBrokerRecord);
SLUICE_INSTANTIATE_CODEC(FenceBrokerRecord);
SLUICE_INSTANTIATE_CODEC(UnfenceBrokerRecord);
SLUICE_INSTANTIATE_CODEC(BrokerRegistrationChangeRecord);
SLUICE_INSTANTIATE_CODEC(RegisterControllerRecord);
SLUICE_INSTANTIATE_CODEC(FeatureLevelRecord);
SLUICE_INSTANTIATE_CODEC(ProducerIdsRecord);
SLUICE_INSTANTIATE_CODEC(NoOpRecord);
SLUICE_INSTANTIATE_CODEC(BeginTransactionRecord);
SLUICE_INSTANTIATE_CODEC(EndTransactionRecord);
SLUICE_INSTANTIATE_CODEC(AbortTransactionRecord);
SLUICE_INSTANTIATE_CODEC(ConsumerProtocolSubscription);
SLUICE_INSTANTIATE_CODEC(ConsumerProtocolAssignment);
SLUICE_INSTANTIATE_CODEC(StickyUserData);
SLUICE_INSTANTIATE_CODEC(LeaderChangeMessage);
SLUICE_INSTANTIATE_CODEC(SnapshotHeaderRecord);
SLUICE_INSTANTIATE_CODEC(SnapshotFooterRecord);
SLUICE_INSTANTIATE_CODEC(KRaftVersionRecord);
SLUICE_INSTANTIATE_CODEC(VotersRecord);
SLUICE_INSTANTIATE_CODEC(EndTxnMarker);
SLUICE_INSTANTIATE_CODEC(OffsetCommitKey);
SLUICE_INSTANTIATE_CODEC(OffsetCommitValue);
SLUICE_INSTANTIATE_CODEC(GroupMetadataKey);
SLUICE_INSTANTIATE_CODEC(GroupMetadataValue);
SLUICE_INSTANTIATE_CODEC(TopicRecord);
SLUICE_INSTANTIATE_CODEC(PartitionRecord);
SLUICE_INSTANTIATE_CODEC(PartitionChangeRecord);
SLUICE_INSTANTIATE_CODEC(RemoveTopicRecord);
SLUICE_INSTANTIATE_CODEC(ConfigRecord);
SLUICE_INSTANTIATE_CODEC(ClearElrRecord);

}  // namespace sluice::protocol
