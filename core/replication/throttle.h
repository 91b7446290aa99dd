#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/strong.h"
#include "core/base/time.h"

namespace sluice::replication {

// Which replicas of a topic are throttled: leader.replication.throttled.replicas and its
// counterpart for followers, `partition:broker` pairs with commas between them, or `*`.
class ThrottledReplicas {
public:
    // Nothing for text that says neither.
    static std::optional<ThrottledReplicas> parse(std::string_view text);
    bool holds(PartitionIndex partition, BrokerId broker) const {
        return all_ || replicas_.contains({partition, broker});
    }

private:
    bool all_ = false;
    std::set<std::pair<PartitionIndex, BrokerId>> replicas_;
};

// How much a broker moves for replicas that catch up, in one direction
// (leader.replication.throttled.rate, or the followers'). Bytes are counted when they have moved,
// so that a large batch is let through and paid for afterwards. One for each direction.
class ReplicationThrottle {
public:
    static constexpr std::int64_t unlimited = INT64_MAX;

    explicit ReplicationThrottle(std::int64_t bytes_per_second = unlimited)
        : bytes_per_second_(bytes_per_second) {}

    void set_rate(std::int64_t bytes_per_second, Time now);
    // Of throttled replicas alone.
    void moved(std::int64_t bytes, Time now);
    // A replica that is in sync is never held up, or the throttle would take it out of sync.
    bool allows(bool is_throttled, bool is_in_sync, Time now) const;
    // When a throttled replica may go on.
    Time allowed_at() const { return paid_until_; }

private:
    std::int64_t bytes_per_second_;
    Time paid_until_ = {};
};

}  // namespace sluice::replication
