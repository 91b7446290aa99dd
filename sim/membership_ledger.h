#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/metadata/image.h"
#include "sim/world.h"

namespace sluice::sim {

// What all nodes come to know of brokers and topics, in the newest image that any of them has:
// who is in service, and that what somebody was told is there is there.
class MembershipLedger {
public:
    explicit MembershipLedger(World& world) : world_(world) {}

    // A node's shards get this image.
    void published(const metadata::MetadataImage& image);
    // Somebody was told that the topic exists, with so many replicas.
    void created(const std::string& topic, std::size_t replicas);
    // From now on nothing is hurt, and these live: none of them may be fenced once it is in
    // service.
    void nothing_is_hurt(std::set<BrokerId> living) { living_ = std::move(living); }

    bool in_service(BrokerId broker) const { return newest_ && newest_->is_active(broker); }
    // How often brokers were fenced.
    std::uint64_t fenced() const { return fenced_; }
    std::string text() const;

private:
    World& world_;
    std::optional<metadata::MetadataImage> newest_;
    std::map<std::string, std::size_t> created_;
    std::optional<std::set<BrokerId>> living_;
    std::uint64_t fenced_ = 0;
};

}  // namespace sluice::sim
