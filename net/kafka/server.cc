#include "net/kafka/server.h"

#include "core/base/probe.h"

namespace sluice::net {

const char* Admission::enter(const env::Address& peer) {
    if (count_ >= limits_.connections_max) return "max.connections";
    std::size_t& from_there = per_address_[peer.host];
    if (from_there >= limits_.connections_per_address_max) return "max.connections.per.ip";
    ++from_there;
    ++count_;
    return nullptr;
}

void Admission::leave(const env::Address& peer) {
    if (!PLANT("connection.end_not_counted")) --count_;
    const auto found = per_address_.find(peer.host);
    if (--found->second == 0) per_address_.erase(found);
}

// Clients that hold connections must not keep the broker from its own work, nor from stopping.
constexpr std::size_t fibers_left_to_the_broker = 16;

Server::Server(env::Env& env, broker::Service& service, const ServerLimits& limits,
               Admission& admission)
    : env_(env),
      service_(service),
      limits_(limits),
      admission_(admission),
      budget_(env.scheduler, limits.request_memory_bytes),
      ended_(env.scheduler),
      fibers_(env.scheduler) {}

bool Server::add(std::unique_ptr<env::Accepted> accepted, broker::ListenerKind listener) {
    if (env_.scheduler.room() < fibers_left_to_the_broker) return false;
    const env::Address peer = accepted->peer();
    const std::uint64_t id = next_id_++;
    const auto spawned = fibers_.spawn(
        "connection", [this, id, peer, listener, accepted = std::move(accepted)]() mutable {
            if (!stopping_)
                serve(id, std::make_unique<ServerConnection>(
                              env_, service_, budget_, limits_.connection,
                              env_.network.adopt(std::move(accepted)), listener));
            leave(peer);
        });
    return !spawned.failed();
}

void Server::serve(std::uint64_t id, std::unique_ptr<ServerConnection> connection) {
    connections_[id] = connection.get();
    connection->serve();
    connection.reset();
    connections_.erase(id);
    ended_.notify_all();
}

void Server::leave(const env::Address& peer) {
    env::RemoteCall call(env_.shards);
    call.start(
        ShardId(0), [this, &peer] { admission_.leave(peer); }, Task());
    // Fails only when the process ends, and with it the count.
    static_cast<void>(call.wait().failed());
}

void Server::stop(Time deadline) {
    stopping_ = true;
    for (auto& [id, connection] : connections_) connection->drain();
    while (!connections_.empty() && ended_.wait_until(deadline)) {
    }
    for (auto& [id, connection] : connections_) connection->close();
    fibers_.join();
}

Result<void> Acceptor::listen(const env::Address& address) {
    TRY(listener_, env_.network.listen(address));
    return {};
}

void Acceptor::run() {
    std::uint32_t turn = 0;
    for (;;) {
        auto accepted = listener_->accept();
        if (accepted) {
            if (!admit((*accepted)->peer())) continue;
            hand_over(std::move(*accepted), ShardId(turn));
            turn = (turn + 1) % env_.shards.count();
            continue;
        }
        if (accepted.error() == Error::closed || accepted.error() == Error::stopped) return;
        env_.logger.warn("accept.failed", {{"why", std::string(name_of(accepted.error()))},
                                           {"remedy", "raise the limit of open files"}});
        if (env::sleep_for(env_.scheduler, milliseconds(100)).failed()) return;
    }
}

bool Acceptor::admit(const env::Address& peer) {
    const char* const limit = admission_.enter(peer);
    if (limit != nullptr) refused(peer, limit);
    return limit == nullptr;
}

void Acceptor::refused(const env::Address& peer, std::string_view limit) {
    env_.logger.warn("connection.refused",
                     {{"client", peer.text()},
                      {"limit", std::string(limit)},
                      {"remedy", "close connections that are not needed, or raise the limit"}});
}

void Acceptor::hand_over(std::unique_ptr<env::Accepted> accepted, ShardId home) {
    const env::Address peer = accepted->peer();
    bool added = false;
    env::RemoteCall call(env_.shards);
    call.start(
        home, [&] { added = servers_[home.value]->add(std::move(accepted), kind_); }, Task());
    if (call.wait().failed() || added) return;
    refused(peer, "fibers.max");
    admission_.leave(peer);
}

}  // namespace sluice::net
