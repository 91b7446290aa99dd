#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/broker/peers.h"
#include "core/client/broker_connection.h"
#include "core/env/env.h"

namespace sluice::net {

// Other nodes over Kafka's protocol, each over one connection a line.
class PeerConnections final : public broker::Peers {
public:
    struct Options {
        std::string client_id = "raft-client";
        Duration connect_time_max = seconds(2);
        Duration request_time_max = seconds(2);  // controller.quorum.request.timeout.ms
    };

    PeerConnections(env::Env& env, const Options& options);
    ~PeerConnections() override { ASSERT(places_.empty() && broken_.empty()); }
    PeerConnections(const PeerConnections&) = delete;
    PeerConnections& operator=(const PeerConnections&) = delete;

    using Peers::ask;
    Result<protocol::Answer> ask(const env::Address& to, const protocol::Question& question,
                                 const How& how) override;
    void break_off() override;
    void close() override;

private:
    // One connection, and whoever makes it anew.
    struct Place {
        explicit Place(env::Scheduler& scheduler) : opening(scheduler) {}
        env::Mutex opening;
        std::unique_ptr<client::BrokerConnection> connection;
    };

    Result<client::BrokerConnection*> connection(Line line, const env::Address& to);
    void bury_broken();

    const client::ClientEnv env_;
    client::ClientOptions options_;
    std::map<std::pair<env::Address, Line>, std::unique_ptr<Place>> places_;
    std::vector<std::unique_ptr<client::BrokerConnection>> broken_;  // Somebody may be inside.
    bool ended_ = false;
};

}  // namespace sluice::net
