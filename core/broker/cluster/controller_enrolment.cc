#include "core/broker/cluster/controller_enrolment.h"

#include "core/broker/cluster/features.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr Duration enrolment_backoff = milliseconds(100);
constexpr Duration refused_enrolment_backoff = seconds(1);

}  // namespace

ControllerEnrolment::ControllerEnrolment(env::Env& env, const BrokerConfig& config,
                                         MetadataDriver& metadata, ControllerChannel& channel)
    : env_(env),
      config_(config),
      metadata_(metadata),
      channel_(channel),
      incarnation_(Uuid::random(env.random)),
      wake_(env.scheduler),
      fibers_(env.scheduler) {}

Result<void> ControllerEnrolment::start() {
    return fibers_.spawn("controller-enrolment", [this] { run(); });
}

void ControllerEnrolment::stop() {
    stopping_ = true;
    wake_.set();
    fibers_.join();
}

ControllerRegistrationRequest ControllerEnrolment::registration() const {
    ControllerRegistrationRequest request;
    request.controller_id = config_.node_id;
    request.incarnation_id = incarnation_;
    // Where the others are told to reach it.
    const auto self = metadata_.quorum().endpoint_of(config_.node_id);
    const env::Address at = self ? env::Address{self->host, self->port} : config_.controller_listen;
    request.listeners = {{config_.controller_listener, at.host, at.port, 0}};
    request.features = features_to_register<ControllerRegistrationRequest::Feature>();
    return request;
}

void ControllerEnrolment::run() {
    ErrorCode refusal = ErrorCode::none;
    while (!stopping_) {
        const auto answer = channel_.ask(registration());
        if (answer && answer->error_code == ErrorCode::none) break;
        if (answer && answer->error_code != refusal) {
            refusal = answer->error_code;
            env_.logger.error("controller.cannot-register",
                              {{"why", answer->error_message.value_or("")},
                               {"remedy", "bring it to the version of the others"}});
        }
        const auto waited = wake_.wait_until(
            env_.clock.now() + (answer ? refused_enrolment_backoff : enrolment_backoff));
        if (waited.failed() && waited.error() != Error::timed_out) break;
    }
    enrolled_ = true;
}

}  // namespace sluice::broker
