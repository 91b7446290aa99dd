#include "core/protocol/codec_impl.h"
#include "core/protocol/header.h"
#include "core/protocol/messages/allocate_producer_ids.h"
#include "core/protocol/messages/broker_heartbeat.h"
#include "core/protocol/messages/broker_registration.h"
#include "core/protocol/messages/controller_registration.h"
#include "core/protocol/messages/envelope.h"
#include "core/protocol/messages/unregister_broker.h"
#include "core/protocol/messages/update_features.h"

namespace sluice::protocol {

SLUICE_INSTANTIATE_API(EnvelopeRequest, EnvelopeResponse);
SLUICE_INSTANTIATE_API(BrokerRegistrationRequest, BrokerRegistrationResponse);
SLUICE_INSTANTIATE_API(BrokerHeartbeatRequest, BrokerHeartbeatResponse);
SLUICE_INSTANTIATE_API(UnregisterBrokerRequest, UnregisterBrokerResponse);
SLUICE_INSTANTIATE_API(AllocateProducerIdsRequest, AllocateProducerIdsResponse);
SLUICE_INSTANTIATE_API(ControllerRegistrationRequest, ControllerRegistrationResponse);
SLUICE_INSTANTIATE_API(UpdateFeaturesRequest, UpdateFeaturesResponse);

}  // namespace sluice::protocol
