#include "core/broker/cluster/broker_lives.h"

#include <algorithm>

#include "core/broker/topic_settings.h"

namespace sluice::broker {

using protocol::BrokerEpoch;

namespace {

constexpr BrokerEpoch untrusted_life{-1};

}  // namespace

BrokerLives::BrokerLives(env::Env& env, DataDirectory& directory)
    : directory_(directory), keeping_(env.scheduler) {}

// What cannot be read says nothing, and is written anew.
void BrokerLives::open() {
    if (const auto left = directory_.last_life()) last_ = *left;
}

BrokerEpoch BrokerLives::to_be_named() const {
    if (opted_out_) return untrusted_life;
    if (epoch_) return *epoch_;
    return last_ && !last_->opted_out ? last_->epoch : untrusted_life;
}

Result<void> BrokerLives::began(BrokerEpoch epoch) {
    epoch_ = epoch;
    return keep();
}

Result<void> BrokerLives::opt_out() {
    opted_out_ = true;
    CHECK_OK(keep());
    mark_is_kept_ = true;
    return {};
}

Result<void> BrokerLives::keep() {
    TRY(const env::Mutex::Guard guard, keeping_.lock());
    const BrokerEpoch before = last_ ? last_->epoch : untrusted_life;
    return directory_.keep_life({.epoch = epoch_.value_or(before), .opted_out = opted_out_});
}

bool acknowledges_early(const metadata::MetadataImage& image, const BrokerConfig& config) {
    const metadata::BrokerValues values{config.given, config.node_id};
    return std::ranges::any_of(image.topics_by_id, [&](const auto& each) {
        const metadata::TopicState& topic = *each.second;
        const bool held = std::ranges::any_of(topic.partitions, [&config](const auto& partition) {
            const auto& replicas = partition.second.replicas;
            return std::ranges::find(replicas, config.node_id) != replicas.end();
        });
        return held && topic_settings(image, values, topic.name).log.flush_messages != 1;
    });
}

}  // namespace sluice::broker
