#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/api_versions.h"
#include "core/protocol/messages/describe_cluster.h"
#include "core/protocol/messages/find_coordinator.h"
#include "core/protocol/messages/init_producer_id.h"
#include "core/protocol/messages/metadata.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(MetadataRequest, MetadataResponse);
SLUICE_INSTANTIATE_API(ApiVersionsRequest, ApiVersionsResponse);
SLUICE_INSTANTIATE_API(FindCoordinatorRequest, FindCoordinatorResponse);
SLUICE_INSTANTIATE_API(InitProducerIdRequest, InitProducerIdResponse);
SLUICE_INSTANTIATE_API(DescribeClusterRequest, DescribeClusterResponse);

}  // namespace sluice::protocol
