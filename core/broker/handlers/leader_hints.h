#pragma once

#include <optional>
#include <set>

#include "core/broker/partition.h"
#include "core/metadata/image.h"

namespace sluice::broker {

// Whom a client should ask instead (KIP-951): told with the errors that say it asked the wrong
// broker, so that it need not ask for the metadata. Collects over the partitions of one answer.
class LeaderHints {
public:
    // `image` outlives it.
    explicit LeaderHints(const metadata::MetadataImage& image) : image_(image) {}

    // What the image says of a partition whose answer has this error; nothing for other errors.
    const metadata::PartitionState* hint(const PartitionId& id, protocol::ErrorCode error);

    // Where the leaders that were hinted at are.
    template <class Endpoint>
    std::vector<Endpoint> endpoints() const {
        std::vector<Endpoint> list;
        for (const auto& [id, broker] : image_.brokers)
            if (leaders_.contains(id) && !broker.end_points.empty())
                list.push_back({id, broker.end_points.front().host, broker.end_points.front().port,
                                broker.rack});
        return list;
    }

private:
    const metadata::MetadataImage& image_;
    std::set<BrokerId> leaders_;
};

}  // namespace sluice::broker
