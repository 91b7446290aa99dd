#pragma once

#include <string>

#include "core/client/admin.h"
#include "sim/workload.h"

namespace sluice::sim {

// The native client of a workload, in one of its fibers, and how long it waits for anything.
class AdminClient {
public:
    static constexpr Duration patience = seconds(4);

    AdminClient(env::Env& env, const WorkloadContext& context, std::string client_id)
        : cluster_({env.scheduler, env.clock, env.network, env.random},
                   {.client_id = std::move(client_id),
                    .request_time_max = patience,
                    .connect_time_max = patience},
                   context.servers),
          admin_(cluster_) {}
    ~AdminClient() { cluster_.close(); }
    AdminClient(const AdminClient&) = delete;
    AdminClient& operator=(const AdminClient&) = delete;

    client::Cluster& cluster() { return cluster_; }
    client::Admin& admin() { return admin_; }

private:
    client::Cluster cluster_;
    client::Admin admin_;
};

// Asks once, for who asks twice does not know when the first one is heard.
template <class Request>
auto ask_once(client::Admin& admin, const Request& request, Version newest = Version(INT16_MAX))
    -> Result<typename client::ApiOf<Request>::type::Response> {
    TRY(client::BrokerConnection * broker, admin.cluster().any());
    return broker->ask(request, Duration(0), newest);
}

// What was made, or is there already.
template <class Made>
Result<void> there(const Made& made) {
    const bool is_there = made || made.error().code == protocol::ErrorCode::topic_already_exists;
    return is_there ? Result<void>() : Error::timed_out;
}

}  // namespace sluice::sim
