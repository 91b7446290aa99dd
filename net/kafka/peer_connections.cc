#include "net/kafka/peer_connections.h"

#include <algorithm>

namespace sluice::net {

PeerConnections::PeerConnections(env::Env& env, const Options& options)
    : env_{env.scheduler, env.clock, env.network, env.random} {
    options_.client_id = options.client_id;
    options_.connect_time_max = options.connect_time_max;
    options_.request_time_max = options.request_time_max;
}

Result<protocol::Answer> PeerConnections::ask(const env::Address& to,
                                              const protocol::Question& question, const How& how) {
    TRY(client::BrokerConnection* const there, connection(how.line, to));
    return there->ask(question, how.extra_time);
}

Result<client::BrokerConnection*> PeerConnections::connection(Line line, const env::Address& to) {
    auto& found = places_[{to, line}];
    if (!found) found = std::make_unique<Place>(env_.scheduler);
    Place& place = *found;
    TRY(const env::Mutex::Guard guard, place.opening.lock());
    if (ended_) return Error::closed;
    if (place.connection && !place.connection->broken()) return place.connection.get();
    if (place.connection) broken_.push_back(std::move(place.connection));
    bury_broken();
    TRY(auto opened, client::BrokerConnection::open(env_, options_, to));
    place.connection = std::move(opened);
    if (ended_) {
        place.connection->close();
        return Error::closed;
    }
    return place.connection.get();
}

void PeerConnections::bury_broken() {
    std::vector<std::unique_ptr<client::BrokerConnection>> quiet;
    for (auto& each : broken_)
        if (!each->in_use()) quiet.push_back(std::move(each));
    std::erase(broken_, nullptr);
    for (const auto& each : quiet) each->end();
}

void PeerConnections::break_off() {
    ended_ = true;
    for (const auto& [key, place] : places_)
        if (place->connection) place->connection->close();
}

void PeerConnections::close() {
    break_off();
    for (const auto& [key, place] : places_)
        if (place->connection) broken_.push_back(std::move(place->connection));
    places_.clear();
    for (const auto& each : broken_) each->end();
    broken_.clear();
}

}  // namespace sluice::net
