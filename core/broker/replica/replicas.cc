#include "core/broker/replica/replicas.h"

#include "core/broker/broker.h"
#include "core/broker/replica/assignment_of.h"

namespace sluice::broker {

using protocol::ErrorCode;

namespace {

// How long a cut waits until it can be recorded, and how long between two attempts.
constexpr Duration record_patience = seconds(10);
constexpr Duration record_backoff = milliseconds(500);

}  // namespace

Replicas::Replicas(Broker& broker)
    : broker_(broker),
      env_(broker.env()),
      timers_moved_(env_.scheduler),
      proposals_came_(env_.scheduler),
      fibers_(env_.scheduler) {}

Result<void> Replicas::start() {
    CHECK_OK(fibers_.spawn("replica-timers", [this] { run_timers(); }));
    return fibers_.spawn("replica-proposals", [this] { run_proposals(); });
}

void Replicas::assign(Partition& partition, const metadata::MetadataImage& image,
                      const metadata::PartitionState& state) {
    const BrokerConfig& config = broker_.config();
    if (!partition.replica() && is_lone(state, config.node_id)) return partition.be_alone();
    if (!partition.replica())
        partition.replicate(*this, {.self = config.node_id,
                                    .lag_max = config.replicas.lag_max,
                                    .fetch_backoff_max = config.replicas.fetch_backoff_max});
    partition.replica()->assigned(assignment_of(image, state, partition.settings().in_sync_min));
    const bool follows = state.leader >= BrokerId(0) && state.leader != config.node_id;
    follow(partition.id(), follows ? state.leader : BrokerId(-1));
}

// Nobody, when `leader` is none.
void Replicas::follow(const PartitionId& id, BrokerId leader) {
    const auto known = leaders_.find(id);
    if (known != leaders_.end() && known->second == leader) return;
    if (known != leaders_.end()) {
        fetchers_.at(known->second)->leave(id);
        leaders_.erase(known);
    }
    if (leader == BrokerId(-1) || stopping_ || links_.peers == nullptr) return;
    leaders_.emplace(id, leader);
    auto& fetcher = fetchers_[leader];
    if (!fetcher) fetcher = std::make_unique<ReplicaFetcher>(*this, leader);
    fetcher->follow(id);
}

void Replicas::forget(const PartitionId& id) {
    follow(id, BrokerId(-1));
    if (const auto planned = planned_.extract(id)) times_.erase({planned.mapped(), id});
    proposals_.erase(id);
}

void Replicas::stop() {
    stopping_ = true;
    timers_moved_.set();
    proposals_came_.set();
    for (auto& [leader, fetcher] : fetchers_) fetcher->stop();
    fibers_.join();
}

void Replicas::proposed(const PartitionId& id, const replication::Propose& proposal) {
    proposals_.insert_or_assign(id, proposal);
    proposals_came_.set();
}

// Only what is earlier moves it: who is told the time too early says when it is due.
void Replicas::plan(const PartitionId& id, Time wake_at) {
    if (wake_at == never) return;
    const auto [planned, is_new] = planned_.try_emplace(id, wake_at);
    if (!is_new && planned->second <= wake_at) return;
    if (!is_new) times_.erase({planned->second, id});
    planned->second = wake_at;
    times_.emplace(wake_at, id);
    if (times_.begin()->second == id) timers_moved_.set();
}

void Replicas::follower_moved(const PartitionId& id) {
    const auto leader = leaders_.find(id);
    if (leader != leaders_.end()) fetchers_.at(leader->second)->moved();
}

// What it leads nobody can write to, and what it follows it does not get: others take over once it
// is gone, and its next start brings to the log what the journal has.
void Replicas::log_failed(const PartitionId& id) {
    if (stopping_ || env_.scheduler.stopped() || std::exchange(failed_, true)) return;
    env_.logger.error("replica.log-failed",
                      {{"topic_id", id.topic.text()},
                       {"partition", std::to_string(id.index.value)},
                       {"remedy", "the node stops, so that others take over; check the disk"}});
    failure_to_tell_ = true;
    timers_moved_.set();
}

Result<std::unique_ptr<PartitionLog>> Replicas::cut(const PartitionId& id,
                                                    std::unique_ptr<PartitionLog> log,
                                                    const LogStore::Cut& what) {
    return broker_.logs().cut(std::move(log), what, [this, &id] { return record_cut(id); });
}

// Nothing is cut yet. What keeps it from being recorded may pass, and the log is worth the wait:
// without one the node stops.
Result<void> Replicas::record_cut(const PartitionId& id) {
    const Time deadline = env_.clock.now() + record_patience;
    for (;;) {
        const auto recorded = links_.checkpoint();
        const bool may_pass = recorded.failed() && (recorded.error() == Error::no_space ||
                                                    recorded.error() == Error::limit);
        if (!may_pass || env_.clock.now() >= deadline) return recorded;
        CHECK_OK(env::sleep_for(env_.scheduler, record_backoff));
        if (stopping_ || !broker_.find(id)) return Error::stopped;
    }
}

void Replicas::finish_work(Partition::Use partition) {
    // Held until it is done: another one may have the name by then.
    const auto spawned = fibers_.spawn(
        "replica-work", [use = Partition::Use(*partition)] { use->replica()->finish_work(); });
    // No fiber to spare: the others of this leader wait for it.
    if (spawned.failed()) partition->replica()->finish_work();
}

void Replicas::run_timers() {
    while (!stopping_) {
        if (std::exchange(failure_to_tell_, false)) links_.failed();
        tell_time();
        const Time next = times_.empty() ? never : times_.begin()->first;
        const auto waited = timers_moved_.wait_until(next);
        if (waited.failed() && waited.error() != Error::timed_out) return;
    }
}

void Replicas::tell_time() {
    const Time now = env_.clock.now();
    while (!times_.empty() && times_.begin()->first <= now) {
        const PartitionId id = times_.begin()->second;
        times_.erase(times_.begin());
        planned_.erase(id);
        if (const Partition::Use partition = broker_.find(id)) partition->replica()->passed();
    }
}

// One request at a time, with all that came since the last one.
void Replicas::run_proposals() {
    while (!stopping_) {
        if (!proposals_.empty())
            send(std::exchange(proposals_, {}));
        else if (proposals_came_.wait().failed())
            return;
    }
}

protocol::AlterPartitionRequest Replicas::request_of(const Proposals& proposals) const {
    protocol::AlterPartitionRequest request;
    const metadata::MetadataImage& image = broker_.image();
    request.broker_id = broker_.config().node_id;
    if (const auto* const self = image.broker(request.broker_id))
        request.broker_epoch = self->epoch;
    for (const auto& [id, proposal] : proposals) {
        if (request.topics.empty() || request.topics.back().topic_id != id.topic)
            request.topics.push_back({.topic_id = id.topic, .partitions = {}});
        auto& partition = request.topics.back().partitions.emplace_back();
        partition.partition_index = id.index;
        partition.leader_epoch = proposal.leader_epoch;
        partition.partition_epoch = proposal.partition_epoch;
        for (const auto& member : proposal.isr)
            partition.new_isr_with_epochs.push_back({member.broker, member.epoch});
    }
    return request;
}

void Replicas::send(const Proposals& proposals) {
    Result<protocol::AlterPartitionResponse> response = Error::refused;
    if (links_.propose) response = links_.propose(request_of(proposals));
    std::map<PartitionId, replication::ProposalReply> replies;
    if (response && response->error_code == ErrorCode::none)
        for (const auto& topic : response->topics)
            for (const auto& answer : topic.partitions)
                replies[{topic.topic_id, answer.partition_index}] = {
                    answer.error_code, answer.leader_epoch, answer.partition_epoch, answer.isr};
    for (const auto& [id, proposal] : proposals) {
        const Partition::Use partition = broker_.find(id);
        if (!partition || !partition->replica()) continue;
        const auto reply = replies.find(id);
        if (reply == replies.end())
            partition->replica()->proposal_failed(proposal.id);
        else
            partition->replica()->proposal_answered(proposal.id, reply->second);
    }
}

}  // namespace sluice::broker
