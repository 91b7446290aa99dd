#pragma once

#include <memory>
#include <vector>

#include "core/broker/frontend.h"
#include "net/kafka/server.h"

namespace sluice::net {

// Kafka's protocol on TCP: a listener on the first shard, a server of connections on each.
class KafkaFrontend final : public broker::Frontend {
public:
    KafkaFrontend(std::vector<env::Env*> shards, std::vector<broker::Service*> services,
                  const ServerLimits& limits);
    ~KafkaFrontend() override;

    Result<env::Address> listen(const env::Address& address, broker::ListenerKind kind) override;
    Result<void> serve() override;
    void close(Time deadline) override;
    void count(broker::Holdings& holdings) override;

private:
    void on_each_shard(const std::function<void(std::uint32_t shard)>& body);

    std::vector<env::Env*> envs_;
    env::Env& env_;  // The first shard's.
    std::vector<broker::Service*> services_;
    const ServerLimits limits_;
    Admission admission_;
    std::vector<std::unique_ptr<Server>> servers_;  // Each made and destroyed on its shard.
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    env::FiberGroup fibers_;
};

}  // namespace sluice::net
