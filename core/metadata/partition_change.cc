#include "core/metadata/partition_change.h"

#include <algorithm>

#include "core/base/probe.h"

namespace sluice::metadata {

using protocol::PartitionChangeRecord;

bool holds(const std::vector<BrokerId>& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

std::vector<BrokerId> without(const std::vector<BrokerId>& brokers,
                              const std::vector<BrokerId>& others) {
    std::vector<BrokerId> left;
    for (const BrokerId broker : brokers)
        if (!holds(others, broker)) left.push_back(broker);
    return left;
}

Uuid directory_for_new(const MetadataImage& image, BrokerId broker) {
    const BrokerState* known = image.broker(broker);
    return known != nullptr && known->directories.size() == 1 ? known->directories.front() : Uuid{};
}

namespace {

constexpr BrokerId unchanged_leader{-2};

bool holds_all(const std::vector<BrokerId>& brokers, const std::vector<BrokerId>& others) {
    return std::ranges::all_of(others, [&](BrokerId other) { return holds(brokers, other); });
}

class Change {
public:
    Change(const PartitionState& now, const PartitionWish& wish, const Electorate& electorate)
        : now_(now),
          wish_(wish),
          electorate_(electorate),
          elr_(now.eligible_leader_replicas),
          last_known_(without(now.last_known_elr, wish.lost)),
          leader_(now.leader) {}

    std::optional<PartitionChangeRecord> make(const TopicId& topic, PartitionIndex index) {
        complete_reassignment();
        update_eligible();
        elect();
        PartitionChangeRecord record;
        record.topic_id = topic;
        record.partition_id = index;
        const PartitionChangeRecord nothing = record;
        // A replica that is taken away must not act under the epoch it knows.
        if (leader_ != now_.leader || !holds_all(wish_.replicas, now_.replicas))
            record.leader = leader_;
        if (may_write_isr() && wish_.isr != now_.isr) record.isr = wish_.isr;
        update_last_leader(record);
        if (elr_ != now_.eligible_leader_replicas) record.eligible_leader_replicas = elr_;
        if (last_known_ != now_.last_known_elr) record.last_known_elr = last_known_;
        assign(record);
        if (wish_.leader_recovery_state != now_.leader_recovery_state)
            record.leader_recovery_state = wish_.leader_recovery_state;
        if (record == nothing) return std::nullopt;
        return record;
    }

private:
    // All that are added are in sync; and where there are fewer replicas afterwards, all that stay
    // are, or there would be fewer in sync (KAFKA-15665). A sick one that stays does not matter
    // otherwise (KAFKA-19975).
    void complete_reassignment() {
        if (wish_.adding.empty() && wish_.removing.empty()) return;
        const auto replicas = without(wish_.replicas, wish_.removing);
        const auto isr = without(wish_.isr, wish_.removing);
        if (isr.empty() || !holds_all(isr, wish_.adding)) return;
        const auto before = without(wish_.replicas, wish_.adding);
        if (replicas.size() < before.size() && !holds_all(isr, replicas)) return;
        wish_.replicas = replicas;
        wish_.isr = isr;
        wish_.adding.clear();
        wish_.removing.clear();
    }

    // KIP-966: from where there are too few in sync to commit anything, whoever leaves still has
    // everything that was committed, unless it lost it.
    void update_eligible() {
        std::erase_if(last_known_, [this](BrokerId each) { return !holds(wish_.replicas, each); });
        if (!electorate_.eligible_replicas) {
            elr_.clear();
            return;
        }
        if (has_enough()) {
            elr_.clear();
            return;
        }
        for (const BrokerId member : now_.isr)
            if (!holds(elr_, member)) elr_.push_back(member);
        elr_ = without(elr_, wish_.isr);
        if (!PLANT("controller.unclean_stays_eligible")) elr_ = without(elr_, wish_.unclean);
        std::erase_if(elr_, [this](BrokerId each) { return !holds(wish_.replicas, each); });
    }

    bool has_enough() const {
        return wish_.isr.size() >= std::min(electorate_.min_isr, wish_.replicas.size());
    }
    bool is_active(BrokerId broker) const { return electorate_.active.contains(broker); }
    bool may_lead(BrokerId broker) const {
        const bool has_all = holds(wish_.isr, broker) || (wish_.isr.empty() && holds(elr_, broker));
        return has_all && is_active(broker);
    }

    void elect() {
        if (wish_.election == Election::preferred && may_lead(wish_.replicas.front()))
            return lead(wish_.replicas.front());
        if (may_lead(now_.leader)) return lead(now_.leader);
        for (const BrokerId replica : wish_.replicas)
            if (may_lead(replica)) return lead(replica);
        // It was alone when it went, so nobody has more (KAFKA-19522: it must be there).
        const bool nobody = wish_.isr.empty() && elr_.empty();
        if (electorate_.eligible_replicas && nobody && last_known_.size() == 1 &&
            is_active(last_known_.front()))
            return lead_alone(last_known_.front());
        if (wish_.election == Election::unclean)
            for (const BrokerId replica : wish_.replicas)
                if (is_active(replica)) return lead_alone(replica);
        leader_ = no_leader;
    }
    void lead(BrokerId broker) {
        leader_ = broker;
        if (!wish_.isr.empty()) return;
        wish_.isr = {broker};
        std::erase(elr_, broker);
        // When fewer are enough than there were: it commits alone from now on.
        if (has_enough()) elr_.clear();
    }
    // What it lacks is lost (KIP-704).
    void lead_alone(BrokerId broker) {
        leader_ = broker;
        wish_.isr = {broker};
        elr_.clear();
        wish_.leader_recovery_state = recovering;
    }

    // Without eligible replicas the last in-sync ones are remembered by staying so.
    bool may_write_isr() const { return !wish_.isr.empty() || electorate_.eligible_replicas; }

    void update_last_leader(const PartitionChangeRecord& record) {
        if (!electorate_.eligible_replicas) {
            last_known_.clear();
            return;
        }
        if (leader_ != no_leader)
            last_known_.clear();
        else if (record.isr && record.isr->empty() && now_.leader != no_leader)
            last_known_ = without({now_.leader}, wish_.lost);
    }

    void assign(PartitionChangeRecord& record) const {
        if (wish_.replicas != now_.replicas) record.replicas = wish_.replicas;
        if (wish_.adding != now_.adding_replicas) record.adding_replicas = wish_.adding;
        if (wish_.removing != now_.removing_replicas) record.removing_replicas = wish_.removing;
        std::vector<Uuid> directories;
        for (const BrokerId replica : wish_.replicas) directories.push_back(directory_of(replica));
        const bool is_given = !wish_.directories.empty() || record.replicas.has_value();
        if (is_given && directories != now_.directories) record.directories = directories;
    }
    Uuid directory_of(BrokerId replica) const {
        if (const auto found = wish_.directories.find(replica); found != wish_.directories.end())
            return found->second;
        const auto place = std::ranges::find(now_.replicas, replica) - now_.replicas.begin();
        const auto at = static_cast<std::size_t>(place);
        return at < now_.directories.size() && at < now_.replicas.size() ? now_.directories[at]
                                                                         : Uuid{};
    }

    const PartitionState& now_;
    PartitionWish wish_;
    const Electorate& electorate_;
    std::vector<BrokerId> elr_;
    std::vector<BrokerId> last_known_;
    BrokerId leader_;
};

}  // namespace

std::optional<PartitionChangeRecord> change_of(const TopicId& topic, PartitionIndex index,
                                               const PartitionState& now, const PartitionWish& wish,
                                               const Electorate& electorate) {
    return Change(now, wish, electorate).make(topic, index);
}

PartitionState changed(const PartitionState& now, const PartitionChangeRecord& change) {
    PartitionState state = now;
    const auto take = [](auto& member, const auto& to) {
        if (to) member = *to;
    };
    take(state.isr, change.isr);
    take(state.replicas, change.replicas);
    take(state.removing_replicas, change.removing_replicas);
    take(state.adding_replicas, change.adding_replicas);
    take(state.directories, change.directories);
    take(state.eligible_leader_replicas, change.eligible_leader_replicas);
    take(state.last_known_elr, change.last_known_elr);
    if (change.leader_recovery_state >= 0)
        state.leader_recovery_state = change.leader_recovery_state;
    if (change.leader != unchanged_leader) {
        state.leader = change.leader;
        state.leader_epoch = state.leader_epoch.next();
    }
    state.partition_epoch = state.partition_epoch.next();
    return state;
}

}  // namespace sluice::metadata
