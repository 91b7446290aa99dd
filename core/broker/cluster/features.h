#pragma once

#include <map>
#include <string>

#include "core/metadata/feature_controller.h"

namespace sluice::broker {

// The level of metadata.version that is written and read: 4.3-IV0.
inline constexpr std::int16_t metadata_version = 30;

// What this version works with, by feature.
const std::map<std::string, metadata::FeatureRange>& supported_features();
// What the first controller of a cluster makes final.
std::vector<protocol::MetadataRecord> first_features(bool of_cluster);
// The same as a node says it when it registers.
template <class Feature>
std::vector<Feature> features_to_register() {
    std::vector<Feature> all;
    for (const auto& [name, range] : supported_features())
        all.push_back({name, range.least, range.most});
    return all;
}

}  // namespace sluice::broker
