#pragma once

#include "core/broker/log.h"
#include "storage/log/segment.h"

namespace sluice::storage {

// Which segments of a log retention lets go. Pure; a segment whose latest timestamp is not known
// counts as young.

// What it is decided from: the log's offsets, how far consumers read, and the time of day.
struct RetentionFacts {
    Offset start;
    Offset end;
    Offset high_watermark;
    Timestamp wall;
};

// What is to go.
struct Expired {
    std::size_t segments = 0;  // From the oldest on.
    bool roll = false;         // The active one is among them and needs a successor first.
};

Expired choose_expired(const Segments& segments, const broker::LogConfig& config,
                       const RetentionFacts& facts);

// Is a segment with that latest timestamp older than its topic keeps?
bool is_expired(const TimeEntry& latest, const broker::LogConfig& config, Timestamp wall);

}  // namespace sluice::storage
