#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/add_raft_voter.h"
#include "core/protocol/messages/begin_quorum_epoch.h"
#include "core/protocol/messages/describe_quorum.h"
#include "core/protocol/messages/end_quorum_epoch.h"
#include "core/protocol/messages/fetch_snapshot.h"
#include "core/protocol/messages/remove_raft_voter.h"
#include "core/protocol/messages/update_raft_voter.h"
#include "core/protocol/messages/vote.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(VoteRequest, VoteResponse);
SLUICE_INSTANTIATE_API(BeginQuorumEpochRequest, BeginQuorumEpochResponse);
SLUICE_INSTANTIATE_API(EndQuorumEpochRequest, EndQuorumEpochResponse);
SLUICE_INSTANTIATE_API(DescribeQuorumRequest, DescribeQuorumResponse);
SLUICE_INSTANTIATE_API(FetchSnapshotRequest, FetchSnapshotResponse);
SLUICE_INSTANTIATE_API(AddRaftVoterRequest, AddRaftVoterResponse);
SLUICE_INSTANTIATE_API(RemoveRaftVoterRequest, RemoveRaftVoterResponse);
SLUICE_INSTANTIATE_API(UpdateRaftVoterRequest, UpdateRaftVoterResponse);

}  // namespace sluice::protocol
