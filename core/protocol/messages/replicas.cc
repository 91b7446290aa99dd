#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/alter_partition.h"
#include "core/protocol/messages/alter_partition_reassignments.h"
#include "core/protocol/messages/assign_replicas_to_dirs.h"
#include "core/protocol/messages/elect_leaders.h"
#include "core/protocol/messages/list_partition_reassignments.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(ElectLeadersRequest, ElectLeadersResponse);
SLUICE_INSTANTIATE_API(AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse);
SLUICE_INSTANTIATE_API(ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse);
SLUICE_INSTANTIATE_API(AlterPartitionRequest, AlterPartitionResponse);
SLUICE_INSTANTIATE_API(AssignReplicasToDirsRequest, AssignReplicasToDirsResponse);

}  // namespace sluice::protocol
