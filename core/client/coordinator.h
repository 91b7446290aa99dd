#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/client/cluster.h"
#include "core/client/refusal.h"

namespace sluice::client {

// The way to the broker that coordinates a group: found when needed, and again when it moved or
// went away. For any fiber of its shard.
class Coordinator {
public:
    Coordinator(Cluster& cluster, std::string group)
        : cluster_(cluster), group_(std::move(group)) {}

    // Asks the cluster unless it is known. A code that is retriable says to try later.
    Result<env::Address, Refusal> find();
    void lost() { known_.reset(); }
    const std::string& group() const { return group_; }

    // Is this answer worth another try? Forgets the coordinator when it says it is none.
    bool try_again(protocol::ErrorCode code);
    bool try_again(const Refusal& why);

    // Asks on the connection that the client's other requests use, again and again while the
    // coordinator moves or loads, for at most request.timeout.ms. `code_of` says which error code
    // of an answer decides about that; other codes are the caller's to read in the answer.
    template <class Request, class CodeOf>
    auto ask(const Request& request, CodeOf code_of, Version version_max = Version(INT16_MAX))
        -> Result<typename ApiOf<Request>::type::Response, Refusal> {
        const env::Clock& clock = cluster_.env().clock;
        const Time give_up = clock.now() + cluster_.options().request_time_max;
        for (;;) {
            auto reply = ask_once(request, version_max);
            if (reply && !try_again(code_of(*reply))) return reply;
            const Refusal why = reply ? refusal(code_of(*reply)) : reply.error();
            const bool hopeless = !try_again(why);
            if (hopeless || clock.now() + cluster_.options().retry_backoff >= give_up) return why;
            const auto slept =
                env::sleep_for(cluster_.env().scheduler, cluster_.options().retry_backoff);
            if (slept.failed()) return refusal(slept.error());
        }
    }

private:
    template <class Request>
    auto ask_once(const Request& request, Version version_max)
        -> Result<typename ApiOf<Request>::type::Response, Refusal> {
        TRY(const env::Address address, find());
        const auto connection = cluster_.at(address);
        if (connection.failed()) return refusal(connection.error());
        auto reply = (*connection)->ask(request, Duration::zero(), version_max);
        if (reply.failed()) return refusal(reply.error());
        return std::move(*reply);
    }

    Cluster& cluster_;
    const std::string group_;
    std::optional<env::Address> known_;
};

}  // namespace sluice::client
