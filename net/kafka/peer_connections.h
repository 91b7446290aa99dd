#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/broker/peers.h"
#include "core/client/broker_connection.h"
#include "core/env/env.h"

namespace sluice::net {

// Other nodes over Kafka's protocol, one connection to each for what is answered at once and one
// for fetches, which wait: who is asked answers in the order of a connection's requests.
class PeerConnections final : public broker::Peers {
public:
    struct Options {
        std::string client_id = "raft-client";
        Duration connect_time_max = seconds(2);
        Duration request_time_max = seconds(2);  // controller.quorum.request.timeout.ms
    };

    PeerConnections(env::Env& env, const Options& options);
    ~PeerConnections() override { ASSERT(lines_.empty() && broken_.empty()); }
    PeerConnections(const PeerConnections&) = delete;
    PeerConnections& operator=(const PeerConnections&) = delete;

    Result<protocol::VoteResponse> ask(const env::Address& to,
                                       const protocol::VoteRequest& request) override;
    Result<protocol::BeginQuorumEpochResponse> ask(
        const env::Address& to, const protocol::BeginQuorumEpochRequest& request) override;
    Result<protocol::EndQuorumEpochResponse> ask(
        const env::Address& to, const protocol::EndQuorumEpochRequest& request) override;
    Result<protocol::FetchResponse> ask(const env::Address& to,
                                        const protocol::FetchRequest& request) override;
    Result<protocol::FetchSnapshotResponse> ask(
        const env::Address& to, const protocol::FetchSnapshotRequest& request) override;
    void break_off() override;
    void close() override;

private:
    enum class Use { quick, waiting };
    // One connection, and whoever makes it anew.
    struct Line {
        explicit Line(env::Scheduler& scheduler) : opening(scheduler) {}
        env::Mutex opening;
        std::unique_ptr<client::BrokerConnection> connection;
    };

    template <class Request>
    auto ask_on(Use use, const env::Address& to, const Request& request, Duration extra_time)
        -> Result<typename client::ApiOf<Request>::type::Response>;
    Result<client::BrokerConnection*> connection(Use use, const env::Address& to);
    void bury_broken();

    const client::ClientEnv env_;
    client::ClientOptions options_;
    std::map<std::pair<env::Address, Use>, std::unique_ptr<Line>> lines_;
    std::vector<std::unique_ptr<client::BrokerConnection>> broken_;  // Somebody may be inside.
    bool ended_ = false;
};

}  // namespace sluice::net
