#include "core/broker/cluster/control_plane.h"

namespace sluice::broker {

ControlPlane::ControlPlane(env::Env& env, const BrokerConfig& config, const NodeFacts& facts,
                           MetadataDriver& metadata, Peers* peers)
    : config_(config),
      here_(env, config, facts, metadata),
      channel_(env, config, metadata, here_, peers),
      lifecycle_(env, config, facts, metadata, channel_),
      enrolment_(env, config, metadata, channel_) {}

Result<void> ControlPlane::start() {
    if (!config_.is_clustered()) return {};
    if (config_.is_controller) {
        CHECK_OK(here_.start());
        CHECK_OK(enrolment_.start());
    }
    if (config_.is_broker) CHECK_OK(lifecycle_.start());
    return {};
}

void ControlPlane::changed() {
    here_.moved();
    channel_.moved();
    lifecycle_.changed();
    enrolment_.changed();
}

void ControlPlane::begin_stop() {
    channel_.stop();
}

void ControlPlane::stop() {
    lifecycle_.stop();
    enrolment_.stop();
    here_.stop();
}

}  // namespace sluice::broker
