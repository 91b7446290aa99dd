#include "net/kafka/peer_connections.h"

#include <algorithm>

namespace sluice::net {

PeerConnections::PeerConnections(env::Env& env, const Options& options)
    : env_{env.scheduler, env.clock, env.network, env.random} {
    options_.client_id = options.client_id;
    options_.connect_time_max = options.connect_time_max;
    options_.request_time_max = options.request_time_max;
}

Result<protocol::VoteResponse> PeerConnections::ask(const env::Address& to,
                                                    const protocol::VoteRequest& request) {
    return ask_on(Use::quick, to, request, Duration::zero());
}

Result<protocol::BeginQuorumEpochResponse> PeerConnections::ask(
    const env::Address& to, const protocol::BeginQuorumEpochRequest& request) {
    return ask_on(Use::quick, to, request, Duration::zero());
}

Result<protocol::EndQuorumEpochResponse> PeerConnections::ask(
    const env::Address& to, const protocol::EndQuorumEpochRequest& request) {
    return ask_on(Use::quick, to, request, Duration::zero());
}

Result<protocol::FetchResponse> PeerConnections::ask(const env::Address& to,
                                                     const protocol::FetchRequest& request) {
    return ask_on(Use::waiting, to, request, milliseconds(request.max_wait_ms));
}

Result<protocol::FetchSnapshotResponse> PeerConnections::ask(
    const env::Address& to, const protocol::FetchSnapshotRequest& request) {
    return ask_on(Use::waiting, to, request, Duration::zero());
}

template <class Request>
auto PeerConnections::ask_on(Use use, const env::Address& to, const Request& request,
                             Duration extra_time)
    -> Result<typename client::ApiOf<Request>::type::Response> {
    TRY(client::BrokerConnection* const there, connection(use, to));
    return there->ask(request, extra_time);
}

Result<client::BrokerConnection*> PeerConnections::connection(Use use, const env::Address& to) {
    auto& place = lines_[{to, use}];
    if (!place) place = std::make_unique<Line>(env_.scheduler);
    Line& line = *place;
    TRY(const env::Mutex::Guard guard, line.opening.lock());
    if (ended_) return Error::closed;
    if (line.connection && !line.connection->broken()) return line.connection.get();
    if (line.connection) broken_.push_back(std::move(line.connection));
    bury_broken();
    TRY(auto opened, client::BrokerConnection::open(env_, options_, to));
    line.connection = std::move(opened);
    if (ended_) {
        line.connection->close();
        return Error::closed;
    }
    return line.connection.get();
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
    for (const auto& [key, line] : lines_)
        if (line->connection) line->connection->close();
}

void PeerConnections::close() {
    break_off();
    for (const auto& [key, line] : lines_)
        if (line->connection) broken_.push_back(std::move(line->connection));
    lines_.clear();
    for (const auto& each : broken_) each->end();
    broken_.clear();
}

}  // namespace sluice::net
