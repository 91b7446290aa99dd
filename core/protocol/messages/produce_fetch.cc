#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/fetch.h"
#include "core/protocol/messages/list_offsets.h"
#include "core/protocol/messages/produce.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(ProduceRequest, ProduceResponse);
SLUICE_INSTANTIATE_API(FetchRequest, FetchResponse);
SLUICE_INSTANTIATE_API(ListOffsetsRequest, ListOffsetsResponse);

}  // namespace sluice::protocol
