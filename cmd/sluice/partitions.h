#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/sluice/client_session.h"
#include "core/client/consumer.h"

namespace sluice::cmd {

// What --partition says; nothing when it is not given.
Result<std::optional<PartitionIndex>, std::string> partition_option(const Arguments& arguments);

// The partitions of a topic, or the one that is asked for. When there is none such, that is said on
// standard error, with what there is; the error is an exit code.
Result<std::vector<client::TopicPartition>, int> partitions_of(ClientSession& session,
                                                               std::string_view what,
                                                               const std::string& topic,
                                                               std::optional<PartitionIndex> only,
                                                               bool create = false);

// What can be read of a partition, and the offset that the next record gets.
struct OffsetRange {
    Offset first;
    Offset end;
};
Result<OffsetRange, client::Refusal> offset_range(client::Consumer& reader,
                                                  const client::TopicPartition& partition);

}  // namespace sluice::cmd
