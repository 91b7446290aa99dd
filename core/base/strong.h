#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

// An integer that means one thing. It compares and prints like its value, but never converts to
// or from another meaning by accident: an Offset cannot be passed where a LeaderEpoch is wanted.
template <class Tag, class Int>
struct Strong {
    using Integer = Int;
    Int value{};

    constexpr Strong() = default;
    constexpr explicit Strong(Int v) : value(v) {}

    friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

    // The one after this one, and distances: what ids, offsets and epochs have in common.
    constexpr Strong next() const { return Strong(static_cast<Int>(value + 1)); }
    constexpr Strong plus(Int distance) const { return Strong(static_cast<Int>(value + distance)); }
    constexpr Int minus(Strong other) const { return static_cast<Int>(value - other.value); }
};

using Offset = Strong<struct OffsetTag, std::int64_t>;
using LeaderEpoch = Strong<struct LeaderEpochTag, std::int32_t>;
using PartitionIndex = Strong<struct PartitionIndexTag, std::int32_t>;
using BrokerId = Strong<struct BrokerIdTag, std::int32_t>;
using ProducerId = Strong<struct ProducerIdTag, std::int64_t>;
using ProducerEpoch = Strong<struct ProducerEpochTag, std::int16_t>;
using Sequence = Strong<struct SequenceTag, std::int32_t>;
using GenerationId = Strong<struct GenerationIdTag, std::int32_t>;
using ShardId = Strong<struct ShardIdTag, std::uint32_t>;
using CorrelationId = Strong<struct CorrelationIdTag, std::int32_t>;
// A version of one API's messages.
using Version = Strong<struct VersionTag, std::int16_t>;
// Wall-clock milliseconds since 1970, as Kafka writes them; -1 means none.
using Timestamp = Strong<struct TimestampTag, std::int64_t>;

inline constexpr ProducerId no_producer_id{-1};
inline constexpr ProducerEpoch no_producer_epoch{-1};
inline constexpr Sequence no_sequence{-1};
inline constexpr LeaderEpoch no_leader_epoch{-1};
inline constexpr Timestamp no_timestamp{-1};

}  // namespace sluice
