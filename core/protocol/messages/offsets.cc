#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/offset_commit.h"
#include "core/protocol/messages/offset_delete.h"
#include "core/protocol/messages/offset_fetch.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(OffsetCommitRequest, OffsetCommitResponse);
SLUICE_INSTANTIATE_API(OffsetFetchRequest, OffsetFetchResponse);
SLUICE_INSTANTIATE_API(OffsetDeleteRequest, OffsetDeleteResponse);

}  // namespace sluice::protocol
