#pragma once

#include <optional>
#include <string>
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

// Why Kafka would not take this value for a name without effect; nothing when it would.
std::optional<std::string> complaint_about_unused(std::string_view name, std::string_view value);

}  // namespace sluice::cmd
