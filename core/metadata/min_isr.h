#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/metadata/config_schema.h"
#include "core/metadata/image.h"

namespace sluice::metadata {

// The value of a topic, or of all brokers: its own, that of all brokers, or the fallback. What one
// broker has or was started with the controller does not know.
std::string value_in_force(const MetadataImage& image, const ConfigResource& resource,
                           const ConfigDefinition& definition);

// min.insync.replicas as it was written; it was checked when it was set.
std::int64_t min_isr_from(std::string_view text);
// The same that is in force.
std::int64_t min_isr_of(const MetadataImage& image, const ConfigResource& resource);

}  // namespace sluice::metadata
