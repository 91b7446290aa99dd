#pragma once

#include "core/broker/broker.h"
#include "core/broker/service.h"
#include "core/protocol/api.h"

namespace sluice::broker {

// One request on its way: whose it is and where it came in.
struct RequestContext {
    Broker& broker;
    Session& session;
    const protocol::RequestHeader& header;
    Version version;
    ReplyMemory::Growing& answer;  // So far, where the handler says.
};

// What is built of Kafka's APIs, one file each beside this one. ApiVersions advertises exactly
// those that have an overload here, so that nothing is promised that is not there.
protocol::ApiVersionsResponse handle(const RequestContext&, protocol::ApiVersionsRequest);
protocol::MetadataResponse handle(const RequestContext&, protocol::MetadataRequest);
protocol::FetchResponse handle(const RequestContext&, protocol::FetchRequest);
protocol::ListOffsetsResponse handle(const RequestContext&, protocol::ListOffsetsRequest);
protocol::CreateTopicsResponse handle(const RequestContext&, protocol::CreateTopicsRequest);
protocol::DeleteTopicsResponse handle(const RequestContext&, protocol::DeleteTopicsRequest);
protocol::CreatePartitionsResponse handle(const RequestContext&, protocol::CreatePartitionsRequest);
protocol::InitProducerIdResponse handle(const RequestContext&, protocol::InitProducerIdRequest);
protocol::DeleteRecordsResponse handle(const RequestContext&, protocol::DeleteRecordsRequest);
protocol::OffsetForLeaderEpochResponse handle(const RequestContext&,
                                              protocol::OffsetForLeaderEpochRequest);
protocol::DescribeProducersResponse handle(const RequestContext&,
                                           protocol::DescribeProducersRequest);
protocol::DescribeLogDirsResponse handle(const RequestContext&, protocol::DescribeLogDirsRequest);
protocol::DescribeTopicPartitionsResponse handle(const RequestContext&,
                                                 protocol::DescribeTopicPartitionsRequest);
protocol::DescribeConfigsResponse handle(const RequestContext&, protocol::DescribeConfigsRequest);
protocol::AlterConfigsResponse handle(const RequestContext&, protocol::AlterConfigsRequest);
protocol::IncrementalAlterConfigsResponse handle(const RequestContext&,
                                                 protocol::IncrementalAlterConfigsRequest);
protocol::ListConfigResourcesResponse handle(const RequestContext&,
                                             protocol::ListConfigResourcesRequest);
protocol::DescribeClusterResponse handle(const RequestContext&, protocol::DescribeClusterRequest);
// Consumer groups: see groups.cc and offsets.cc.
protocol::FindCoordinatorResponse handle(const RequestContext&, protocol::FindCoordinatorRequest);
protocol::JoinGroupResponse handle(const RequestContext&, protocol::JoinGroupRequest);
protocol::SyncGroupResponse handle(const RequestContext&, protocol::SyncGroupRequest);
protocol::HeartbeatResponse handle(const RequestContext&, protocol::HeartbeatRequest);
protocol::LeaveGroupResponse handle(const RequestContext&, protocol::LeaveGroupRequest);
protocol::ListGroupsResponse handle(const RequestContext&, protocol::ListGroupsRequest);
protocol::DescribeGroupsResponse handle(const RequestContext&, protocol::DescribeGroupsRequest);
protocol::DeleteGroupsResponse handle(const RequestContext&, protocol::DeleteGroupsRequest);
protocol::OffsetCommitResponse handle(const RequestContext&, protocol::OffsetCommitRequest);
protocol::OffsetFetchResponse handle(const RequestContext&, protocol::OffsetFetchRequest);
protocol::OffsetDeleteResponse handle(const RequestContext&, protocol::OffsetDeleteRequest);
// The metadata quorum: see quorum.cc.
protocol::VoteResponse handle(const RequestContext&, protocol::VoteRequest);
protocol::BeginQuorumEpochResponse handle(const RequestContext&, protocol::BeginQuorumEpochRequest);
protocol::EndQuorumEpochResponse handle(const RequestContext&, protocol::EndQuorumEpochRequest);
protocol::FetchSnapshotResponse handle(const RequestContext&, protocol::FetchSnapshotRequest);
protocol::DescribeQuorumResponse handle(const RequestContext&, protocol::DescribeQuorumRequest);
// What only the active controller decides: see controller.cc.
protocol::BrokerRegistrationResponse handle(const RequestContext&,
                                            protocol::BrokerRegistrationRequest);
protocol::BrokerHeartbeatResponse handle(const RequestContext&, protocol::BrokerHeartbeatRequest);
protocol::UnregisterBrokerResponse handle(const RequestContext&, protocol::UnregisterBrokerRequest);
protocol::ControllerRegistrationResponse handle(const RequestContext&,
                                                protocol::ControllerRegistrationRequest);
protocol::AlterPartitionResponse handle(const RequestContext&, protocol::AlterPartitionRequest);
protocol::ElectLeadersResponse handle(const RequestContext&, protocol::ElectLeadersRequest);
protocol::AlterPartitionReassignmentsResponse handle(const RequestContext&,
                                                     protocol::AlterPartitionReassignmentsRequest);
protocol::ListPartitionReassignmentsResponse handle(const RequestContext&,
                                                    protocol::ListPartitionReassignmentsRequest);
protocol::AssignReplicasToDirsResponse handle(const RequestContext&,
                                              protocol::AssignReplicasToDirsRequest);
protocol::UpdateFeaturesResponse handle(const RequestContext&, protocol::UpdateFeaturesRequest);
protocol::AllocateProducerIdsResponse handle(const RequestContext&,
                                             protocol::AllocateProducerIdsRequest);
protocol::EnvelopeResponse handle(const RequestContext&, protocol::EnvelopeRequest);
// What a listener of controllers answers where one for clients answers something else.
protocol::FetchResponse fetch_metadata_log(const RequestContext&, const protocol::FetchRequest&);
protocol::DescribeClusterResponse describe_controllers(const RequestContext&);

template <class Request>
concept Handled = requires(const RequestContext& context, Request request) {
    handle(context, request);
};

// Produce answers later than it begins: see handlers/produce.cc.
std::unique_ptr<PendingReply> begin_produce(const RequestContext& context, Bytes body);

}  // namespace sluice::broker
