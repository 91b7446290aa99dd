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

// How many connections there are, over all shards and from each address. On the first shard.
class Admission {
public:
    explicit Admission(const ServerLimits& limits) : limits_(limits) {}

    // Counts one more from `peer`; the name of the limit that does not allow it, if one does not.
    const char* enter(const env::Address& peer);
    void leave(const env::Address& peer);
    std::size_t count() const { return count_; }

private:
    const ServerLimits& limits_;
    std::size_t count_ = 0;
    std::map<std::string, std::size_t> per_address_;
};

// One shard's connections. Owned by the node; the acceptor on the first shard hands connections
// out.
class Server {
public:
    Server(env::Env& env, broker::Service& service, const ServerLimits& limits,
           Admission& admission);
    ~Server() { ASSERT(connections_.empty()); }

    // Serves an admitted connection in fibers of its own; false when there is none to be had. Never
    // waits.
    bool add(std::unique_ptr<env::Accepted> accepted, broker::ListenerKind listener);
    // Lets every connection finish what it has begun, then returns; after `deadline` closes them.
    void stop(Time deadline);
    std::size_t connection_count() const { return connections_.size(); }
    std::size_t request_bytes() const { return budget_.held(); }

private:
    void serve(std::uint64_t id, std::unique_ptr<ServerConnection> connection);
    void leave(const env::Address& peer);

    env::Env& env_;
    broker::Service& service_;
    const ServerLimits& limits_;
    Admission& admission_;
    MemoryBudget budget_;
    std::map<std::uint64_t, ServerConnection*> connections_;
    std::uint64_t next_id_ = 0;
    env::Signal ended_;
    env::FiberGroup fibers_;
    bool stopping_ = false;
};

// Accepts on the first shard and hands connections to the shards in turn.
class Acceptor {
public:
    Acceptor(env::Env& env, Admission& admission, std::vector<Server*> servers,
             broker::ListenerKind kind)
        : env_(env), admission_(admission), servers_(std::move(servers)), kind_(kind) {}

    // Returns once listening; Error::exists when the port is taken.
    Result<void> listen(const env::Address& address);
    const env::Address& address() const { return listener_->address(); }
    // Accepts until stop(); runs in a fiber of the caller's.
    void run();
    void stop() { listener_->close(); }

private:
    bool admit(const env::Address& peer);
    void refused(const env::Address& peer, std::string_view limit);
    void hand_over(std::unique_ptr<env::Accepted> accepted, ShardId home);

    env::Env& env_;
    Admission& admission_;
    std::vector<Server*> servers_;  // By shard; touched on their own shard only.
    const broker::ListenerKind kind_;
    std::unique_ptr<env::Listener> listener_;
};

}  // namespace sluice::net
