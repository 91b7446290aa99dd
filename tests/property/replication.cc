// Laws of a replicated partition under lost, late and reordered messages, crashes that lose what
// was not on disk, false alarms and slow news: what is committed is in every later leader's log,
// logs agree below the high watermark, which never goes back, and in the end everybody has all.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/base/random.h"
#include "core/replication/partition_replica.h"

namespace sluice::replication {
namespace {

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

// The controller, in as few words as the law needs: in-sync and eligible replicas (KIP-966),
// epochs, and elections from these alone.
class Truth {
public:
    Truth(const std::vector<BrokerId>& replicas, std::size_t min_isr) {
        now_.replicas = replicas;
        now_.min_isr = min_isr;
    }
    const Assignment& now() const { return now_; }
    const std::vector<Assignment>& history() const { return history_; }

    void registered(BrokerId broker) {
        now_.brokers[broker] = {protocol::BrokerEpoch(++registrations_), false};
        leave(broker);
    }
    void unfenced(BrokerId broker) {
        now_.brokers[broker].active = true;
        if (history_.size() <= now_.replicas.size() && now_.isr.empty() && elr_.empty() &&
            now_.leader_epoch == LeaderEpoch(0) && !begun_) {
            begun_ = true;
            elr_ = now_.replicas;
        }
        change(now_.isr);
    }
    void fenced(BrokerId broker) {
        now_.brokers[broker].active = false;
        leave(broker);
    }
    ProposalReply proposed(BrokerId from, const Propose& proposal) {
        ProposalReply reply;
        reply.error = complaint(from, proposal);
        if (reply.error != ErrorCode::none) return reply;
        std::vector<BrokerId> isr;
        for (const auto& member : proposal.isr) isr.push_back(member.broker);
        change(isr);
        return {ErrorCode::none, now_.leader_epoch, now_.partition_epoch, now_.isr};
    }

private:
    void leave(BrokerId broker) {
        std::vector<BrokerId> isr = now_.isr;
        std::erase(isr, broker);
        change(isr);
    }
    ErrorCode complaint(BrokerId from, const Propose& proposal) const {
        if (proposal.leader_epoch < now_.leader_epoch) return ErrorCode::fenced_leader_epoch;
        if (from != now_.leader) return ErrorCode::invalid_request;
        if (proposal.partition_epoch < now_.partition_epoch)
            return ErrorCode::invalid_update_version;
        for (const auto& member : proposal.isr) {
            const Standing* standing = now_.standing(member.broker);
            const bool same = member.epoch.value == -1 || member.epoch == standing->epoch;
            if (!standing->active || !same) return ErrorCode::ineligible_replica;
        }
        return ErrorCode::none;
    }
    bool may_lead(BrokerId broker, const std::vector<BrokerId>& isr) const {
        return now_.standing(broker) != nullptr && now_.standing(broker)->active &&
               holds(isr.empty() ? elr_ : isr, broker);
    }
    void change(std::vector<BrokerId> isr) {
        for (const BrokerId member : now_.isr)
            if (!holds(isr, member) && !holds(elr_, member)) elr_.push_back(member);
        std::erase_if(elr_, [&](BrokerId each) { return holds(isr, each); });
        if (isr.size() >= now_.effective_min_isr()) elr_.clear();
        if (now_.leader == BrokerId(-1) || !may_lead(now_.leader, isr)) {
            BrokerId leader(-1);
            for (const BrokerId each : now_.replicas)
                if (leader == BrokerId(-1) && may_lead(each, isr)) leader = each;
            if (leader != BrokerId(-1) && isr.empty()) {
                isr = {leader};
                std::erase(elr_, leader);
            }
            if (leader != now_.leader) now_.leader_epoch = now_.leader_epoch.next();
            now_.leader = leader;
        }
        now_.isr = isr;
        now_.partition_epoch = now_.partition_epoch.next();
        history_.push_back(now_);
    }

    Assignment now_;
    std::vector<BrokerId> elr_;
    std::vector<Assignment> history_;
    std::int64_t registrations_ = 0;
    bool begun_ = false;
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
    std::vector<Record> records = {};
};

constexpr BrokerId controller{0};

class World {
public:
    explicit World(std::uint64_t seed) : random_(seed) {
        const auto count = static_cast<std::int32_t>(random_.between(1, 4));
        std::vector<BrokerId> replicas;
        for (std::int32_t id = 1; id <= count; ++id) replicas.emplace_back(id);
        truth_ = std::make_unique<Truth>(replicas, random_.between(1, std::min(count, 3)));
        losses_ = 0.3 * random_.real() * random_.real();
        crashes_ = 0.02 * random_.real() * random_.real();
        alarms_ = 0.02 * random_.real() * random_.real();
        news_ = 0.02 + 0.3 * random_.real() * random_.real();
        deletions_ = 0.01 * random_.real() * random_.real();
        slowness_ = random_.real();
        step_max_ = random_.between(1, 100);
        options_.lag_max = milliseconds(random_.between(200, 5000));
        options_.fetch_backoff_max = milliseconds(random_.between(20, 200));
        for (const BrokerId id : replicas) nodes_[id].id = id;
        for (auto& [id, node] : nodes_) start(node);
        for (auto& [id, node] : nodes_) truth_->unfenced(id);
    }

    void act() {
        Node& node = any();
        if (random_.chance(crashes_) && node.replica) return crash(node);
        if (random_.chance(crashes_ * 5) && !node.replica) return start(node);
        if (random_.chance(alarms_)) return truth_->fenced(node.id);
        if (random_.chance(alarms_ * 10) && node.replica) return unfence(node);
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
        for (auto& [id, node] : nodes_)
            if (!node.replica) start(node);
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
            const bool done = std::ranges::all_of(nodes_, [&](const auto& each) {
                return each.second.high_watermark >= offset(goal);
            });
            if (done && truth_->now().isr.size() == nodes_.size()) return;
        }
        RC_FAIL("nobody leads, or somebody does not get what is committed, or not in sync");
    }

private:
    Node& any() {
        return std::next(nodes_.begin(), static_cast<std::ptrdiff_t>(random_.below(nodes_.size())))
            ->second;
    }

    void start(Node& node) {
        truth_->registered(node.id);
        node.log.epochs.truncate_from_end(node.log.end());
        node.log.durable = node.log.records.size();
        node.high_watermark = std::clamp(node.checkpoint, node.log.start, node.log.end());
        node.asked.reset();
        ++node.life;
        options_.self = node.id;
        node.replica = std::make_unique<PartitionReplica>(options_, node.high_watermark);
        node.news = truth_->history().size() - 1;
        tell(node);
    }

    void crash(Node& node) {
        node.replica.reset();
        node.waiting.clear();
        const std::size_t kept =
            node.log.durable + random_.below(node.log.records.size() - node.log.durable + 1);
        node.log.records.resize(kept);
        if (random_.chance(0.5)) node.checkpoint = std::min(node.high_watermark, node.log.end());
    }

    // It has heard of its own registration, or it would not be let in.
    void unfence(Node& node) {
        const Standing& known = truth_->history()[node.news].brokers.at(node.id);
        const Standing& now = *truth_->now().standing(node.id);
        if (!now.active && known.epoch == now.epoch) truth_->unfenced(node.id);
    }

    void hear(Node& node) {
        if (!node.replica || node.news + 1 == truth_->history().size()) return;
        node.news = calm_ ? truth_->history().size() - 1 : node.news + 1;
        tell(node);
    }
    void tell(Node& node) {
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
        ProposalReply reply = truth_->proposed(message.from, proposal);
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
    std::int64_t step_max_ = 0;
    int values_ = 0;
    int numbers_ = 0;
};

RC_GTEST_PROP(Replication, LosesNothingCommittedAndGoesOn, (std::uint64_t seed)) {
    Random seeds(seed);
    for (int worlds = 0; worlds < 10; ++worlds) {
        World world(seeds.next());
        for (int i = 0; i < 20'000; ++i) world.act();
        world.settle();
    }
}

}  // namespace
}  // namespace sluice::replication
