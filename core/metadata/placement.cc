#include "core/metadata/placement.h"

#include <algorithm>
#include <compare>
#include <map>

#include "core/base/assert.h"

namespace sluice::metadata {
namespace {

// All alike: one behind the other.
std::vector<std::vector<BrokerId>> place_in_turn(const std::vector<Candidate>& brokers,
                                                 std::size_t first, std::size_t count,
                                                 std::size_t replication) {
    std::vector<std::vector<BrokerId>> placed(count);
    for (std::size_t partition = 0; partition < count; ++partition) {
        const std::size_t leader = first + partition;
        // After each round over the brokers the followers shift by one more, so that the load of a
        // lost broker does not fall on the same neighbour for every partition it led.
        const std::size_t round =
            brokers.size() > 1 ? partition / brokers.size() % (brokers.size() - 1) : 0;
        placed[partition].push_back(brokers[leader % brokers.size()].id);
        for (std::size_t i = 0; i + 1 < replication; ++i) {
            const std::size_t distance = 1 + (round + i) % (brokers.size() - 1);
            placed[partition].push_back(brokers[(leader + distance) % brokers.size()].id);
        }
    }
    return placed;
}

// Chooses one replica after the other: where the partition's rack has been used least, then whoever
// has got least so far, then whoever comes next in turn.
class RackPlacer {
public:
    RackPlacer(const std::vector<Candidate>& brokers, std::size_t first) : next_(first) {
        std::map<std::optional<std::string>, std::vector<Candidate>> racks;
        for (const Candidate& broker : brokers) racks[broker.rack].push_back(broker);
        for (std::size_t row = 0; order_.size() < brokers.size(); ++row)
            for (const auto& [rack, members] : racks)
                if (row < members.size()) order_.push_back({members[row]});
    }

    std::vector<BrokerId> place(std::size_t replication) {
        std::vector<BrokerId> replicas;
        std::map<std::optional<std::string>, std::size_t> used;
        for (Place& each : order_) each.taken = false;
        while (replicas.size() < replication) {
            const bool is_leader = replicas.empty();
            Place& best = *std::ranges::min_element(order_, {}, [&](const Place& place) {
                return rank(place, is_leader, used[place.broker.rack]);
            });
            best.taken = true;
            best.held += 1;
            if (is_leader) best.led += 1;
            used[best.broker.rack] += 1;
            replicas.push_back(best.broker.id);
        }
        ++next_;
        return replicas;
    }

private:
    struct Place {
        Candidate broker;
        std::size_t held = 0;
        std::size_t led = 0;
        bool taken = false;
    };
    struct Rank {
        bool unusable;
        std::size_t rack_used;
        bool inactive;
        std::size_t load;
        std::size_t distance;

        friend auto operator<=>(const Rank&, const Rank&) = default;
    };
    Rank rank(const Place& place, bool is_leader, std::size_t rack_used) const {
        const auto at = static_cast<std::size_t>(&place - order_.data());
        const std::size_t turn = next_ % order_.size();
        return {place.taken || (is_leader && !place.broker.active), rack_used, !place.broker.active,
                is_leader ? place.led : place.held, (at + order_.size() - turn) % order_.size()};
    }

    std::vector<Place> order_;  // Racks in turn.
    std::size_t next_;
};

}  // namespace

std::vector<std::vector<BrokerId>> place_replicas(const std::vector<Candidate>& brokers,
                                                  std::size_t first, std::size_t count,
                                                  std::size_t replication) {
    ASSERT(replication >= 1);
    ASSERT(replication <= brokers.size());
    ASSERT(std::ranges::any_of(brokers, &Candidate::active));
    const bool all_alike = std::ranges::all_of(brokers, [&](const Candidate& each) {
        return each.active && each.rack == brokers.front().rack;
    });
    if (all_alike) return place_in_turn(brokers, first, count, replication);
    RackPlacer placer(brokers, first);
    std::vector<std::vector<BrokerId>> placed;
    while (placed.size() < count) placed.push_back(placer.place(replication));
    return placed;
}

}  // namespace sluice::metadata
