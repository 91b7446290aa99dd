#include "core/broker/cluster/features.h"

namespace sluice::broker {

const std::map<std::string, metadata::FeatureRange>& supported_features() {
    static const std::map<std::string, metadata::FeatureRange> features{
        {std::string(metadata::metadata_version_feature), {metadata_version, metadata_version}},
        {std::string(metadata::eligible_replicas_feature), {0, 1}},
    };
    return features;
}

std::vector<protocol::MetadataRecord> first_features(bool of_cluster) {
    std::vector<protocol::MetadataRecord> records;
    records.emplace_back(protocol::FeatureLevelRecord{
        std::string(metadata::metadata_version_feature), metadata_version});
    // One replica has nobody to be eligible beside it.
    if (of_cluster)
        records.emplace_back(
            protocol::FeatureLevelRecord{std::string(metadata::eligible_replicas_feature), 1});
    return records;
}

}  // namespace sluice::broker
