// What brokers and operators ask of the active controller.

#include "core/broker/controller_channel.h"
#include "core/broker/errors.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/listeners.h"
#include "core/broker/joined.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr std::size_t frame_prefix = 4;  // Its length, which says nothing inside another frame.

// What the active controller says, if that is this node; NOT_CONTROLLER where it is not.
template <class Request>
auto ask_here(const RequestContext& context, const Request& request) {
    using Response = typename ApiOf<Request>::type::Response;
    Broker& broker = context.broker;
    Result<Response> response = Error::stopped;
    const auto reached = env::call(broker.env().shards, ShardId(0), [&] {
        ActiveController& here = broker.on(ShardId(0)).controller().here();
        response = here.decide(request, context.version);
    });
    if (reached && response) return std::move(*response);
    Response failed;
    failed.error_code = change_error(response.error());
    if constexpr (requires { failed.error_message; })
        failed.error_message = std::string(name_of(failed.error_code));
    return failed;
}

}  // namespace

BrokerRegistrationResponse handle(const RequestContext& context,
                                  BrokerRegistrationRequest request) {
    const auto response = ask_here(context, request);
    if (response.error_code == ErrorCode::none)
        context.session.heard = {request.broker_id, response.broker_epoch};
    return response;
}

BrokerHeartbeatResponse handle(const RequestContext& context, BrokerHeartbeatRequest request) {
    const auto response = ask_here(context, request);
    if (response.error_code == ErrorCode::none)
        context.session.heard = {request.broker_id, request.broker_epoch};
    return response;
}

UnregisterBrokerResponse handle(const RequestContext& context, UnregisterBrokerRequest request) {
    return ask_here(context, request);
}

ControllerRegistrationResponse handle(const RequestContext& context,
                                      ControllerRegistrationRequest request) {
    return ask_here(context, request);
}

AlterPartitionResponse handle(const RequestContext& context, AlterPartitionRequest request) {
    return ask_here(context, request);
}

// Version 0 has no place for an error of all of it: each partition says it.
ElectLeadersResponse handle(const RequestContext& context, ElectLeadersRequest request) {
    ElectLeadersResponse response = ask_here(context, request);
    if (context.version >= Version(1) || response.error_code == ErrorCode::none) return response;
    if (request.topic_partitions)
        for (const auto& topic : *request.topic_partitions) {
            auto& answer = response.replica_election_results.emplace_back();
            answer.topic = topic.topic;
            for (const PartitionIndex index : topic.partitions)
                answer.partition_result.push_back(
                    {.partition_id = index, .error_code = response.error_code});
        }
    response.error_code = ErrorCode::none;
    return response;
}

AlterPartitionReassignmentsResponse handle(const RequestContext& context,
                                           AlterPartitionReassignmentsRequest request) {
    return ask_here(context, request);
}

ListPartitionReassignmentsResponse handle(const RequestContext& context,
                                          ListPartitionReassignmentsRequest request) {
    return ask_here(context, request);
}

AssignReplicasToDirsResponse handle(const RequestContext& context,
                                    AssignReplicasToDirsRequest request) {
    return ask_here(context, request);
}

UpdateFeaturesResponse handle(const RequestContext& context, UpdateFeaturesRequest request) {
    return ask_here(context, request);
}

AllocateProducerIdsResponse handle(const RequestContext& context,
                                   AllocateProducerIdsRequest request) {
    return ask_here(context, request);
}

// KIP-590: a client's request, which another broker hands on.
EnvelopeResponse handle(const RequestContext& context, EnvelopeRequest request) {
    Broker& broker = context.broker;
    EnvelopeResponse response;
    Bytes rest = request.request_data;
    const auto header = take_request_header(rest);
    if (header.failed() || !is_decided_by_controller(header->request_api_key)) {
        response.error_code = ErrorCode::invalid_request;
        return response;
    }
    bool is_active = false;
    const auto reached = env::call(broker.env().shards, ShardId(0), [&] {
        is_active = broker.on(ShardId(0)).metadata().is_active();
    });
    if (reached.failed() || !is_active) {
        response.error_code = ErrorCode::not_controller;
        return response;
    }
    Session session;
    session.peer = context.session.peer;
    session.listener = ListenerKind::controllers;
    const auto begun = broker.begin(session, std::move(request.request_data));
    if (begun.failed()) {
        response.error_code = ErrorCode::invalid_request;
        return response;
    }
    const auto frame = (*begun)->finish();
    if (frame.failed()) {
        response.error_code = ErrorCode::unknown_server_error;
        return response;
    }
    const Bytes whole = joined(*frame);
    response.response_data = whole.slice(frame_prefix, whole.size() - frame_prefix);
    return response;
}

}  // namespace sluice::broker
