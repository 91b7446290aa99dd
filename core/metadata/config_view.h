#pragma once

#include <string>
#include <vector>

#include "core/metadata/config_schema.h"
#include "core/metadata/image.h"

namespace sluice::metadata {

// Kafka's numbers for where a value comes from.
enum class ConfigSource : std::int8_t {
    topic = 1,
    broker = 2,       // Set at run time for one broker,
    brokers = 3,      // or for all of them.
    server_file = 4,  // Given when the broker was started.
    fallback = 5,     // Nobody said anything.
};

// A configuration as it is in force, and everything it would fall back to, the nearest first.
struct ConfigInForce {
    struct Synonym {
        std::string name;
        std::string value;
        ConfigSource source;
    };
    const ConfigDefinition* definition;
    std::string value;
    ConfigSource source = ConfigSource::fallback;
    std::vector<Synonym> synonyms;  // As Kafka, without defaults that no broker's name has.
};

// Where values are looked up besides a topic's own: what this broker was started with, under the
// brokers' names, and what was set for it or all brokers since.
struct BrokerValues {
    const ConfigValues& given;
    BrokerId id;
};

// What holds for `topic`, which need not exist: its own value, this broker's, that of all brokers,
// what the broker was started with, or the fallback.
ConfigInForce config_in_force(const MetadataImage& image, const BrokerValues& broker,
                              std::string_view topic, const ConfigDefinition& definition);
// The same of one of the brokers' own configurations that topics fall back to.
ConfigInForce broker_config_in_force(const MetadataImage& image, const BrokerValues& broker,
                                     const ConfigDefinition& definition);

}  // namespace sluice::metadata
