#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/alter_configs.h"
#include "core/protocol/messages/describe_configs.h"
#include "core/protocol/messages/describe_log_dirs.h"
#include "core/protocol/messages/describe_producers.h"
#include "core/protocol/messages/incremental_alter_configs.h"
#include "core/protocol/messages/list_config_resources.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(DescribeConfigsRequest, DescribeConfigsResponse);
SLUICE_INSTANTIATE_API(AlterConfigsRequest, AlterConfigsResponse);
SLUICE_INSTANTIATE_API(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse);
SLUICE_INSTANTIATE_API(ListConfigResourcesRequest, ListConfigResourcesResponse);
SLUICE_INSTANTIATE_API(DescribeLogDirsRequest, DescribeLogDirsResponse);
SLUICE_INSTANTIATE_API(DescribeProducersRequest, DescribeProducersResponse);

}  // namespace sluice::protocol
