#include "net/kafka/server.h"

namespace sluice::net {

Server::Server(env::Env& env, broker::Service& service, const ServerLimits& limits)
    : env_(env),
      service_(service),
      limits_(limits),
      budget_(env.scheduler, limits.request_memory_bytes),
      ended_(env.scheduler),
      fibers_(env.scheduler) {}

bool Server::admit(const env::Address& peer) {
    const char* limit = nullptr;
    if (connections_.size() >= limits_.connections_max) limit = "max.connections";
    if (per_address_[peer.host] >= limits_.connections_per_address_max)
        limit = "max.connections.per.ip";
    if (limit == nullptr) return !stopping_;
    env_.logger.warn("connection.refused", {{"client", peer.text()}, {"limit", limit}});
    return false;
}

void Server::add(std::unique_ptr<env::Accepted> accepted) {
    auto connection = env_.network.adopt(std::move(accepted));
    const env::Address peer = connection->peer();
    if (!admit(peer)) return;
    const std::uint64_t id = next_id_++;
    auto served = std::make_unique<ServerConnection>(env_, service_, budget_, limits_.connection,
                                                     std::move(connection));
    connections_[id] = served.get();
    ++per_address_[peer.host];
    auto forget = [this, id, peer] {
        connections_.erase(id);
        if (--per_address_[peer.host] == 0) per_address_.erase(peer.host);
        ended_.notify_all();
    };
    const auto spawned =
        fibers_.spawn("connection", [served = std::move(served), forget]() mutable {
            served->serve();
            served.reset();
            forget();
        });
    if (spawned.failed()) {
        env_.logger.warn("connection.refused", {{"client", peer.text()}, {"limit", "fibers"}});
        forget();
    }
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

void Acceptor::hand_over(std::unique_ptr<env::Accepted> accepted, ShardId home) {
    env::RemoteCall call(env_.shards);
    call.start(
        home, [&] { servers_[home.value]->add(std::move(accepted)); }, Task());
    static_cast<void>(call.wait().failed());
}

}  // namespace sluice::net
