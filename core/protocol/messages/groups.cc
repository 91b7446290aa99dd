#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/delete_groups.h"
#include "core/protocol/messages/describe_groups.h"
#include "core/protocol/messages/heartbeat.h"
#include "core/protocol/messages/join_group.h"
#include "core/protocol/messages/leave_group.h"
#include "core/protocol/messages/list_groups.h"
#include "core/protocol/messages/sync_group.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(JoinGroupRequest, JoinGroupResponse);
SLUICE_INSTANTIATE_API(SyncGroupRequest, SyncGroupResponse);
SLUICE_INSTANTIATE_API(HeartbeatRequest, HeartbeatResponse);
SLUICE_INSTANTIATE_API(LeaveGroupRequest, LeaveGroupResponse);
SLUICE_INSTANTIATE_API(ListGroupsRequest, ListGroupsResponse);
SLUICE_INSTANTIATE_API(DescribeGroupsRequest, DescribeGroupsResponse);
SLUICE_INSTANTIATE_API(DeleteGroupsRequest, DeleteGroupsResponse);

}  // namespace sluice::protocol
