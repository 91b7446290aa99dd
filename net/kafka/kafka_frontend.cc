#include "net/kafka/kafka_frontend.h"

namespace sluice::net {

KafkaFrontend::KafkaFrontend(std::vector<env::Env*> shards, std::vector<broker::Service*> services,
                             const ServerLimits& limits)
    : envs_(std::move(shards)),
      env_(*envs_.front()),
      services_(std::move(services)),
      limits_(limits),
      admission_(limits_),
      servers_(envs_.size()),
      fibers_(env_.scheduler) {}

KafkaFrontend::~KafkaFrontend() = default;

void KafkaFrontend::on_each_shard(const std::function<void(std::uint32_t)>& body) {
    for (std::uint32_t shard = 0; shard < envs_.size(); ++shard)
        static_cast<void>(env::call_at_last(env_.scheduler, env_.shards, ShardId(shard), [&] {
                              body(shard);
                          }).failed());
}

Result<env::Address> KafkaFrontend::listen(const env::Address& address, broker::ListenerKind kind) {
    if (acceptors_.empty())
        on_each_shard([this](std::uint32_t shard) {
            servers_[shard] =
                std::make_unique<Server>(*envs_[shard], *services_[shard], limits_, admission_);
        });
    std::vector<Server*> servers;
    for (const auto& server : servers_) {
        if (!server) return Error::stopped;
        servers.push_back(server.get());
    }
    auto acceptor = std::make_unique<Acceptor>(env_, admission_, std::move(servers), kind);
    CHECK_OK(acceptor->listen(address));
    acceptors_.push_back(std::move(acceptor));
    return acceptors_.back()->address();
}

Result<void> KafkaFrontend::serve() {
    ASSERT(!acceptors_.empty());
    for (const auto& acceptor : acceptors_)
        CHECK_OK(fibers_.spawn("acceptor", [each = acceptor.get()] { each->run(); }));
    return {};
}

void KafkaFrontend::count(broker::Holdings& holdings) {
    holdings.admitted += admission_.count();
    on_each_shard([&](std::uint32_t shard) {
        holdings.connections += servers_[shard]->connection_count();
        holdings.request_bytes += servers_[shard]->request_bytes();
    });
}

void KafkaFrontend::close(Time deadline) {
    for (const auto& acceptor : acceptors_) acceptor->stop();
    fibers_.join();
    acceptors_.clear();
    on_each_shard([this, deadline](std::uint32_t shard) {
        if (servers_[shard]) servers_[shard]->stop(deadline);
        servers_[shard].reset();
    });
}

}  // namespace sluice::net
