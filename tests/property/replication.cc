// Laws of a replicated partition under lost, late and reordered messages, crashes that lose what
// was not on disk, false alarms and slow news: what is committed is in every later leader's log,
// logs agree below the high watermark, which never goes back, and in the end everybody has all.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/base/random.h"
#include "core/metadata/broker_controller.h"
#include "core/metadata/replica_controller.h"
#include "core/replication/partition_replica.h"

namespace sluice::replication {
namespace {

using protocol::BrokerEpoch;
using protocol::ErrorCode;

struct Record {
    LeaderEpoch epoch;
    int value = 0;

    friend bool operator==(const Record&, const Record&) = default;
};

std::size_t index(Offset offset) {
    return static_cast<std::size_t>(offset.value);
}
Offset offset(std::size_t index) {
    return Offset(static_cast<std::int64_t>(index));
}

// A log on a disk: records of no epoch stand before its beginning.
struct Log {
    std::vector<Record> records;
    Offset start;
    std::size_t durable = 0;
    LeaderEpochs epochs;

    Offset end() const { return offset(records.size()); }
    LogView view() const { return {start, end(), offset(durable), epochs}; }
    void truncate(Offset end) {
        records.resize(index(end));
        durable = std::min(durable, records.size());
        epochs.truncate_from_end(end);
    }
};

struct Node {
    BrokerId id;
    Log log;
    Offset checkpoint;  // Of the high watermark.
    std::unique_ptr<PartitionReplica> replica;
    int life = 0;
    std::size_t news = 0;      // Index of the last assignment it has heard of.
    Offset high_watermark;     // As it was told in this life.
    std::optional<int> asked;  // The fetch it waits for,
    LeaderEpoch asked_in;      // and its epoch.
    std::map<AppendId, std::pair<Offset, Record>> waiting;
};

// The controller's own rules over an image of one topic with one partition, and all the assignments
// that came of it, one after the other.
class Truth {
public:
    Truth(const std::vector<BrokerId>& brokers, std::size_t replication, bool eligible)
        : sessions_(metadata::BrokerSessions::Options{}, builder_.image(), Time{}) {
        if (eligible)
            log({protocol::FeatureLevelRecord{std::string(metadata::eligible_replicas_feature),
                                              1}});
        for (const BrokerId broker : brokers) {
            registered(broker, true);
            unfenced(broker, history_.size() - 1);
        }
        protocol::CreateTopicsRequest request;
        request.topics.emplace_back();
        request.topics[0].name = topic_name;
        request.topics[0].replication_factor = -1;
        request.topics[0].num_partitions = -1;
        request.topics[0].assignments = {
            {PartitionIndex(0),
             std::vector(brokers.begin(),
                         brokers.begin() + static_cast<std::ptrdiff_t>(replication))}};
        const metadata::ControllerSettings settings;
        log(metadata::Controller(image(), settings).create_topics(request, {topic_id}).records);
    }
    const Assignment& now() const { return history_.back(); }
    const std::vector<Assignment>& history() const { return history_; }
    bool is_leaving(BrokerId broker) { return image().broker(broker)->in_controlled_shutdown; }
    std::string standing() {
        const auto& partition = *image().topic(topic_id)->partition(PartitionIndex(0));
        const auto numbers = [](const std::vector<BrokerId>& ids) {
            std::string text = "[";
            for (const BrokerId id : ids) text += fmt::format(" {}", id.value);
            return text + " ]";
        };
        std::string text = fmt::format(
            "leader {} of epoch {}, replicas {}, in sync {}, eligible {}, last {}, adding {}, "
            "removing {}, "
            "min {}",
            partition.leader.value, partition.leader_epoch.value, numbers(partition.replicas),
            numbers(partition.isr), numbers(partition.eligible_leader_replicas),
            numbers(partition.last_known_elr), numbers(partition.adding_replicas),
            numbers(partition.removing_replicas), now().min_isr);
        for (const auto& [id, broker] : image().brokers)
            text += fmt::format(", {} {}", id.value,
                                broker.is_active()              ? "active"
                                : broker.in_controlled_shutdown ? "leaving"
                                                                : "fenced");
        return text;
    }
    bool is_settled() {
        const auto& partition = *image().topic(topic_id)->partition(PartitionIndex(0));
        return partition.isr.size() == partition.replicas.size() &&
               partition.adding_replicas.empty() && partition.removing_replicas.empty();
    }

    void registered(BrokerId broker, bool clean) {
        protocol::BrokerRegistrationRequest request;
        request.broker_id = broker;
        request.incarnation_id = Uuid{
            {static_cast<std::uint8_t>(++lives_ % 256), static_cast<std::uint8_t>(lives_ / 256)}};
        request.log_dirs = {Uuid{{9, static_cast<std::uint8_t>(broker.value)}}};
        request.features = {{std::string(metadata::eligible_replicas_feature), 0, 1}};
        const auto* known = image().broker(broker);
        if (clean && known != nullptr) request.previous_broker_epoch = known->epoch;
        log(brokers().registered(request, Version(4), Time{}).records);
        sessions_.heard(broker, image().broker(broker)->epoch, std::nullopt, Time{});
    }
    // A heartbeat of a broker that has read as far as `news`.
    void unfenced(BrokerId broker, std::size_t news) { heartbeat(broker, news, false); }
    // It wants to stop: true when it may.
    bool leaves(BrokerId broker, std::size_t news) { return heartbeat(broker, news, true); }
    void fenced(BrokerId broker) { log(brokers().fence(broker)); }

    ProposalReply proposed(BrokerId from, BrokerEpoch epoch, const Propose& proposal) {
        protocol::AlterPartitionRequest request;
        request.broker_id = from;
        request.broker_epoch = epoch;
        protocol::AlterPartitionRequest::Topic::Partition partition;
        partition.leader_epoch = proposal.leader_epoch;
        partition.partition_epoch = proposal.partition_epoch;
        for (const auto& member : proposal.isr)
            partition.new_isr_with_epochs.push_back({member.broker, member.epoch});
        request.topics = {{topic_id, {partition}}};
        const auto decision = replicas().alter_partitions(request, Version(3));
        log(decision.records);
        if (decision.reply.error_code != ErrorCode::none)
            return {decision.reply.error_code, {}, {}, {}};
        const auto& answer = decision.reply.topics.at(0).partitions.at(0);
        return {answer.error_code, answer.leader_epoch, answer.partition_epoch, answer.isr};
    }

    void prefer_first() { log(replicas().balance_leaders(1)); }
    // Empty: what is under way is cancelled.
    void reassign(const std::vector<BrokerId>& to) {
        protocol::AlterPartitionReassignmentsRequest request;
        protocol::AlterPartitionReassignmentsRequest::Topic::Partition target;
        if (!to.empty()) target.replicas = to;
        request.topics = {{topic_name, {target}}};
        log(replicas().reassign(request).records);
    }
    void ask_for(std::int64_t min_isr) {
        protocol::IncrementalAlterConfigsRequest request;
        request.resources = {
            {2, topic_name, {{"min.insync.replicas", 0, std::to_string(min_isr)}}}};
        const metadata::ControllerSettings settings;
        log(metadata::Controller(image(), settings).alter_configs(request).records);
    }

private:
    static constexpr const char* topic_name = "words";
    static constexpr TopicId topic_id{{7}};

    const metadata::MetadataImage& image() { return builder_.image(); }
    metadata::BrokerController brokers() { return {image(), sessions_, settings_}; }
    metadata::ReplicaController replicas() { return metadata::ReplicaController(image()); }

    bool heartbeat(BrokerId broker, std::size_t news, bool stop) {
        protocol::BrokerHeartbeatRequest request;
        request.broker_id = broker;
        request.broker_epoch = image().broker(broker)->epoch;
        request.current_metadata_offset = offsets_[news];
        request.want_shut_down = stop;
        sessions_.heard(broker, request.broker_epoch, offsets_[news], Time{});
        const auto decision = brokers().heartbeat(request);
        log(decision.records);
        if (decision.reply.leaves_at) sessions_.leaves_at(broker, *decision.reply.leaves_at);
        if (decision.reply.should_shut_down) sessions_.gone(broker);
        return decision.reply.should_shut_down;
    }

    void log(const std::vector<protocol::MetadataRecord>& records) {
        if (records.empty() && !history_.empty()) return;
        for (const auto& record : records) builder_.apply(record);
        log_size_ += static_cast<std::int64_t>(records.size());
        builder_.advance(Offset(log_size_), LeaderEpoch(1));
        history_.push_back(assignment());
        offsets_.emplace_back(log_size_);
    }
    Assignment assignment() {
        Assignment now;
        for (const auto& [id, broker] : image().brokers)
            now.brokers[id] = {broker.epoch, broker.is_active(), {}};
        const auto* topic = image().topic(topic_id);
        if (topic == nullptr) return now;
        const auto& partition = *topic->partition(PartitionIndex(0));
        now.replicas = partition.replicas;
        now.isr = partition.isr;
        now.leader = partition.leader;
        now.leader_epoch = partition.leader_epoch;
        now.partition_epoch = partition.partition_epoch;
        now.min_isr = metadata::electorate_of(image(), *topic).min_isr;
        return now;
    }

    metadata::ImageBuilder builder_;
    metadata::BrokerSessions sessions_;
    metadata::BrokerController::Settings settings_{};
    std::vector<Assignment> history_;
    std::vector<Offset> offsets_;  // Behind the records of each.
    std::int64_t log_size_ = 0;
    int lives_ = 0;
};

struct OffsetsAsk {};
struct OffsetsReply {
    Offset start;
    Offset end;
};
struct Message {
    BrokerId from;  // Who asked.
    BrokerId to;
    int life = 0;
    int number = 0;
    std::variant<FetchAsk, FetchReply, Propose, ProposalReply, OffsetsAsk, OffsetsReply> body;
    FetchAsk asked = {};
    ProposalId proposal = {};
    BrokerEpoch epoch = {};  // Of who proposes.
    std::vector<Record> records = {};
};

constexpr BrokerId controller{0};

class World {
public:
    explicit World(std::uint64_t seed) : random_(seed) {
        const auto count = static_cast<std::int32_t>(random_.between(1, 5));
        for (std::int32_t id = 1; id <= count; ++id) brokers_.emplace_back(id);
        truth_ = std::make_unique<Truth>(brokers_, random_.between(1, std::min(count, 3)),
                                         random_.chance(0.8));
        truth_->ask_for(random_.between(1, 3));
        losses_ = 0.3 * random_.real() * random_.real();
        crashes_ = 0.02 * random_.real() * random_.real();
        alarms_ = 0.02 * random_.real() * random_.real();
        news_ = 0.02 + 0.3 * random_.real() * random_.real();
        deletions_ = 0.01 * random_.real() * random_.real();
        changes_ = 0.003 * random_.real() * random_.real();
        slowness_ = random_.real();
        step_max_ = random_.between(1, 100);
        options_.lag_max = milliseconds(random_.between(200, 5000));
        options_.fetch_backoff_max = milliseconds(random_.between(20, 200));
        for (const BrokerId id : brokers_) nodes_[id].id = id;
        for (auto& [id, node] : nodes_) start(node);
    }

    void act() {
        Node& node = any();
        if (random_.chance(crashes_) && node.replica) return crash(node);
        if (random_.chance(crashes_ * 5) && !node.replica) return start(node);
        if (random_.chance(alarms_)) return truth_->fenced(node.id);
        if (random_.chance(alarms_ * 10) && node.replica) return unfence(node);
        if (random_.chance(changes_)) return change(node);
        if (random_.chance(news_)) return hear(node);
        if (random_.chance(deletions_)) return delete_records(node);
        switch (random_.below(10)) {
            case 0:
                return append(node);
            case 1:
                return flush(node);
            case 2:
                return pass(node);
            case 3:
                return fetch(node);
            case 4:
                return give_up(node);
            default:
                return deliver();
        }
    }

    // Heals everything: then whoever leads commits, and everybody is in sync and has all of it.
    void settle() {
        calm_ = true;
        step_max_ = 5;
        for (auto& [id, node] : nodes_) {
            // Who was about to stop does, and comes back.
            if (node.replica && truth_->is_leaving(id)) crash(node);
            if (!node.replica) start(node);
        }
        const std::size_t goal = committed_.size() + 3;
        for (int round = 0; round < 5000; ++round) {
            for (auto& [id, node] : nodes_) {
                unfence(node);
                hear(node);
                if (committed_.size() < goal) append(node);
                flush(node);
                pass(node);
                fetch(node);
            }
            for (std::size_t i = messages_.size(); i > 0; --i) deliver();
            const bool done = std::ranges::all_of(truth_->now().replicas, [&](BrokerId each) {
                return nodes_[each].high_watermark >= offset(goal);
            });
            if (done && truth_->is_settled()) return;
        }
        RC_FAIL("nobody leads, or somebody does not get what is committed, or not in sync: " +
                standing(goal));
    }

    std::string standing(std::size_t goal) {
        std::string text = truth_->standing() + ", wanted " + std::to_string(goal);
        for (const auto& [id, node] : nodes_)
            text += fmt::format("; {}: epoch {}, end {}, durable {}, committed {}", id.value,
                                node.replica->epoch().value, node.log.records.size(),
                                node.log.durable, node.high_watermark.value);
        return text;
    }

private:
    Node& any() {
        return std::next(nodes_.begin(), static_cast<std::ptrdiff_t>(random_.below(nodes_.size())))
            ->second;
    }

    // It still has all that it proved to have, and may say so.
    void start(Node& node) {
        truth_->registered(node.id, random_.chance(0.8));
        node.log.epochs.truncate_from_end(node.log.end());
        node.log.durable = node.log.records.size();
        node.high_watermark = std::clamp(node.checkpoint, node.log.start, node.log.end());
        node.asked.reset();
        ++node.life;
        open(node);
        node.news = truth_->history().size() - 1;
        tell(node);
    }
    void open(Node& node) {
        options_.self = node.id;
        node.replica = std::make_unique<PartitionReplica>(options_, node.high_watermark);
    }

    void crash(Node& node) {
        node.replica.reset();
        node.waiting.clear();
        const std::size_t kept =
            node.log.durable + random_.below(node.log.records.size() - node.log.durable + 1);
        node.log.records.resize(kept);
        if (random_.chance(0.5)) node.checkpoint = std::min(node.high_watermark, node.log.end());
    }

    void unfence(Node& node) {
        if (!truth_->now().standing(node.id)->active) truth_->unfenced(node.id, node.news);
    }

    // What operators do.
    void change(Node& node) {
        switch (random_.below(4)) {
            case 0:
                return truth_->prefer_first();
            case 1:
                return truth_->ask_for(random_.between(1, 3));
            case 2: {
                std::vector<BrokerId> to;
                for (const BrokerId each : brokers_)
                    if (random_.chance(0.5)) to.push_back(each);
                return truth_->reassign(to);
            }
            default:
                if (!node.replica || !truth_->leaves(node.id, node.news)) return;
                node.log.durable = node.log.records.size();
                return crash(node);
        }
    }

    void hear(Node& node) {
        if (!node.replica || node.news + 1 == truth_->history().size()) return;
        node.news = calm_ ? truth_->history().size() - 1 : node.news + 1;
        tell(node);
    }
    void tell(Node& node) {
        // A replica that is taken away is deleted.
        if (!holds(truth_->history()[node.news].replicas, node.id)) {
            node.waiting.clear();
            node.log = {};
            node.checkpoint = node.high_watermark = Offset(0);
            return open(node);
        }
        node.replica->assigned(truth_->history()[node.news], node.log.view(), now_);
        perform(node, {});
    }

    void perform(Node& node, const std::vector<Record>& at_hand) {
        for (const Effect& effect : node.replica->take_effects()) {
            if (!calm_ && random_.chance(crashes_)) return crash(node);
            std::visit([&](const auto& each) { performed(node, each, at_hand); }, effect);
        }
    }

    void performed(Node& node, const BeginEpoch& begin, const std::vector<Record>&) {
        const auto [known, is_new] = leaders_.emplace(begin.epoch, node.id);
        RC_ASSERT(is_new);
        RC_ASSERT(begin.at == node.log.end());
        node.log.epochs.assign(begin.epoch, begin.at);
        // Whoever leads has all that was ever committed. One that was told late does not lead.
        if (begin.epoch != truth_->now().leader_epoch) return;
        RC_ASSERT(begin.at >= offset(committed_.size()));
        compare(node, begin.at);
    }
    void performed(Node& node, const Propose& proposal, const std::vector<Record>&) {
        Message message{node.id, controller, node.life, ++numbers_, proposal};
        message.proposal = proposal.id;
        message.epoch = truth_->history()[node.news].standing(node.id)->epoch;
        messages_.push_back(std::move(message));
    }
    void performed(Node& node, const Committed& committed, const std::vector<Record>&) {
        RC_ASSERT(committed.high_watermark > node.high_watermark);
        RC_ASSERT(committed.high_watermark <= node.log.end());
        node.high_watermark = committed.high_watermark;
        if (node.replica->leading() != nullptr) {
            for (std::size_t i = committed_.size(); i < index(committed.high_watermark); ++i)
                committed_.push_back(node.log.records[i]);
            check_in_sync(node);
        }
        RC_ASSERT(index(committed.high_watermark) <= committed_.size());
        compare(node, committed.high_watermark);
    }
    void performed(Node& node, const Answer& answer, const std::vector<Record>&) {
        const auto waiting = node.waiting.extract(answer.append);
        RC_ASSERT(!waiting.empty());
        if (answer.error != ErrorCode::none) return;
        const auto& [at, record] = waiting.mapped();
        RC_ASSERT(index(at) < committed_.size());
        RC_ASSERT(committed_[index(at)] == record);
    }
    void performed(Node& node, const Truncate& truncate, const std::vector<Record>&) {
        RC_ASSERT(truncate.end >= node.high_watermark);
        RC_ASSERT(truncate.end <= node.log.end());
        node.log.truncate(truncate.end);
    }
    void performed(Node& node, const Append& append, const std::vector<Record>& at_hand) {
        for (const Record& record : at_hand) {
            node.log.epochs.assign(record.epoch, node.log.end());
            node.log.records.push_back(record);
        }
        RC_ASSERT(append.end == node.log.end());
    }
    void performed(Node& node, const Restart& restart, const std::vector<Record>&) {
        RC_ASSERT(restart.at > node.log.end());
        RC_ASSERT(restart.at <= offset(committed_.size()));
        node.log.records.assign(index(restart.at), Record{no_leader_epoch, 0});
        node.log.durable = node.log.records.size();
        node.log.start = restart.log_start;
        node.log.epochs.clear();
    }
    void performed(Node& node, const DeleteBefore& deletion, const std::vector<Record>&) {
        RC_ASSERT(deletion.start <= offset(committed_.size()));
        node.log.start = deletion.start;
        node.log.epochs.truncate_from_start(deletion.start);
    }
    void performed(Node& node, const FindLeaderLog&, const std::vector<Record>&) {
        const BrokerId leader = truth_->history()[node.news].leader;
        messages_.push_back({node.id, leader, node.life, ++numbers_, OffsetsAsk{}});
    }

    // What is committed and not deleted here reads the same everywhere.
    void compare(const Node& node, Offset end) const {
        const std::size_t known = std::min(index(end), committed_.size());
        for (std::size_t i = index(node.log.start); i < known; ++i)
            RC_ASSERT(node.log.records[i] == committed_[i]);
    }
    // Every replica that could be elected has on disk what is committed.
    void check_in_sync(const Node& leader) const {
        if (leader.replica->epoch() != truth_->now().leader_epoch) return;
        for (const BrokerId member : truth_->now().isr)
            RC_ASSERT(offset(nodes_.at(member).log.durable) >= leader.high_watermark);
    }

    void append(Node& node) {
        PartitionLeader* leader = node.replica ? node.replica->leading() : nullptr;
        if (leader == nullptr) return;
        const Record record{leader->epoch(), ++values_};
        const Offset at = node.log.end();
        node.log.records.push_back(record);
        leader->appended(node.log.end(), now_);
        if (leader->complaint_about_append() == ErrorCode::none) {
            const AppendId id(static_cast<std::uint64_t>(values_));
            node.waiting[id] = {at, record};
            leader->wait_committed(id, node.log.end());
        }
        perform(node, {});
    }

    void flush(Node& node) {
        if (!node.replica) return;
        node.log.durable = node.log.records.size();
        if (PartitionLeader* leader = node.replica->leading())
            leader->flushed(node.log.end(), now_);
        perform(node, {});
    }

    void pass(Node& node) {
        now_ = now_ + milliseconds(random_.between(0, step_max_));
        PartitionLeader* leader = node.replica ? node.replica->leading() : nullptr;
        if (leader == nullptr || now_ < leader->wake_at()) return;
        leader->passed(now_);
        // It never asks to be woken at once again.
        RC_ASSERT(leader->wake_at() > now_);
        perform(node, {});
    }

    void delete_records(Node& node) {
        if (!node.replica || node.replica->leading() == nullptr) return;
        const auto room = node.high_watermark.minus(node.log.start);
        if (room <= 0) return;
        node.log.start = node.log.start.plus(random_.between(0, room));
        node.log.epochs.truncate_from_start(node.log.start);
    }

    // One fetch at a time in an epoch; what was asked in another one may still be under way.
    void fetch(Node& node) {
        PartitionFollower* follower = node.replica ? node.replica->following() : nullptr;
        if (follower == nullptr || (node.asked && node.asked_in == follower->epoch())) return;
        const auto ask = follower->next_fetch(node.log.view(), now_);
        if (!ask) return;
        node.asked = ++numbers_;
        node.asked_in = follower->epoch();
        messages_.push_back(
            {node.id, truth_->history()[node.news].leader, node.life, numbers_, *ask, *ask});
    }
    void give_up(Node& node) {
        PartitionFollower* follower = node.replica ? node.replica->following() : nullptr;
        if (!random_.chance(losses_) || follower == nullptr || !node.asked) return;
        node.asked.reset();
        follower->failed(now_);
    }

    Message take() {
        const auto at =
            messages_.begin() + static_cast<std::ptrdiff_t>(random_.below(messages_.size()));
        Message message = std::move(*at);
        messages_.erase(at);
        return message;
    }
    void deliver() {
        if (messages_.empty() || (!calm_ && random_.chance(slowness_))) return;
        Message message = take();
        if (!calm_ && random_.chance(losses_)) return fail(message);
        std::visit([&](const auto& body) { delivered(message, body); }, message.body);
    }
    // Whoever asked finds out that there will be no answer.
    void fail(const Message& message) {
        Node& node = nodes_[message.from];
        if (!node.replica || node.life != message.life) return;
        PartitionFollower* follower = node.replica->following();
        PartitionLeader* leader = node.replica->leading();
        if (leader != nullptr) leader->proposal_failed(message.proposal, now_);
        if (follower == nullptr) return;
        if (node.asked == message.number) {
            node.asked.reset();
            follower->failed(now_);
        }
        if (std::holds_alternative<OffsetsAsk>(message.body) ||
            std::holds_alternative<OffsetsReply>(message.body))
            follower->leader_log_not_found(now_);
    }
    Node* asker(const Message& message) {
        Node& node = nodes_[message.from];
        return node.replica && node.life == message.life ? &node : nullptr;
    }
    void answer(const Message& message, auto body, std::vector<Record> records = {}) {
        Message reply = message;
        reply.body = std::move(body);
        reply.records = std::move(records);
        messages_.push_back(std::move(reply));
    }

    void delivered(const Message& message, const FetchAsk& ask) {
        Node& node = nodes_[message.to];
        if (!node.replica) return fail(message);
        PartitionLeader* leader = node.replica->leading();
        if (leader == nullptr)
            return answer(message, FetchReply{ErrorCode::not_leader_or_follower});
        FetchReply reply = leader->fetched(ask, node.log.view(), now_);
        perform(node, {});
        if (!node.replica) return fail(message);
        std::vector<Record> records;
        if (reply.error == ErrorCode::none && !reply.diverging) {
            const std::size_t left = node.log.records.size() - index(ask.offset);
            const std::size_t count = random_.below(std::min<std::size_t>(left, 4) + 1);
            for (std::size_t i = index(ask.offset); i < index(ask.offset) + count; ++i) {
                records.push_back(node.log.records[i]);
                reply.runs.push_back({node.log.records[i].epoch, offset(i), offset(i + 1)});
            }
        }
        answer(message, std::move(reply), std::move(records));
    }
    void delivered(const Message& message, const FetchReply& reply) {
        Node* node = asker(message);
        if (node == nullptr) return;
        if (node->asked == message.number) node->asked.reset();
        PartitionFollower* follower = node->replica->following();
        if (follower == nullptr) return;
        follower->received(message.asked, reply, node->log.view(), now_);
        perform(*node, message.records);
    }
    void delivered(const Message& message, const Propose& proposal) {
        ProposalReply reply = truth_->proposed(message.from, message.epoch, proposal);
        // Its answer may be lost though it was heard.
        if (!calm_ && random_.chance(losses_)) return fail(message);
        answer(message, std::move(reply));
    }
    void delivered(const Message& message, const ProposalReply& reply) {
        Node* node = asker(message);
        if (node == nullptr || node->replica->leading() == nullptr) return;
        node->replica->leading()->proposal_answered(message.proposal, reply, now_);
        perform(*node, {});
    }
    void delivered(const Message& message, const OffsetsAsk&) {
        Node& node = nodes_[message.to];
        if (!node.replica || node.replica->leading() == nullptr) return fail(message);
        answer(message, OffsetsReply{node.log.start, node.log.end()});
    }
    void delivered(const Message& message, const OffsetsReply& reply) {
        Node* node = asker(message);
        if (node == nullptr || node->replica->following() == nullptr) return;
        node->replica->following()->leader_log_found(reply.start, reply.end, node->log.view());
        perform(*node, {});
    }

    Random random_;
    Time now_;
    PartitionReplica::Options options_;
    std::vector<BrokerId> brokers_;
    std::unique_ptr<Truth> truth_;
    std::map<BrokerId, Node> nodes_;
    std::vector<Message> messages_;
    std::map<LeaderEpoch, BrokerId> leaders_;
    std::vector<Record> committed_;
    bool calm_ = false;
    double losses_ = 0;
    double crashes_ = 0;
    double alarms_ = 0;
    double news_ = 0;
    double deletions_ = 0;
    double slowness_ = 0;
    double changes_ = 0;
    std::int64_t step_max_ = 0;
    int values_ = 0;
    int numbers_ = 0;
};

void live_through(std::uint64_t seed) {
    Random seeds(seed);
    for (int worlds = 0; worlds < 10; ++worlds) {
        World world(seeds.next());
        for (int i = 0; i < 20'000; ++i) world.act();
        world.settle();
    }
}

RC_GTEST_PROP(Replication, LosesNothingCommittedAndGoesOn, (std::uint64_t seed)) {
    live_through(seed);
}

// Cancelling a reassignment took the only eligible replica, when nobody was in sync.
TEST(Replication, ACancelledReassignmentLeavesWhoIsEligible) {
    live_through(3668039);
}

}  // namespace
}  // namespace sluice::replication
