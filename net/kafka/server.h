#pragma once

#include <map>
#include <memory>

#include "core/broker/service.h"
#include "core/env/env.h"
#include "net/kafka/server_connection.h"

namespace sluice::net {

struct ServerLimits {
    ConnectionLimits connection;
    std::size_t request_memory_bytes = 128 << 20;  // queued.max.request.bytes, over all shards.
    std::size_t connections_max = 4'000;           // max.connections, over all shards.
    std::size_t connections_per_address_max = 4'000;
};

// One shard's connections. Owned by the node; the acceptor on the first shard hands connections
// out.
class Server {
public:
    Server(env::Env& env, broker::Service& service, const ServerLimits& limits);
    ~Server() { ASSERT(connections_.empty()); }

    // Serves an accepted connection in fibers of its own. Must not wait.
    void add(std::unique_ptr<env::Accepted> accepted);
    // Lets every connection finish what it has begun, then returns; after `deadline` closes them.
    void stop(Time deadline);
    std::size_t connection_count() const { return connections_.size(); }

private:
    bool admit(const env::Address& peer);

    env::Env& env_;
    broker::Service& service_;
    const ServerLimits& limits_;
    MemoryBudget budget_;
    std::map<std::uint64_t, ServerConnection*> connections_;
    std::map<std::string, std::size_t> per_address_;
    std::uint64_t next_id_ = 0;
    env::Signal ended_;
    env::FiberGroup fibers_;
    bool stopping_ = false;
};

// Accepts on the first shard and hands connections to the shards in turn.
class Acceptor {
public:
    Acceptor(env::Env& env, std::vector<Server*> servers)
        : env_(env), servers_(std::move(servers)) {}

    // Returns once listening; Error::exists when the port is taken.
    Result<void> listen(const env::Address& address);
    const env::Address& address() const { return listener_->address(); }
    // Accepts until stop(); runs in a fiber of the caller's.
    void run();
    void stop() { listener_->close(); }

private:
    void hand_over(std::unique_ptr<env::Accepted> accepted, ShardId home);

    env::Env& env_;
    std::vector<Server*> servers_;  // By shard; touched on their own shard only.
    std::unique_ptr<env::Listener> listener_;
};

}  // namespace sluice::net
