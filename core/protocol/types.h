#pragma once

#include "core/base/strong.h"

namespace sluice::protocol {

// The times that ask ListOffsets for the ends of a log.
inline constexpr Timestamp latest_offset{-1};
inline constexpr Timestamp earliest_offset{-2};

// Ids and epochs that only the protocol speaks of.

// Grows with every registration of a broker; an older one is fenced.
using BrokerEpoch = Strong<struct BrokerEpochTag, std::int64_t>;
// Grows with every change of a partition's record in the metadata log.
using PartitionEpoch = Strong<struct PartitionEpochTag, std::int32_t>;
// 0 outside of an incremental fetch session.
using FetchSessionId = Strong<struct FetchSessionIdTag, std::int32_t>;

}  // namespace sluice::protocol
