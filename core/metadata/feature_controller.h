#pragma once

#include <map>
#include <string>

#include "core/metadata/controller.h"
#include "core/protocol/messages/update_features.h"

namespace sluice::metadata {

// The levels of a feature that a controller knows how to work with.
struct FeatureRange {
    std::int16_t least = 0;
    std::int16_t most = 0;
};

// Decides about finalised levels of features (KIP-584, KIP-1022): all updates of a request or none.
// A level is taken when this controller and every broker and controller that is registered support
// it; a lower one only where a downgrade is asked for, and for metadata.version never, since no
// version that is supported here writes other records.
// Error: INVALID_UPDATE_VERSION, with the sentence of the first update that cannot be.
class FeatureController {
public:
    FeatureController(const MetadataImage& image,
                      const std::map<std::string, FeatureRange>& supported)
        : image_(image), supported_(supported) {}

    Decision<protocol::UpdateFeaturesResponse> update(
        const protocol::UpdateFeaturesRequest& request, Version version) const;

private:
    using Update = protocol::UpdateFeaturesRequest::FeatureUpdate;
    std::optional<std::string> complaint_about(const Update& update, bool may_lower) const;
    std::optional<std::string> complaint_of_nodes(const Update& update) const;

    const MetadataImage& image_;
    const std::map<std::string, FeatureRange>& supported_;
};

}  // namespace sluice::metadata
