#pragma once

#include "core/broker/handlers/handlers.h"

namespace sluice::broker {

// Transactions are not served yet. They are refused with INVALID_REQUEST, which is not retriable: a
// client must not wait for what never comes. This sentence goes where an answer has room for one.
inline constexpr std::string_view no_transactions =
    "Transactions are not served yet: use a producer without a transactional.id.";

// And the broker says so too: many clients show no more than that their time is over.
inline void say_no_transactions(const RequestContext& context) {
    context.broker.env().logger.warn(
        "transaction.refused",
        {{"client", context.session.peer.text()},
         {"client_id", context.session.client_id},
         {"api", std::string(protocol::name_of(context.header.request_api_key))},
         {"remedy", "transactions are not served yet: use a producer without a transactional.id"}});
}

}  // namespace sluice::broker
