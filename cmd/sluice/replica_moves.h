#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/strong.h"

namespace sluice::cmd {

// Where the replicas of a partition are to be; nothing: that it moves is to end.
struct ReplicaMove {
    std::string topic;
    PartitionIndex partition;
    std::optional<std::vector<BrokerId>> replicas = {};

    friend bool operator==(const ReplicaMove&, const ReplicaMove&) = default;
};

// `1,2,3`, the preferred leader first. The message says what is wrong with it.
Result<std::vector<BrokerId>, std::string> replicas_in(std::string_view text);

// The file that kafka-reassign-partitions.sh takes: {"version": 1, "partitions": [{"topic": "a",
// "partition": 0, "replicas": [1, 2, 3]}, ...]}. Directories of logs in it must be "any".
Result<std::vector<ReplicaMove>, std::string> moves_in(std::string_view file);

}  // namespace sluice::cmd
