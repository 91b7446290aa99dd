#include "core/broker/cluster/active_controller.h"

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/cluster/features.h"
#include "core/metadata/replica_controller.h"

namespace sluice::broker {

using namespace protocol;
using metadata::BrokerController;
using metadata::BrokerSessions;
using metadata::Decision;
using metadata::FeatureController;
using metadata::ItemError;
using metadata::MetadataImage;
using metadata::ReplicaController;

namespace {

// How many leaders are moved back at once.
constexpr std::size_t balanced_at_once_max = 1000;
// Between two looks at whether a broker whose connection closed still listens.
constexpr Duration probe_backoff = milliseconds(20);
constexpr Duration probe_backoff_max = milliseconds(500);
constexpr Duration probe_time_max = seconds(1);
// After what could not be written, to a full disk for one.
constexpr Duration retry_backoff = milliseconds(100);

BrokerController::Settings settings_of(const BrokerConfig& config, const NodeFacts& facts) {
    BrokerController::Settings settings{.cluster_id = facts.cluster_id};
    // Whoever chose how many replicas topics get is not told how many must have a record.
    if (config.controller.replication_factor_wanted == 0) settings.replicas_wanted = SIZE_MAX;
    return settings;
}

template <class Response>
Response response_of(const ItemError& outcome) {
    Response response;
    response.error_code = outcome.code;
    response.error_message.reset();
    if (outcome.code != ErrorCode::none) response.error_message = outcome.message;
    return response;
}

}  // namespace

ActiveController::ActiveController(env::Env& env, const BrokerConfig& config,
                                   const NodeFacts& facts, MetadataDriver& metadata)
    : env_(env),
      config_(config),
      metadata_(metadata),
      settings_(settings_of(config, facts)),
      wake_(env.scheduler),
      fibers_(env.scheduler) {}

Result<void> ActiveController::start() {
    watching_ = true;
    return fibers_.spawn("active-controller", [this] { watch(); });
}

void ActiveController::stop() {
    stopping_ = true;
    wake_.set();
    fibers_.join();
}

// Only while the node is active: they begin with what the image holds at that moment.
BrokerSessions& ActiveController::sessions() {
    const LeaderEpoch epoch = metadata_.quorum().leadership().epoch;
    if (sessions_ && sessions_epoch_ == epoch) return *sessions_;
    sessions_.emplace(BrokerSessions::Options{.timeout = config_.cluster.session_timeout},
                      metadata_.image(), env_.clock.now());
    sessions_epoch_ = epoch;
    probes_.clear();
    balance_at_ = env_.clock.now() + config_.cluster.imbalance_check_interval;
    elect_unclean_at_ = env_.clock.now() + config_.cluster.unclean_election_interval;
    wake_.set();
    return *sessions_;
}

BrokerController ActiveController::brokers(const MetadataImage& image) {
    return {image, sessions(), settings_};
}

Result<BrokerRegistrationResponse> ActiveController::decide(
    const BrokerRegistrationRequest& request, Version version) {
    const Time now = env_.clock.now();
    TRY(const Registration outcome, metadata_.change<Registration>(
                                        [&](const MetadataImage& image) {
                                            return brokers(image).registered(request, version, now);
                                        },
                                        [&](const Registration& done) {
                                            if (done.error != ErrorCode::none) return;
                                            sessions().heard(request.broker_id, done.epoch,
                                                             std::nullopt, now);
                                            wake_.set();
                                        }));
    BrokerRegistrationResponse response;
    response.error_code = outcome.error;
    response.broker_epoch = outcome.epoch;
    const std::string broker = std::to_string(request.broker_id.value);
    if (outcome.error != ErrorCode::none)
        env_.logger.warn("broker.refused", {{"broker", broker}, {"why", outcome.why}});
    else
        env_.logger.info("broker.registered",
                         {{"broker", broker}, {"epoch", std::to_string(outcome.epoch.value)}});
    if (outcome.raises_defaults)
        env_.logger.info("defaults.raised",
                         {{"why", "so many brokers are registered that topics can be replicated"},
                          {"min.insync.replicas", std::to_string(settings_.min_isr_wanted)}});
    return response;
}

Result<BrokerHeartbeatResponse> ActiveController::decide(const BrokerHeartbeatRequest& request,
                                                         Version) {
    const Time now = env_.clock.now();
    bool was_fenced = false;
    TRY(const Heartbeat outcome,
        metadata_.change<Heartbeat>(
            [&](const MetadataImage& image) {
                was_fenced = image.broker(request.broker_id) != nullptr &&
                             image.broker(request.broker_id)->fenced;
                return brokers(image).heartbeat(request);
            },
            [&](const Heartbeat& done) {
                if (done.error != ErrorCode::none) return;
                // Its metadata is that of all records before this one.
                const Offset has_read(request.current_metadata_offset.value + 1);
                sessions().heard(request.broker_id, request.broker_epoch, has_read, now);
                if (done.leaves_at) sessions().leaves_at(request.broker_id, *done.leaves_at);
                if (done.is_fenced) sessions().gone(request.broker_id);
                wake_.set();
            }));
    if (outcome.error == ErrorCode::none && was_fenced != outcome.is_fenced)
        env_.logger.info(outcome.is_fenced ? "broker.left" : "broker.unfenced",
                         {{"broker", std::to_string(request.broker_id.value)}});
    BrokerHeartbeatResponse response;
    response.error_code = outcome.error;
    response.is_caught_up = outcome.is_caught_up;
    response.is_fenced = outcome.is_fenced;
    response.should_shut_down = outcome.should_shut_down;
    return response;
}

Result<UnregisterBrokerResponse> ActiveController::decide(const UnregisterBrokerRequest& request,
                                                          Version) {
    TRY(const ItemError outcome, metadata_.change<ItemError>(
                                     [&](const MetadataImage& image) {
                                         return brokers(image).unregister(request.broker_id);
                                     },
                                     [&](const ItemError& done) {
                                         if (done.code == ErrorCode::none)
                                             sessions().gone(request.broker_id);
                                     }));
    return response_of<UnregisterBrokerResponse>(outcome);
}

Result<ControllerRegistrationResponse> ActiveController::decide(
    const ControllerRegistrationRequest& request, Version) {
    TRY(const ItemError outcome, metadata_.change<ItemError>([&](const MetadataImage& image) {
        return brokers(image).registered(request);
    }));
    return response_of<ControllerRegistrationResponse>(outcome);
}

Result<AlterPartitionResponse> ActiveController::decide(const AlterPartitionRequest& request,
                                                        Version version) {
    return metadata_.change<AlterPartitionResponse>([&](const MetadataImage& image) {
        return ReplicaController(image).alter_partitions(request, version);
    });
}

Result<ElectLeadersResponse> ActiveController::decide(const ElectLeadersRequest& request, Version) {
    return metadata_.change<ElectLeadersResponse>([&](const MetadataImage& image) {
        return ReplicaController(image).elect_leaders(request);
    });
}

Result<AlterPartitionReassignmentsResponse> ActiveController::decide(
    const AlterPartitionReassignmentsRequest& request, Version) {
    return metadata_.change<AlterPartitionReassignmentsResponse>(
        [&](const MetadataImage& image) { return ReplicaController(image).reassign(request); });
}

Result<ListPartitionReassignmentsResponse> ActiveController::decide(
    const ListPartitionReassignmentsRequest& request, Version) {
    using Response = ListPartitionReassignmentsResponse;
    return metadata_.change<Response>([&](const MetadataImage& image) {
        return Decision<Response>{{}, ReplicaController(image).reassignments(request)};
    });
}

Result<AssignReplicasToDirsResponse> ActiveController::decide(
    const AssignReplicasToDirsRequest& request, Version) {
    return metadata_.change<AssignReplicasToDirsResponse>([&](const MetadataImage& image) {
        return ReplicaController(image).assign_directories(request);
    });
}

Result<UpdateFeaturesResponse> ActiveController::decide(const UpdateFeaturesRequest& request,
                                                        Version version) {
    return metadata_.change<UpdateFeaturesResponse>([&](const MetadataImage& image) {
        return FeatureController(image, supported_features()).update(request, version);
    });
}

Result<AllocateProducerIdsResponse> ActiveController::decide(
    const AllocateProducerIdsRequest& request, Version) {
    using Block = metadata::Controller::ProducerIdBlock;
    bool is_current = true;
    TRY(const Block block, metadata_.change<Block>([&](const MetadataImage& image) {
        const metadata::BrokerState* broker = image.broker(request.broker_id);
        is_current = broker != nullptr && broker->epoch == request.broker_epoch;
        if (!is_current) return Decision<Block>{};
        return metadata::Controller(image, config_.controller)
            .allocate_producer_ids(request.broker_id);
    }));
    AllocateProducerIdsResponse response;
    if (!is_current) response.error_code = ErrorCode::stale_broker_epoch;
    response.producer_id_start = block.first;
    response.producer_id_len = static_cast<std::int32_t>(block.count);
    return response;
}

Result<CreateTopicsResponse> ActiveController::decide(const CreateTopicsRequest& request, Version) {
    std::vector<TopicId> ids;
    for (std::size_t i = 0; i < request.topics.size(); ++i)
        ids.push_back(Uuid::random(env_.random));
    return metadata_.change<CreateTopicsResponse>([&](const MetadataImage& image) {
        return metadata::Controller(image, config_.controller).create_topics(request, ids);
    });
}

void ActiveController::connection_closed(BrokerId broker, BrokerEpoch epoch) {
    if (!watching_ || !metadata_.is_active()) return;
    sessions().connection_closed(broker, epoch);
    wake_.set();
}

void ActiveController::watch() {
    while (!stopping_) {
        Time next = never;
        if (metadata_.is_active())
            next = look();
        else
            sessions_.reset();
        const auto waited = wake_.wait_until(next);
        if (waited.failed() && waited.error() != Error::timed_out) return;
    }
}

// When to look again, if nothing happens before.
Time ActiveController::look() {
    note_ended_processes();
    Result<void> done = fence_lost();
    if (done) done = move_leaders();
    if (!metadata_.is_active()) return never;
    if (done.failed()) return env_.clock.now() + retry_backoff;
    const Time probe_at = probe_suspects();
    return std::min({sessions().wake_at(), probe_at, balance_at_, elect_unclean_at_});
}

// A controller that has just become active has no connections of brokers; those that are voters too
// it knows from the quorum.
void ActiveController::note_ended_processes() {
    for (const auto& [id, broker] : metadata_.image().brokers)
        if (const auto since = metadata_.quorum().gone_since(id); since && !broker.fenced)
            sessions().process_gone(id, broker.epoch, *since);
}

Result<void> ActiveController::fence_lost() {
    bool any = false;
    for (const BrokerId lost : sessions().lost(env_.clock.now())) {
        const Records records = brokers(metadata_.image()).fence(lost);
        const std::string why = why_lost(lost);
        if (!records.empty()) CHECK_OK(metadata_.append(records));
        sessions().gone(lost);
        if (records.empty()) continue;  // It registered and did nothing more.
        any = true;
        env_.logger.warn("broker.fenced", {{"broker", std::to_string(lost.value)}, {"why", why}});
    }
    if (!any || PLANT("cluster.fence_not_published")) return {};
    return metadata_.publish();
}

std::string ActiveController::why_lost(BrokerId broker) const {
    const auto probed = probes_.find(broker);
    return probed == probes_.end() ? "it was silent for the session timeout"
                                   : "its connection closed, and nobody listens where it did";
}

Time ActiveController::probe_suspects() {
    const Time now = env_.clock.now();
    const std::vector<BrokerId> suspects = sessions().suspects();
    std::erase_if(probes_, [&](const auto& each) {
        return !each.second.under_way && std::ranges::find(suspects, each.first) == suspects.end();
    });
    Time next = never;
    for (const BrokerId suspect : suspects) {
        const metadata::BrokerState* broker = metadata_.image().broker(suspect);
        if (broker == nullptr || broker->end_points.empty()) continue;
        Probe& known = probes_.try_emplace(suspect, Probe{now, probe_backoff}).first->second;
        if (known.under_way) continue;
        if (known.next > now) {
            next = std::min(next, known.next);
            continue;
        }
        known.under_way = true;
        const auto& there = broker->end_points.front();
        const auto spawned = fibers_.spawn(
            "probe",
            [this, suspect, epoch = broker->epoch, address = env::Address{there.host, there.port}] {
                probe(suspect, epoch, address);
            });
        if (spawned.failed()) known.under_way = false;
    }
    return next;
}

void ActiveController::probe(BrokerId broker, BrokerEpoch epoch, const env::Address& address) {
    const auto reached = env_.network.connect(address, env_.clock.now() + probe_time_max);
    const auto found = probes_.find(broker);
    if (found != probes_.end()) {
        Probe& known = found->second;
        known.under_way = false;
        known.next = env_.clock.now() + known.backoff;
        known.backoff = std::min(2 * known.backoff, probe_backoff_max);
    }
    const bool refused = reached.failed() && reached.error() == Error::refused;
    if (refused && metadata_.is_active()) sessions().connection_refused(broker, epoch);
    wake_.set();
}

Result<void> ActiveController::move_leaders() {
    const Time now = env_.clock.now();
    Records records;
    const ReplicaController replicas(metadata_.image());
    if (now >= balance_at_) {
        balance_at_ = now + config_.cluster.imbalance_check_interval;
        if (config_.cluster.leader_rebalance)
            records = replicas.balance_leaders(balanced_at_once_max);
    } else if (now >= elect_unclean_at_) {
        elect_unclean_at_ = now + config_.cluster.unclean_election_interval;
        records = replicas.elect_unclean();
    }
    if (records.empty()) return {};
    CHECK_OK(metadata_.append(records));
    env_.logger.info("leaders.moved", {{"partitions", std::to_string(records.size())}});
    return metadata_.publish();
}

}  // namespace sluice::broker
