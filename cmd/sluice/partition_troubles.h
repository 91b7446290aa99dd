#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/client/topic_partition.h"
#include "core/protocol/error_code.h"

namespace sluice::cmd {

// Partitions that cannot be read, while others can: what is said of them, and when one no longer
// waits for them.
class PartitionTroubles {
public:
    // What a partition answered just now: nothing when it was served. A sentence for whoever reads,
    // once and whenever the reason changes, when it has been so for longer than a change of the
    // leader takes.
    std::optional<std::string> note(const client::TopicPartition& partition,
                                    std::optional<protocol::ErrorCode> why, Time now);
    // It was said of the partition, and is still so.
    bool lasts(const client::TopicPartition& partition) const;
    // Of any.
    bool any_lasts() const;
    // Topics that were said to be gone.
    std::set<std::string> deleted_topics() const;
    // Others are somebody else's now, or read to where they were to be.
    void keep_only(const std::vector<client::TopicPartition>& partitions);

    static std::string sentence(const client::TopicPartition& partition, protocol::ErrorCode why);

    static constexpr Duration patience = std::chrono::seconds(2);

private:
    struct Trouble {
        protocol::ErrorCode why;
        Time since;
        bool said = false;
    };
    std::map<client::TopicPartition, Trouble> troubles_;
};

}  // namespace sluice::cmd
