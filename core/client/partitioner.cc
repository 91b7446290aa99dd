#include "core/client/partitioner.h"

#include <cstring>

namespace sluice::client {

std::uint32_t murmur2(Slice bytes) {
    constexpr std::uint32_t seed = 0x9747B28C;
    constexpr std::uint32_t m = 0x5BD1E995;
    constexpr int r = 24;
    std::uint32_t hash = seed ^ static_cast<std::uint32_t>(bytes.size());
    std::size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) {
        std::uint32_t k = static_cast<std::uint32_t>(bytes[at]) |
                          static_cast<std::uint32_t>(bytes[at + 1]) << 8 |
                          static_cast<std::uint32_t>(bytes[at + 2]) << 16 |
                          static_cast<std::uint32_t>(bytes[at + 3]) << 24;
        k *= m;
        k ^= k >> r;
        k *= m;
        hash *= m;
        hash ^= k;
    }
    const std::size_t left = bytes.size() - at;
    if (left == 3) hash ^= static_cast<std::uint32_t>(bytes[at + 2]) << 16;
    if (left >= 2) hash ^= static_cast<std::uint32_t>(bytes[at + 1]) << 8;
    if (left >= 1) {
        hash ^= bytes[at];
        hash *= m;
    }
    hash ^= hash >> 13;
    hash *= m;
    hash ^= hash >> 15;
    return hash;
}

PartitionIndex partition_of_key(Slice key, std::int32_t partitions) {
    const auto positive = static_cast<std::int32_t>(murmur2(key) & 0x7FFFFFFFu);
    return PartitionIndex(positive % partitions);
}

PartitionIndex StickyPartitioner::choose(const std::string& topic, std::int32_t partitions) {
    const auto found = current_.find(topic);
    if (found != current_.end() && found->second.value < partitions) return found->second;
    const auto drawn =
        static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(partitions)));
    current_[topic] = PartitionIndex(drawn);
    return PartitionIndex(drawn);
}

}  // namespace sluice::client
