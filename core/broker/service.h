#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/strong.h"
#include "core/env/network.h"
#include "core/protocol/types.h"

namespace sluice::broker {

// Whom a listener is for: what is served there differs.
enum class ListenerKind { clients, controllers };

// What a connection knows about its client; it lives as long as the connection.
struct Session {
    env::Address peer;
    ListenerKind listener = ListenerKind::clients;
    std::string client_id;  // Of the last request; for logs.
    std::string software_name;
    std::string software_version;
    // The broker, in this life, that showed over this connection that it lives.
    struct Life {
        BrokerId broker;
        protocol::BrokerEpoch epoch;
    };
    std::optional<Life> heard = {};
};

// The answer to one request, in the making.
class PendingReply {
public:
    virtual ~PendingReply() = default;

    // Waits for whatever the answer depends on. The whole frame in pieces, or none at all when the
    // request wants no answer. Called once, in the order of the requests of a connection.
    virtual Result<std::vector<Bytes>> finish() = 0;
    // finish() would not wait.
    virtual bool is_ready() const { return false; }
    // What it holds in memory until it goes, as far as it is known.
    virtual std::size_t bytes() const { return 0; }
};

// One shard's broker as its connections see it.
class Service {
public:
    virtual ~Service() = default;

    // Takes one request, `frame` without its length, from a connection whose earlier requests have
    // all begun. Everything but Produce is done when this returns. Error::invalid, after saying why
    // in the log, when the only answer is to close the connection. The reply may use `session`.
    virtual Result<std::unique_ptr<PendingReply>> begin(Session& session, Bytes frame) = 0;
    // The connection has ended, and everything that began on it. May wait.
    virtual void ended(Session&) {}
    // Clients hold more of its answers than there is memory for.
    virtual bool lacks_reply_memory() const = 0;
};

}  // namespace sluice::broker
