#include "core/broker/cluster/broker_lifecycle.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/broker.h"
#include "core/broker/cluster/features.h"
#include "core/broker/topic_settings.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// After what could not be said, and what was refused.
constexpr Duration try_again_after = milliseconds(100);
constexpr Duration refused_backoff = seconds(1);
// While the broker waits for others to take over.
constexpr Duration leaving_interval = milliseconds(50);
// How long a registration waits for what the metadata says of this broker's earlier life.
constexpr Duration metadata_wait_max = seconds(2);

// After so long without a word of a controller there is none any more that could do anything: the
// whole cluster stops.
constexpr Duration nobody_left_time = seconds(2);

constexpr BrokerEpoch no_epoch{-1};

}  // namespace

BrokerLifecycle::BrokerLifecycle(env::Env& env, const BrokerConfig& config, const NodeFacts& facts,
                                 MetadataDriver& metadata, ControllerChannel& channel)
    : env_(env),
      config_(config),
      facts_(facts),
      metadata_(metadata),
      channel_(channel),
      incarnation_(facts.incarnation),
      wake_(env.scheduler),
      left_signal_(env.scheduler),
      fibers_(env.scheduler) {}

Result<void> BrokerLifecycle::start() {
    return fibers_.spawn("broker-lifecycle", [this] { run(); });
}

void BrokerLifecycle::leave() {
    if (fibers_.running() == 0 || !epoch_) return;
    leaving_ = true;
    heard_at_ = env_.clock.now();
    wake_.set();
    const Time deadline = env_.clock.now() + config_.cluster.shutdown_time_max;
    while (!left_ && !gives_up_ && left_signal_.wait_until(deadline)) {
    }
    if (!left_)
        env_.logger.warn(
            "broker.not-relieved",
            {{"why", "no active controller was found in time, or nobody can take over"},
             {"remedy", "its partitions are led elsewhere once it is missed"}});
}

void BrokerLifecycle::stop() {
    stopping_ = true;
    wake_.set();
    fibers_.join();
}

void BrokerLifecycle::run() {
    wait_for_metadata();
    while (!stopping_ && !left_ && !gives_up_) {
        const Duration pause = epoch_ ? show_life() : register_self();
        if (stopping_ || left_ || gives_up_) break;
        const Time next = env_.clock.now() + pause;
        const auto waited = wake_.wait_until(next);
        if (waited.failed() && waited.error() != Error::timed_out) break;
    }
    left_signal_.notify_all();
}

// Its last registration stands there, which says what it may be trusted with.
void BrokerLifecycle::wait_for_metadata() {
    const Time deadline = env_.clock.now() + metadata_wait_max;
    while (!stopping_ && !knows_leader_beginning())
        if (wake_.wait_until(deadline).failed()) break;
    waits_for_metadata_ = false;
}

// Everything that was committed before this leader is known here.
bool BrokerLifecycle::knows_leader_beginning() const {
    const raft::Leadership led = metadata_.quorum().leadership();
    return led.leader && metadata_.committed_image().epoch == led.epoch;
}

void BrokerLifecycle::changed() {
    const bool other_controller = told_ && metadata_.quorum().leadership().leader != told_;
    const bool may_serve = epoch_ && fenced_ && has_applied_registration();
    if (waits_for_metadata_ || leaving_ || other_controller || may_serve || is_asked_to_report())
        wake_.set();
}

const metadata::BrokerState* BrokerLifecycle::self() const {
    return metadata_.committed_image().broker(config_.node_id);
}

bool BrokerLifecycle::has_applied_registration() const {
    const metadata::BrokerState* known = self();
    return known != nullptr && known->epoch == *epoch_ &&
           metadata_.published_end().value > epoch_->value;
}

// Another process has registered as this broker, later.
bool BrokerLifecycle::was_replaced() const {
    const metadata::BrokerState* known = self();
    return known != nullptr && known->epoch > *epoch_ && known->incarnation != incarnation_;
}

// Whoever leaves waits until all others have read that it does.
bool BrokerLifecycle::is_asked_to_report() const {
    if (reported_ >= metadata_.published_end()) return false;
    const auto& brokers = metadata_.committed_image().brokers;
    return std::ranges::any_of(brokers, [](const auto& each) {
        return each.second.in_controlled_shutdown && !each.second.fenced;
    });
}

// KIP-966, decisions 0032: it still has everything it proved to have, if all of that was durable.
BrokerEpoch BrokerLifecycle::previous_epoch() const {
    const metadata::BrokerState* known = self();
    if (known == nullptr || !knows_leader_beginning()) return no_epoch;
    const metadata::MetadataImage& image = metadata_.committed_image();
    const metadata::BrokerValues values{config_.given, config_.node_id};
    for (const auto& [id, topic] : image.topics_by_id) {
        const bool held = std::ranges::any_of(topic->partitions, [this](const auto& each) {
            const auto& replicas = each.second.replicas;
            return std::ranges::find(replicas, config_.node_id) != replicas.end();
        });
        if (held && topic_settings(image, values, topic->name).log.flush_messages != 1)
            return no_epoch;
    }
    return known->epoch;
}

BrokerRegistrationRequest BrokerLifecycle::registration() const {
    BrokerRegistrationRequest request;
    request.broker_id = config_.node_id;
    request.cluster_id = facts_.cluster_id;
    request.incarnation_id = incarnation_;
    request.listeners = {{"PLAINTEXT", facts_.advertised.host, facts_.advertised.port, 0}};
    request.features = features_to_register<BrokerRegistrationRequest::Feature>();
    request.rack = config_.cluster.rack;
    request.log_dirs = {facts_.directory_id};
    request.previous_broker_epoch = previous_epoch();
    return request;
}

Duration BrokerLifecycle::register_self() {
    told_ = metadata_.quorum().leadership().leader;
    const auto answer = channel_.ask(registration());
    gives_up_ = answer.failed() && PLANT("cluster.registers_once");
    if (answer.failed()) return try_again_after;
    if (answer->error_code == ErrorCode::none) {
        epoch_ = answer->broker_epoch;
        refusal_ = ErrorCode::none;
        fenced_ = true;
        return Duration::zero();
    }
    if (answer->error_code != refusal_)
        env_.logger.error(
            "broker.cannot-register",
            {{"why", std::string(name_of(answer->error_code))},
             {"remedy", "the active controller says more in its log; it is tried again"}});
    refusal_ = answer->error_code;
    return refused_backoff;
}

Duration BrokerLifecycle::show_life() {
    BrokerHeartbeatRequest request;
    request.broker_id = config_.node_id;
    request.broker_epoch = *epoch_;
    const Offset applied = metadata_.published_end();
    request.current_metadata_offset = Offset(applied.value - 1);
    request.want_fence = !has_applied_registration();
    request.want_shut_down = leaving_;
    told_ = metadata_.quorum().leadership().leader;
    const auto answer = channel_.ask(request);
    const Time now = env_.clock.now();
    if (answer) heard_at_ = now;
    gives_up_ = leaving_ && now - heard_at_ >= nobody_left_time;
    if (answer.failed()) return try_again_after;
    if (answer->error_code == ErrorCode::stale_broker_epoch) {
        if (was_replaced())
            env_.logger.error("broker.replaced",
                              {{"why", "another process has registered with this broker's id"},
                               {"remedy", "stop one of them, or give it another node.id"}});
        epoch_.reset();
        fenced_ = true;
        return refused_backoff;
    }
    if (answer->error_code != ErrorCode::none) return try_again_after;
    reported_ = applied;
    if (fenced_ && !answer->is_fenced)
        env_.logger.info("serving", {{"broker_epoch", std::to_string(epoch_->value)}});
    fenced_ = answer->is_fenced;
    if (leaving_ && answer->should_shut_down) {
        left_ = true;
        return Duration::zero();
    }
    if (leaving_) return leaving_interval;
    if (!fenced_ && PLANT("cluster.heartbeats_wait_for_news")) return seconds(3600);
    return fenced_ && has_applied_registration() ? try_again_after
                                                 : config_.cluster.heartbeat_interval;
}

}  // namespace sluice::broker
