#include "sim/membership_ledger.h"

#include <fmt/format.h>

namespace sluice::sim {

void MembershipLedger::published(const metadata::MetadataImage& image) {
    if (newest_ && image.next_offset <= newest_->next_offset) return;
    if (newest_)
        for (const auto& [id, before] : newest_->brokers) {
            const metadata::BrokerState* now = image.broker(id);
            const bool lost = before.is_active() && (now == nullptr || !now->is_active());
            if (!lost) continue;
            ++fenced_;
            if (living_ && living_->contains(id))
                world_.fail(
                    {FailureKind::safety, "membership: a living broker is fenced",
                     fmt::format("broker {} at offset {}", id.value, image.next_offset.value)});
        }
    newest_ = image;
    for (const auto& [name, replicas] : created_)
        if (image.topic(name) == nullptr)
            world_.fail({FailureKind::safety, "membership: a topic that was made is gone",
                         fmt::format("{} at offset {}", name, image.next_offset.value)});
}

void MembershipLedger::created(const std::string& topic, std::size_t replicas) {
    created_[topic] = replicas;
    const metadata::TopicState* known = newest_ ? newest_->topic(topic) : nullptr;
    const bool right = known != nullptr && !known->partitions.empty() &&
                       known->partitions.begin()->second.replicas.size() == replicas;
    if (right) return;
    world_.fail({FailureKind::safety, "membership: acknowledged and not committed",
                 fmt::format("the topic {} with {} replicas", topic, replicas)});
}

std::string MembershipLedger::text() const {
    if (!newest_) return "no image yet";
    std::string text = "in service:";
    for (const auto& [id, broker] : newest_->brokers)
        if (broker.is_active()) text += fmt::format(" {}", id.value);
    return text;
}

}  // namespace sluice::sim
