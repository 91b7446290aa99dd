#include "core/broker/cluster/control_plane.h"

namespace sluice::broker {

ControlPlane::ControlPlane(env::Env& env, const BrokerConfig& config, const NodeFacts& facts,
                           MetadataDriver& metadata, Peers* peers)
    : config_(config),
      here_(env, config, facts, metadata),
      channel_(env, config, metadata, here_, peers) {}

Result<void> ControlPlane::start() {
    if (!config_.is_clustered() || !config_.is_controller) return {};
    return here_.start();
}

void ControlPlane::changed() {
    here_.moved();
    channel_.moved();
}

void ControlPlane::begin_stop() {
    channel_.stop();
}

void ControlPlane::stop() {
    here_.stop();
}

}  // namespace sluice::broker
