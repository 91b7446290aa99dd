#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/base/time.h"

namespace sluice::group {

// What groups and their coordinators are limited to, with Kafka's names beside and its defaults.
// Those without a name of Kafka's bound what strangers can make a coordinator remember.
struct GroupSettings {
    Duration session_timeout_min = seconds(6);        // group.min.session.timeout.ms
    Duration session_timeout_max = seconds(30 * 60);  // group.max.session.timeout.ms
    Duration initial_rebalance_delay = seconds(3);    // group.initial.rebalance.delay.ms
    std::size_t group_size_max = std::numeric_limits<std::int32_t>::max();  // group.max.size
    Duration new_member_join_timeout = seconds(5 * 60);  // How long a first JoinGroup may wait.

    std::size_t offset_metadata_bytes_max = 4096;         // offset.metadata.max.bytes
    Duration offsets_retention = seconds(7 * 24 * 3600);  // offsets.retention.minutes
    Duration offsets_retention_check_interval =
        seconds(600);                                // offsets.retention.check.interval.ms
    std::int32_t offsets_partitions = 50;            // offsets.topic.num.partitions
    std::int64_t offsets_segment_bytes = 100 << 20;  // offsets.topic.segment.bytes
    std::uint64_t offsets_rewrite_bytes = 32
                                          << 20;  // offsets.topic.rewrite.bytes: see decision 10.

    // Of each coordinator, that is each partition of __consumer_offsets.
    std::size_t groups_max = 100'000;               // groups.max
    std::size_t committed_offsets_max = 1'000'000;  // committed.offsets.max
    std::size_t members_bytes_max = 64 << 20;       // group.members.max.bytes
    // Of one group.
    std::size_t pending_members_max = 10'000;  // group.pending.members.max
    std::size_t record_bytes_max = 1'000'000;  // Its record must fit into one batch.
};

// Longer names would not fit their fields in the log.
inline constexpr std::size_t name_bytes_max = 32'000;
inline constexpr std::size_t instance_id_bytes_max = 249;

}  // namespace sluice::group
