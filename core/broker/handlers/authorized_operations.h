#pragma once

// What a client may do, for those that ask to be told: as nobody is kept from anything, everything
// that Kafka knows for that kind of resource, as a set of its numbers of operations.

#include <cstdint>

namespace sluice::broker {

constexpr std::int32_t operations(auto... codes) { return ((std::int32_t{1} << codes) | ...); }

// Read 3, write 4, create 5, delete 6, alter 7, describe 8, cluster action 9, describe
// configurations 10, alter configurations 11, idempotent write 12.
inline constexpr std::int32_t topic_operations = operations(3, 4, 5, 6, 7, 8, 10, 11);
inline constexpr std::int32_t group_operations = operations(3, 6, 8, 10, 11);
inline constexpr std::int32_t cluster_operations = operations(5, 7, 8, 9, 10, 11, 12);

}  // namespace sluice::broker
