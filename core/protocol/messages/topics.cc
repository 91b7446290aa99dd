#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/create_topics.h"
#include "core/protocol/messages/delete_topics.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(CreateTopicsRequest, CreateTopicsResponse);
SLUICE_INSTANTIATE_API(DeleteTopicsRequest, DeleteTopicsResponse);

}  // namespace sluice::protocol
