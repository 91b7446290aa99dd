#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/bytes.h"
#include "core/base/random.h"
#include "core/base/strong.h"

namespace sluice::client {

// Murmur2 as Kafka's Java client computes it over keys (32 bits, its fixed seed).
std::uint32_t murmur2(Slice bytes);

// Where Kafka's clients put a record with this key: the same partition for the same key, whatever
// client.
PartitionIndex partition_of_key(Slice key, std::int32_t partitions);

// Chooses for records without a key: stays with one partition for a while, so that batches fill,
// and then takes another (KIP-480).
class StickyPartitioner {
public:
    explicit StickyPartitioner(Random& random) : random_(random) {}

    PartitionIndex choose(const std::string& topic, std::int32_t partitions);
    // A batch of the topic was closed: the next record begins elsewhere.
    void batch_closed(const std::string& topic) { current_.erase(topic); }

private:
    Random& random_;
    std::map<std::string, PartitionIndex> current_;
};

}  // namespace sluice::client
