#include "core/broker/cluster/broker_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/broker.h"
#include "core/broker/cluster/features.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// After what could not be said, and what was refused.
constexpr Duration try_again_after = milliseconds(100);
constexpr Duration refused_backoff = seconds(1);
// While the broker waits for others to take over.
constexpr Duration leaving_interval = milliseconds(50);
// How long nobody answers before it is said, and how often it is said again.
constexpr Duration unanswered_time = seconds(3);
constexpr Duration word_interval = seconds(30);

// After so long without a word of a controller there is none any more that could do anything: the
// whole cluster stops.
constexpr Duration nobody_left_time = seconds(2);

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
    while (!stopping_ && !left_ && !gives_up_) {
        const Duration pause = epoch_ ? show_life() : register_self();
        if (stopping_ || left_ || gives_up_) break;
        if (pause == Duration::zero()) continue;
        const Time next = env_.clock.now() + pause;
        const auto waited = wake_.wait_until(next);
        if (waited.failed() && waited.error() != Error::timed_out) break;
    }
    left_signal_.notify_all();
}

void BrokerLifecycle::changed() {
    const bool other_controller = told_ && metadata_.quorum().leadership().leader != told_;
    const bool may_serve = epoch_ && fenced_ && has_applied_registration();
    if (leaving_ || other_controller || may_serve || is_asked_to_report()) wake_.set();
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

BrokerRegistrationRequest BrokerLifecycle::registration() const {
    BrokerRegistrationRequest request;
    request.broker_id = config_.node_id;
    request.cluster_id = facts_.cluster_id;
    request.incarnation_id = incarnation_;
    request.listeners = {{"PLAINTEXT", facts_.advertised.host, facts_.advertised.port, 0}};
    request.features = features_to_register<BrokerRegistrationRequest::Feature>();
    request.rack = config_.cluster.rack;
    request.log_dirs = {facts_.directory_id};
    // KIP-966, decisions 0032: it still has what it proved to have then.
    request.previous_broker_epoch = metadata_.lives().to_be_named();
    return request;
}

Duration BrokerLifecycle::register_self() {
    told_ = metadata_.quorum().leadership().leader;
    const auto answer = channel_.ask(registration());
    gives_up_ = answer.failed() && PLANT("cluster.registers_once");
    if (answer.failed()) {
        say_unanswered(answer.error());
        return try_again_after;
    }
    unanswered_since_.reset();
    if (answer->error_code == ErrorCode::none) {
        epoch_ = answer->broker_epoch;
        keep_life();
        refusal_ = ErrorCode::none;
        fenced_ = true;
        return Duration::zero();
    }
    const Time now = env_.clock.now();
    if (answer->error_code != refusal_ || now >= next_word_) {
        next_word_ = now + word_interval;
        env_.logger.error(
            "broker.cannot-register",
            {{"why", std::string(name_of(answer->error_code))},
             {"remedy", "the active controller says more in its log; it is tried again"}});
    }
    refusal_ = answer->error_code;
    return refused_backoff;
}

// That no leader is found at all is said elsewhere.
void BrokerLifecycle::say_unanswered(Error why) {
    const auto leader = metadata_.quorum().leader_endpoint();
    const Time now = env_.clock.now();
    if (!leader || metadata_.is_active()) unanswered_since_.reset();
    if (!leader || metadata_.is_active()) return;
    if (!unanswered_since_) {
        unanswered_since_ = now;
        next_word_ = now + unanswered_time;
    }
    if (now < next_word_) return;
    next_word_ = now + word_interval;
    env_.logger.warn(
        "broker.cannot-register",
        {{"why", fmt::format("the active controller at {} does not answer ({})",
                             env::Address{leader->host, leader->port}.text(), name_of(why))},
         {"remedy", "look at that controller, and at the network between it and this broker"}});
}

void BrokerLifecycle::keep_life() {
    const auto kept = metadata_.lives().began(*epoch_);
    if (kept.failed() && kept.error() != Error::stopped)
        env_.logger.warn("broker.life-not-kept",
                         {{"why", std::string(name_of(kept.error()))},
                          {"remedy",
                           "check the disk: started again, the broker cannot say that it "
                           "has what it proved to have"}});
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
