#include "core/metadata/min_isr.h"

#include <charconv>

namespace sluice::metadata {

std::string value_in_force(const MetadataImage& image, const ConfigResource& resource,
                           const ConfigDefinition& definition) {
    const bool of_topic = resource.type == ResourceType::topic;
    const std::string_view name = of_topic ? definition.name : definition.synonym;
    const ConfigValues& own = image.config(resource);
    if (const auto found = own.find(name); found != own.end()) return found->second;
    const ConfigValues& brokers = image.config({ResourceType::broker, ""});
    if (const auto found = brokers.find(definition.synonym); found != brokers.end())
        return found->second;
    return std::string(definition.fallback);
}

std::int64_t min_isr_from(std::string_view text) {
    std::int64_t value = 1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::int64_t min_isr_of(const MetadataImage& image, const ConfigResource& resource) {
    return min_isr_from(value_in_force(image, resource, *find_topic_config("min.insync.replicas")));
}

}  // namespace sluice::metadata
