#include "core/metadata/config_view.h"

namespace sluice::metadata {
namespace {

void add(ConfigInForce& config, std::string_view name, const ConfigValues& values,
         ConfigSource source) {
    if (const auto found = values.find(name); found != values.end())
        config.synonyms.push_back({std::string(name), found->second, source});
}

void add_broker_values(ConfigInForce& config, const MetadataImage& image,
                       const BrokerValues& broker) {
    const std::string_view name = config.definition->synonym;
    if (!name.empty()) {
        add(config, name, image.config({ResourceType::broker, std::to_string(broker.id.value)}),
            ConfigSource::broker);
        add(config, name, image.config({ResourceType::broker, ""}), ConfigSource::brokers);
        add(config, name, broker.given, ConfigSource::server_file);
    }
    const std::string fallback(config.definition->fallback);
    if (!name.empty() && !config.definition->unset_at_brokers)
        config.synonyms.push_back({std::string(name), fallback, ConfigSource::fallback});
    config.value = config.synonyms.empty() ? fallback : config.synonyms.front().value;
    if (!config.synonyms.empty()) config.source = config.synonyms.front().source;
}

}  // namespace

ConfigInForce config_in_force(const MetadataImage& image, const BrokerValues& broker,
                              std::string_view topic, const ConfigDefinition& definition) {
    ConfigInForce config{.definition = &definition, .value = {}, .synonyms = {}};
    add(config, definition.name, image.config({ResourceType::topic, std::string(topic)}),
        ConfigSource::topic);
    add_broker_values(config, image, broker);
    return config;
}

ConfigInForce broker_config_in_force(const MetadataImage& image, const BrokerValues& broker,
                                     const ConfigDefinition& definition) {
    ConfigInForce config{.definition = &definition, .value = {}, .synonyms = {}};
    add_broker_values(config, image, broker);
    return config;
}

}  // namespace sluice::metadata
