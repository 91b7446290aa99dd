// Laws of the controller: whatever is decided and in whatever order, a partition that somebody
// could lead is led by somebody who is there, epochs only grow, and the image is what its log
// says. And of placement: replicas are distinct, spread over racks, and evenly.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/random.h"
#include "core/metadata/broker_controller.h"
#include "core/metadata/replica_controller.h"

namespace sluice::metadata {
namespace {

using namespace protocol;

class World {
public:
    explicit World(std::uint64_t seed) : random_(seed) {
        eligible_ = random_.chance(0.8);
        if (eligible_) apply({FeatureLevelRecord{std::string(eligible_replicas_feature), 1}});
        brokers_ = static_cast<std::int32_t>(random_.between(1, 6));
        sessions_.emplace(BrokerSessions::Options{}, image(), now_);
        for (std::int32_t id = 1; id <= brokers_; ++id) enrol(BrokerId(id));
        for (std::int32_t id = 1; id <= brokers_; ++id) beat(BrokerId(id), false, false);
        for (int i = 0; i < 3; ++i) create();
    }

    void act() {
        const BrokerId broker(static_cast<std::int32_t>(random_.between(1, brokers_)));
        now_ = now_ + milliseconds(random_.between(0, 500));
        switch (random_.below(14)) {
            case 0:
                enrol(broker);
                break;
            case 1:
                fence_lost();
                break;
            case 2:
                beat(broker, true, false);
                break;
            case 3:
                beat(broker, random_.chance(0.1), true);
                break;
            case 4:
                apply(replicas().balance_leaders(random_.below(3)));
                break;
            case 5:
                elect();
                break;
            case 6:
                reassign();
                break;
            case 7:
                if (random_.chance(0.1)) unregister(broker);
                break;
            case 8:
                if (random_.chance(0.1))
                    sessions_.emplace(BrokerSessions::Options{}, image(), now_);
                break;
            case 9:
                crash(broker);
                break;
            case 10:
                configure();
                break;
            default:
                random_.chance(0.5) ? alter() : beat(broker, false, false);
        }
        check();
    }

    // Everybody is there: then everything is led, by somebody who is active.
    void settle() {
        for (int round = 0; round < 2; ++round)
            for (std::int32_t id = 1; id <= brokers_; ++id) {
                if (image().broker(BrokerId(id)) == nullptr) enrol(BrokerId(id));
                beat(BrokerId(id), false, false);
                check();
            }
        for (const auto& [id, topic] : image().topics_by_id)
            for (const auto& [index, partition] : topic->partitions)
                if (may_be_led(partition)) RC_ASSERT(image().is_active(partition.leader));
    }

private:
    const MetadataImage& image() { return builder_.image(); }
    BrokerController controller() { return BrokerController(image(), *sessions_, settings_); }
    ReplicaController replicas() { return ReplicaController(image()); }

    void apply(const std::vector<MetadataRecord>& records) {
        for (const MetadataRecord& record : records) {
            builder_.apply(record);
            log_.push_back(record);
        }
        builder_.advance(Offset(static_cast<std::int64_t>(log_.size())), LeaderEpoch(1));
    }

    void enrol(BrokerId id) {
        BrokerRegistrationRequest request;
        request.broker_id = id;
        request.cluster_id = settings_.cluster_id;
        request.incarnation_id = Uuid::random(random_);
        if (random_.chance(0.9)) lives_[id] = Uuid{{9, static_cast<std::uint8_t>(id.value)}};
        request.log_dirs = {random_.chance(0.1) ? Uuid::random(random_) : lives_[id]};
        if (request.log_dirs.front().is_zero()) request.log_dirs = {Uuid::random(random_)};
        request.features = {{std::string(eligible_replicas_feature), 0, 1}};
        request.previous_broker_epoch = random_.chance(0.5) && image().broker(id) != nullptr
                                            ? image().broker(id)->epoch
                                            : BrokerEpoch(-1);
        const auto decision = controller().registered(request, Version(4), now_);
        apply(decision.records);
        if (decision.reply.error == ErrorCode::none)
            sessions_->heard(id, decision.reply.epoch, std::nullopt, now_);
    }

    void beat(BrokerId id, bool fence, bool stop) {
        const BrokerState* broker = image().broker(id);
        if (broker == nullptr) return;
        BrokerHeartbeatRequest request;
        request.broker_id = id;
        request.broker_epoch = broker->epoch;
        request.current_metadata_offset = image().next_offset;
        request.want_fence = fence;
        request.want_shut_down = stop;
        sessions_->heard(id, broker->epoch, request.current_metadata_offset, now_);
        const auto decision = controller().heartbeat(request);
        apply(decision.records);
        if (decision.reply.leaves_at) sessions_->leaves_at(id, *decision.reply.leaves_at);
        if (decision.reply.should_shut_down) {
            RC_ASSERT(!image().is_active(id));
            sessions_->gone(id);
        }
        // Serving, once it is allowed to, is what it says.
        RC_ASSERT(decision.reply.is_fenced == image().broker(id)->fenced);
    }

    void crash(BrokerId id) {
        const BrokerState* broker = image().broker(id);
        if (broker == nullptr) return;
        if (random_.chance(0.5)) sessions_->connection_closed(id, broker->epoch);
        if (random_.chance(0.5)) sessions_->connection_refused(id, broker->epoch);
    }
    void fence_lost() {
        for (const BrokerId lost : sessions_->lost(now_)) {
            apply(controller().fence(lost));
            sessions_->gone(lost);
            check();
        }
        RC_ASSERT(sessions_->wake_at() > now_);
    }
    void unregister(BrokerId id) {
        apply(controller().unregister(id).records);
        sessions_->gone(id);
    }

    void create() {
        CreateTopicsRequest request;
        CreateTopicsRequest::Topic topic;
        topic.name = "t" + std::to_string(++topics_);
        topic.num_partitions = static_cast<std::int32_t>(random_.between(1, 3));
        topic.replication_factor =
            static_cast<std::int16_t>(random_.between(1, std::min(brokers_, 4)));
        request.topics = {topic};
        const ControllerSettings settings;
        apply(
            Controller(image(), settings).create_topics(request, {Uuid::random(random_)}).records);
    }
    void configure() {
        IncrementalAlterConfigsRequest request;
        request.resources.push_back({2, "t" + std::to_string(random_.between(1, topics_)), {}});
        auto& configs = request.resources.back().configs;
        if (random_.chance(0.5))
            configs.push_back({"min.insync.replicas", 0, std::to_string(random_.between(1, 3))});
        else
            configs.push_back(
                {"unclean.leader.election.enable", 0, random_.chance(0.2) ? "true" : "false"});
        const ControllerSettings settings;
        apply(Controller(image(), settings).alter_configs(request).records);
        apply(replicas().elect_unclean());
    }

    struct Picked {
        const TopicState* topic = nullptr;
        PartitionIndex index;
        const PartitionState& state() const { return *topic->partition(index); }
    };
    Picked any_partition() {
        const auto topic =
            std::next(image().topics_by_id.begin(),
                      static_cast<std::ptrdiff_t>(random_.below(image().topics_by_id.size())));
        return {&*topic->second, PartitionIndex(static_cast<std::int32_t>(
                                     random_.below(topic->second->partitions.size())))};
    }

    // A leader proposes whom it likes; sometimes by what it knew before.
    void alter() {
        const Picked picked = any_partition();
        const PartitionState& now = picked.state();
        if (image().broker(now.leader) == nullptr) return;
        AlterPartitionRequest request;
        request.broker_id = now.leader;
        request.broker_epoch = image().broker(now.leader)->epoch;
        AlterPartitionRequest::Topic::Partition partition;
        partition.partition_index = picked.index;
        partition.leader_epoch = now.leader_epoch;
        partition.partition_epoch = now.partition_epoch.plus(
            static_cast<std::int32_t>(random_.between(-1, 1)) * (random_.chance(0.2) ? 1 : 0));
        for (const BrokerId replica : now.replicas)
            if (replica == now.leader || random_.chance(0.6))
                partition.new_isr_with_epochs.push_back(
                    {replica, image().broker(replica) != nullptr ? image().broker(replica)->epoch
                                                                 : BrokerEpoch(-1)});
        const PartitionEpoch asked = partition.partition_epoch;
        const PartitionEpoch before = now.partition_epoch;
        request.topics.push_back({picked.topic->id, {partition}});
        const auto decision = replicas().alter_partitions(request, Version(3));
        if (asked != before) RC_ASSERT(decision.records.empty());
        apply(decision.records);
    }

    void elect() {
        ElectLeadersRequest request;
        request.election_type = random_.chance(0.1) ? 1 : 0;
        request.topic_partitions.reset();
        apply(replicas().elect_leaders(request).records);
    }

    void reassign() {
        const Picked picked = any_partition();
        AlterPartitionReassignmentsRequest request;
        AlterPartitionReassignmentsRequest::Topic::Partition target;
        target.partition_index = picked.index;
        if (random_.chance(0.7)) {
            target.replicas.emplace();
            for (std::int32_t id = 1; id <= brokers_; ++id)
                if (random_.chance(0.5)) target.replicas->emplace_back(id);
        }
        request.topics.push_back({picked.topic->name, {target}});
        apply(replicas().reassign(request).records);
    }

    // Somebody has everything that was committed, and is there.
    bool may_be_led(const PartitionState& partition) {
        const auto active = [this](BrokerId each) { return image().is_active(each); };
        if (std::ranges::any_of(partition.isr, active)) return true;
        return partition.isr.empty() &&
               std::ranges::any_of(partition.eligible_leader_replicas, active);
    }

    void check() {
        for (const auto& [id, topic] : image().topics_by_id)
            for (const auto& [index, partition] : topic->partitions) {
                check(partition);
                check_epochs(id, index, partition);
            }
        ImageBuilder again;
        for (const MetadataRecord& record : log_) again.apply(record);
        again.advance(image().next_offset, LeaderEpoch(1));
        RC_ASSERT(equal(again.image(), image()));
    }
    void check(const PartitionState& partition) {
        const BrokerId none(-1);
        if (partition.leader != none) {
            RC_ASSERT(image().is_active(partition.leader));
            RC_ASSERT(holds(partition.isr, partition.leader));
            RC_ASSERT(partition.last_known_elr.empty());
        } else {
            RC_ASSERT(!may_be_led(partition));
            if (eligible_) RC_ASSERT(partition.isr.empty());
        }
        RC_ASSERT(eligible_ || !partition.isr.empty());
        RC_ASSERT(!partition.replicas.empty());
        RC_ASSERT(partition.directories.size() == partition.replicas.size());
        for (const BrokerId member : partition.isr) {
            RC_ASSERT(holds(partition.replicas, member));
            RC_ASSERT(!holds(partition.eligible_leader_replicas, member));
            if (partition.leader != none) RC_ASSERT(image().is_active(member));
        }
        for (const BrokerId member : partition.eligible_leader_replicas)
            RC_ASSERT(holds(partition.replicas, member));
        for (const BrokerId added : partition.adding_replicas)
            RC_ASSERT(holds(partition.replicas, added));
    }
    void check_epochs(const TopicId& id, PartitionIndex index, const PartitionState& now) {
        const auto before = seen_.find({id, index});
        if (before != seen_.end()) {
            const PartitionState& then = before->second;
            RC_ASSERT(now.partition_epoch >= then.partition_epoch);
            RC_ASSERT(now.leader_epoch >= then.leader_epoch);
            if (now.leader != then.leader) RC_ASSERT(now.leader_epoch > then.leader_epoch);
            // Whoever is taken away knows of no epoch that is still good.
            if (!without(then.replicas, now.replicas).empty())
                RC_ASSERT(now.leader_epoch > then.leader_epoch);
        }
        seen_.insert_or_assign({id, index}, now);
    }

    Random random_;
    bool eligible_ = true;
    BrokerController::Settings settings_{"c"};
    ImageBuilder builder_;
    std::vector<MetadataRecord> log_;
    std::optional<BrokerSessions> sessions_;
    std::map<BrokerId, Uuid> lives_;
    std::map<std::pair<TopicId, PartitionIndex>, PartitionState> seen_;
    Time now_;
    std::int32_t brokers_ = 0;
    int topics_ = 0;
};

RC_GTEST_PROP(Controller, LeavesNothingLeaderlessThatSomebodyCouldLead, (std::uint64_t seed)) {
    World world(seed);
    for (int i = 0; i < 150; ++i) world.act();
    world.settle();
}

std::vector<Candidate> candidates(Random& random, std::size_t racks, std::size_t in_each) {
    std::vector<Candidate> brokers;
    for (std::size_t rack = 0; rack < racks; ++rack)
        for (std::size_t i = 0; i < in_each; ++i)
            brokers.push_back({BrokerId(static_cast<std::int32_t>(brokers.size()) + 1),
                               "rack" + std::to_string(rack), true});
    for (std::size_t i = brokers.size(); i > 1; --i)
        std::swap(brokers[i - 1].id, brokers[random.below(i)].id);
    return brokers;
}

RC_GTEST_PROP(Placement, SpreadsReplicasOverRacks, (std::uint64_t seed)) {
    Random random(seed);
    const std::size_t racks = 1 + random.below(5);
    std::vector<Candidate> brokers = candidates(random, racks, 1 + random.below(4));
    // Unequal racks, and brokers that are not there.
    for (std::size_t i = random.below(brokers.size()); i > 0; --i)
        random.chance(0.5) ? brokers.pop_back()
                           : void(brokers[random.below(brokers.size())].active = false);
    brokers.front().active = true;
    std::set<std::string> all_racks;
    std::map<BrokerId, Candidate> known;
    for (const Candidate& each : brokers) {
        all_racks.insert(*each.rack);
        known.emplace(each.id, each);
    }
    const std::size_t replication = 1 + random.below(brokers.size());
    const auto placed =
        place_replicas(brokers, random.below(100), 1 + random.below(40), replication);
    for (const auto& replicas : placed) {
        RC_ASSERT(replicas.size() == replication);
        RC_ASSERT(known.at(replicas.front()).active);
        std::set<BrokerId> distinct(replicas.begin(), replicas.end());
        RC_ASSERT(distinct.size() == replication);
        std::set<std::string> used;
        for (const BrokerId id : replicas) used.insert(*known.at(id).rack);
        RC_ASSERT(used.size() == std::min(replication, all_racks.size()));
    }
}

RC_GTEST_PROP(Placement, IsEvenWhereRacksAre, (std::uint64_t seed)) {
    Random random(seed);
    const std::size_t racks = 2 + random.below(4);
    const auto brokers = candidates(random, racks, 1 + random.below(4));
    const std::size_t replication = 1 + random.below(racks);
    const std::size_t count = brokers.size() * (1 + random.below(5));
    std::map<BrokerId, std::size_t> led;
    std::map<BrokerId, std::size_t> held;
    for (const auto& replicas : place_replicas(brokers, random.below(100), count, replication)) {
        ++led[replicas.front()];
        for (const BrokerId id : replicas) ++held[id];
    }
    for (const Candidate& each : brokers) {
        RC_ASSERT(led[each.id] == count / brokers.size());
        const std::size_t even = count * replication / brokers.size();
        RC_ASSERT(held[each.id] + 1 >= even);
        RC_ASSERT(held[each.id] <= even + 1);
    }
}

}  // namespace
}  // namespace sluice::metadata
