#include "core/broker/errors.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/topic_creation.h"
#include "core/broker/handlers/transactions.h"
#include "core/broker/metadata_driver.h"

namespace sluice::broker {

using namespace protocol;

InitProducerIdResponse handle(const RequestContext& context, InitProducerIdRequest request) {
    Broker& broker = context.broker;
    InitProducerIdResponse response;
    response.producer_epoch = ProducerEpoch(-1);
    if (request.transactional_id) {
        say_no_transactions(context);
        response.error_code = ErrorCode::invalid_request;
        return response;
    }
    const auto id = broker.next_producer_id();
    if (id.failed()) {
        response.error_code = id.error() == Error::stopped
                                  ? ErrorCode::coordinator_not_available
                                  : ErrorCode::coordinator_load_in_progress;
        return response;
    }
    response.producer_id = *id;
    response.producer_epoch = ProducerEpoch(0);
    return response;
}

}  // namespace sluice::broker
