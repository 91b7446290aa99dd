#include "core/metadata/broker_sessions.h"

#include <algorithm>

#include "core/base/probe.h"

namespace sluice::metadata {

using protocol::BrokerEpoch;

BrokerSessions::BrokerSessions(const Options& options, const MetadataImage& image, Time now)
    : options_(options) {
    if (PLANT("controller.forgets_known_brokers")) return;
    for (const auto& [id, broker] : image.brokers)
        if (!broker.fenced) sessions_[id] = {.epoch = broker.epoch, .heard_at = now};
}

BrokerSessions::Session* BrokerSessions::session(BrokerId broker, BrokerEpoch epoch) {
    const auto found = sessions_.find(broker);
    return found != sessions_.end() && found->second.epoch == epoch ? &found->second : nullptr;
}

void BrokerSessions::heard(BrokerId broker, BrokerEpoch epoch, std::optional<Offset> has_read,
                           Time now) {
    Session& session = sessions_[broker];
    if (session.epoch != epoch) session = {.epoch = epoch, .heard_at = now};
    session.heard_at = now;
    if (has_read) session.has_read = *has_read;
    session.heard_here = true;
    session.closed = false;
    session.refused = false;
    session.missed = true;
}

void BrokerSessions::connection_closed(BrokerId broker, BrokerEpoch epoch) {
    if (Session* known = session(broker, epoch)) known->closed = true;
}

void BrokerSessions::connection_refused(BrokerId broker, BrokerEpoch epoch) {
    Session* known = session(broker, epoch);
    if (known == nullptr) return;
    // Before the connection closed it says nothing: the broker may not have listened yet.
    known->refused = known->closed || PLANT("controller.refusal_is_enough");
    if (PLANT("controller.refusal_is_enough")) known->closed = known->heard_here = true;
}

void BrokerSessions::process_gone(BrokerId broker, BrokerEpoch epoch, Time at) {
    Session* known = session(broker, epoch);
    if (known == nullptr || (known->heard_here && known->heard_at >= at)) return;
    // It is looked at again and again: a refusal since the close stays one.
    if (known->heard_here && known->closed) return;
    known->heard_here = true;
    known->closed = true;
    known->refused = false;  // A refusal counts after the close.
}

void BrokerSessions::gone(BrokerId broker) {
    const auto found = sessions_.find(broker);
    if (found == sessions_.end()) return;
    found->second.missed = false;
    found->second.leaves_at.reset();
}

void BrokerSessions::leaves_at(BrokerId broker, Offset offset) {
    const auto found = sessions_.find(broker);
    if (found != sessions_.end() && !found->second.leaves_at) found->second.leaves_at = offset;
}

std::vector<BrokerId> BrokerSessions::suspects() const {
    std::vector<BrokerId> suspects;
    for (const auto& [id, each] : sessions_)
        if (each.missed && each.heard_here && each.closed && !each.refused) suspects.push_back(id);
    return suspects;
}

std::vector<BrokerId> BrokerSessions::lost(Time now) const {
    std::vector<BrokerId> lost;
    for (const auto& [id, each] : sessions_)
        if (each.missed && (each.is_evident() || now - each.heard_at >= options_.timeout))
            lost.push_back(id);
    return lost;
}

Time BrokerSessions::wake_at() const {
    Time at = never;
    for (const auto& [id, each] : sessions_)
        if (each.missed)
            at = std::min(at, each.is_evident() ? Time{} : each.heard_at + options_.timeout);
    return at;
}

bool BrokerSessions::is_alive(BrokerId broker, BrokerEpoch epoch, Time now) const {
    const auto found = sessions_.find(broker);
    return found != sessions_.end() && found->second.epoch == epoch && found->second.missed &&
           !found->second.is_evident() && now - found->second.heard_at < options_.timeout;
}

std::optional<Offset> BrokerSessions::leaves_at(BrokerId broker) const {
    const auto found = sessions_.find(broker);
    return found == sessions_.end() ? std::nullopt : found->second.leaves_at;
}

Offset BrokerSessions::read_by_all(const MetadataImage& image) const {
    Offset least = image.next_offset;
    for (const auto& [id, broker] : image.brokers) {
        if (!broker.is_active()) continue;
        const auto found = sessions_.find(id);
        const bool has_said = found != sessions_.end() && found->second.epoch == broker.epoch;
        least = std::min(least, has_said ? found->second.has_read : Offset(0));
    }
    return least;
}

}  // namespace sluice::metadata
