#include "core/broker/replica/replica_fetcher.h"

#include <algorithm>

#include "core/broker/broker.h"
#include "core/broker/replica/replicas.h"
#include "core/protocol/record_batch.h"

namespace sluice::broker {

using protocol::ErrorCode;
using replication::FetchAsk;
using replication::SessionPartition;

namespace {

// Who is not ready to ask is not kept waiting much longer than it takes by those who are.
constexpr Duration patience = milliseconds(20);
// The disk is waited for as long before the others ask without those it holds up.
constexpr Duration disk_patience = milliseconds(200);

constexpr Timestamp latest{-1};
constexpr Timestamp earliest{-2};

// What the records are, as the rules look at them; nothing when they are no batches.
std::optional<std::vector<replication::Run>> runs_of(Slice records) {
    std::vector<replication::Run> runs;
    protocol::BatchSplitter batches(records);
    while (const auto batch = batches.next()) {
        if (batch->last_offset_delta() < 0) return std::nullopt;
        const bool goes_on = !runs.empty() && runs.back().epoch == batch->leader_epoch() &&
                             runs.back().end == batch->base_offset();
        if (goes_on)
            runs.back().end = batch->next_offset();
        else
            runs.push_back({batch->leader_epoch(), batch->base_offset(), batch->next_offset()});
    }
    return runs;
}

}  // namespace

ReplicaFetcher::ReplicaFetcher(Replicas& shard, BrokerId leader)
    : shard_(shard), env_(shard.broker().env()), leader_(leader), moved_(env_.scheduler) {}

void ReplicaFetcher::follow(const PartitionId& id) {
    partitions_.insert(id);
    moved();
}

void ReplicaFetcher::moved() {
    moved_.set();
    if (running_ || is_over()) return;
    running_ = shard_.spawn("replica-fetcher", [this] { run(); });
}

bool ReplicaFetcher::is_over() const {
    return shard_.stopping() || partitions_.empty() || env_.scheduler.stopped();
}

void ReplicaFetcher::run() {
    while (!is_over()) {
        locate();
        const Wanted wanted = collect();
        if (wanted.empty()) {
            wait_for_somebody();
            continue;
        }
        fetch(wanted);
        wait_until_durable();
    }
    running_ = false;
}

ReplicaFetcher::Wanted ReplicaFetcher::collect() {
    Wanted wanted;
    next_at_ = never;
    all_ask_ = true;
    for (const PartitionId& id : partitions_) {
        const Partition::Use partition = shard_.broker().find(id);
        if (!partition) continue;
        const ReplicaDriver& replica = *partition->replica();
        if (const auto ask = replica.next_fetch()) {
            wanted.emplace(SessionPartition{id.topic, id.index}, *ask);
            continue;
        }
        all_ask_ = false;
        next_at_ = std::min(next_at_, replica.next_fetch_at());
    }
    return wanted;
}

void ReplicaFetcher::wait_for_somebody() {
    static_cast<void>(moved_.wait_until(next_at_).failed());
}

void ReplicaFetcher::fetch(const Wanted& wanted) {
    const auto address = leader_address();
    if (!address) return fail(wanted);
    const auto next = session_.next(wanted);
    const protocol::FetchRequest request = request_of(next);
    const auto response = shard_.peers().ask(
        *address, request,
        {.line = Peers::Line::fetch, .extra_time = milliseconds(request.max_wait_ms)});
    if (is_over()) return session_.failed();
    if (response.failed()) {
        if (!std::exchange(said_unreachable_, true))
            env_.logger.warn("replica.leader-unreachable",
                             {{"leader", std::to_string(leader_.value)},
                              {"address", address->text()},
                              {"why", std::string(name_of(response.error()))}});
        session_.failed();
        return fail(wanted);
    }
    said_unreachable_ = false;
    session_.answered(response->error_code, response->session_id);
    if (response->error_code == ErrorCode::none) return take(*response);
    // One that the leader forgot begins again at once.
    if (response->error_code != ErrorCode::fetch_session_id_not_found || next.epoch == 0)
        fail(wanted);
}

void ReplicaFetcher::fail(const Wanted& wanted) {
    for (const auto& [each, ask] : wanted)
        if (const Partition::Use partition = shard_.broker().find({each.topic, each.partition});
            partition && partition->replica())
            partition->replica()->fetch_failed(ask.leader_epoch);
}

void ReplicaFetcher::take(const protocol::FetchResponse& response) {
    for (const auto& topic : response.responses)
        for (const auto& answer : topic.partitions) take_one(topic.topic_id, answer);
}

void ReplicaFetcher::take_one(const TopicId& topic,
                              const protocol::FetchResponse::Partition& answer) {
    const auto ask = session_.asked({topic, answer.partition_index});
    const PartitionId id{topic, answer.partition_index};
    Partition::Use partition = shard_.broker().find(id);
    if (!ask || !partition || !partition->replica()) return;
    ReplicaDriver& replica = *partition->replica();
    replication::FetchReply reply{answer.error_code};
    if (answer.diverging_epoch.end_offset >= Offset(0))
        reply.diverging = {answer.diverging_epoch.epoch, answer.diverging_epoch.end_offset};
    reply.high_watermark = answer.high_watermark;
    reply.log_start = answer.log_start_offset;
    const Bytes records = answer.records.value_or(Bytes());
    auto runs = runs_of(records.view());
    if (!runs) return replica.fetch_failed(ask->leader_epoch);
    reply.runs = std::move(*runs);
    if (replica.received(*ask, reply, records))
        shard_.finish_work(std::move(partition));
    else if (!records.empty())
        appended_.insert(id);
}

void ReplicaFetcher::wait_until_durable() {
    const Time deadline = env_.clock.now() + disk_patience;
    for (;;) {
        std::erase_if(appended_, [this](const PartitionId& id) {
            const Partition::Use partition = shard_.broker().find(id);
            if (!partition) return true;
            const LogOffsets& offsets = partition->log().offsets();
            return offsets.durable >= offsets.end || partition->log().offline();
        });
        if (appended_.empty() || is_over() || env_.clock.now() >= deadline) break;
        static_cast<void>(moved_.wait_until(deadline).failed());
    }
    appended_.clear();
}

// Where a log and its leader's have nothing in common the leader is asked where its own lies.
void ReplicaFetcher::locate() {
    std::vector<PartitionId> lost;
    for (const PartitionId& id : partitions_)
        if (const Partition::Use partition = shard_.broker().find(id))
            if (partition->replica()->wants_leader_log()) lost.push_back(id);
    for (const PartitionId& id : lost) locate_one(id);
}

// Nothing is held while the leader is asked: the partition may go.
void ReplicaFetcher::locate_one(const PartitionId& id) {
    std::string topic;
    LeaderEpoch epoch;
    {
        const Partition::Use partition = shard_.broker().find(id);
        if (!partition || is_over()) return;
        topic = partition->topic();
        epoch = partition->leader_epoch();
    }
    // The end first: what is deleted meanwhile moves the start only.
    const auto end = ask_offset(topic, id.index, epoch, latest);
    const auto start = end ? ask_offset(topic, id.index, epoch, earliest) : std::nullopt;
    Partition::Use partition = shard_.broker().find(id);
    if (!partition || !partition->replica()) return;
    ReplicaDriver& replica = *partition->replica();
    if (!start) return replica.leader_log_not_found(epoch);
    if (replica.leader_log_found(epoch, *start, *end)) shard_.finish_work(std::move(partition));
}

std::optional<Offset> ReplicaFetcher::ask_offset(const std::string& name, PartitionIndex index,
                                                 LeaderEpoch epoch, Timestamp which) {
    const auto address = leader_address();
    if (!address) return std::nullopt;
    protocol::ListOffsetsRequest request;
    request.replica_id = shard_.broker().config().node_id;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.partitions.push_back({index, epoch, which});
    const auto response = shard_.peers().ask(*address, request, {});
    if (response.failed() || response->topics.size() != 1 ||
        response->topics.front().partitions.size() != 1)
        return std::nullopt;
    const auto& answer = response->topics.front().partitions.front();
    if (answer.error_code != ErrorCode::none || answer.offset < Offset(0)) return std::nullopt;
    return answer.offset;
}

protocol::FetchRequest ReplicaFetcher::request_of(
    const replication::FollowerSession::Request& next) const {
    const ReplicaConfig& config = shard_.broker().config().replicas;
    const metadata::MetadataImage& image = shard_.broker().image();
    protocol::FetchRequest request;
    request.replica_state.replica_id = shard_.broker().config().node_id;
    if (const auto* const self = image.broker(request.replica_state.replica_id))
        request.replica_state.replica_epoch = self->epoch;
    Duration wait = config.fetch_wait_max;
    if (!all_ask_) wait = std::min(wait, std::max(next_at_ - env_.clock.now(), patience));
    request.max_wait_ms = static_cast<std::int32_t>(to_milliseconds(wait));
    request.min_bytes = config.fetch_bytes_min;
    request.max_bytes = config.response_bytes_max;
    request.session_id = next.session;
    request.session_epoch = next.epoch;
    const auto name_of_topic = [&image](const TopicId& id) {
        const auto* const topic = image.topic(id);
        return topic == nullptr ? std::string() : topic->name;
    };
    for (const auto& [each, ask] : next.asks) {
        if (request.topics.empty() || request.topics.back().topic_id != each.topic)
            request.topics.push_back({name_of_topic(each.topic), each.topic, {}});
        auto& partition = request.topics.back().partitions.emplace_back();
        partition.partition = each.partition;
        partition.current_leader_epoch = ask.leader_epoch;
        partition.fetch_offset = ask.offset;
        partition.last_fetched_epoch = ask.last_fetched_epoch;
        partition.log_start_offset = ask.log_start;
        partition.partition_max_bytes = config.fetch_bytes_max;
        // In which life it proves that: the request has one for all of them.
        request.replica_state.replica_epoch = ask.broker_epoch;
    }
    for (const SessionPartition& each : next.forgotten) {
        auto& forgotten = request.forgotten_topics_data;
        if (forgotten.empty() || forgotten.back().topic_id != each.topic)
            forgotten.push_back({name_of_topic(each.topic), each.topic, {}});
        forgotten.back().partitions.push_back(each.partition);
    }
    return request;
}

std::optional<env::Address> ReplicaFetcher::leader_address() const {
    const auto* const leader = shard_.broker().image().broker(leader_);
    if (leader == nullptr || leader->end_points.empty()) return std::nullopt;
    const std::string& listener = shard_.broker().config().replicas.listener;
    const auto named = std::ranges::find(leader->end_points, listener,
                                         &protocol::RegisterBrokerRecord::EndPoint::name);
    const auto& end_point = named == leader->end_points.end() ? leader->end_points.front() : *named;
    return env::Address{end_point.host, end_point.port};
}

}  // namespace sluice::broker
