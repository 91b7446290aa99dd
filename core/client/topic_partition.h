#pragma once

#include <string>

#include "core/base/strong.h"

namespace sluice::client {

// A partition as clients name it.
struct TopicPartition {
    std::string topic;
    PartitionIndex partition;

    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

}  // namespace sluice::client
