#pragma once

#include <optional>
#include <string_view>

namespace sluice::cmd {

// What becomes of a broker configuration of Apache Kafka 4.3 that is not one of ours. Pure.
enum class KafkaName {
    // What it tunes does not exist here, and nobody misses it: taken, and said.
    without_effect,
    // It promises something that is not kept: security, quotas, another place for the data.
    not_served,
};

// Nothing when the name is none of Kafka's.
std::optional<KafkaName> kafka_name(std::string_view name);

}  // namespace sluice::cmd
