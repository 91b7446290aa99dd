#include "core/metadata/controller.h"

namespace sluice::metadata {

std::vector<std::vector<BrokerId>> place_replicas(const std::vector<BrokerId>& brokers,
                                                  std::size_t first, std::size_t count,
                                                  std::size_t replication) {
    ASSERT(replication >= 1);
    ASSERT(replication <= brokers.size());
    std::vector<std::vector<BrokerId>> placed(count);
    for (std::size_t partition = 0; partition < count; ++partition) {
        const std::size_t leader = first + partition;
        // After each round over the brokers the followers shift by one more, so that the load of a
        // lost broker does not fall on the same neighbour for every partition it led.
        const std::size_t round =
            brokers.size() > 1 ? partition / brokers.size() % (brokers.size() - 1) : 0;
        placed[partition].push_back(brokers[leader % brokers.size()]);
        for (std::size_t i = 0; i + 1 < replication; ++i) {
            const std::size_t distance = 1 + (round + i) % (brokers.size() - 1);
            placed[partition].push_back(brokers[(leader + distance) % brokers.size()]);
        }
    }
    return placed;
}

}  // namespace sluice::metadata
