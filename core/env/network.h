#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace sluice::env {

struct Address {
    std::string host;
    std::uint16_t port = 0;

    friend auto operator<=>(const Address&, const Address&) = default;
    // HOST:PORT, with brackets around an address that has colons of its own (RFC 3986).
    std::string text() const {
        const bool is_ipv6 = host.find(':') != std::string::npos;
        return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
    }
};

// One byte stream, used on the shard that made or adopted it. At most one fiber reads and one
// writes at a time. Destroying it closes it; no fiber may be inside then.
class Connection {
public:
    virtual ~Connection() = default;

    // Waits for at least one byte; 0 means the peer will send no more. The buffer is the caller's
    // and is used until return.
    virtual Result<std::size_t> read(MutableSlice into) = 0;
    // From the next read on: so many more bytes are sure to come, or the stream ends. Until then a
    // read may wait for more than one of them, as each wake-up costs more than what it brings; how
    // many is the network's choice. 0: nothing is known.
    virtual void expect(std::size_t bytes) = 0;
    // Writes some of `pieces`, in order, and says how many bytes: at least one, perhaps not all.
    // The pieces are the caller's and are used until return; the network may deliver them any time
    // later.
    virtual Result<std::size_t> write(std::span<const Slice> pieces) = 0;
    // Ends both directions and every wait inside with Error::closed. Never waits.
    virtual void close() = 0;
    virtual const Address& peer() const = 0;
};

// A connection that a listener accepted and no shard has adopted yet. It may cross shards.
class Accepted {
public:
    virtual ~Accepted() = default;
    virtual const Address& peer() const = 0;
};

class Listener {
public:
    virtual ~Listener() = default;

    // Waits for the next connection; Error::limit when the system has no room for it (go on later).
    virtual Result<std::unique_ptr<Accepted>> accept() = 0;
    virtual void close() = 0;
    // Where it really listens: the port is set when the caller asked for 0.
    virtual const Address& address() const = 0;
};

// A shard's way to other nodes and clients.
class Network {
public:
    virtual ~Network() = default;

    virtual Result<std::unique_ptr<Listener>> listen(const Address& address) = 0;
    // Makes an accepted connection this shard's own.
    virtual std::unique_ptr<Connection> adopt(std::unique_ptr<Accepted> accepted) = 0;
    // Error::refused when nobody listens, Error::timed_out at `deadline`, Error::not_found for a
    // host that has no address.
    virtual Result<std::unique_ptr<Connection>> connect(const Address& address, Time deadline) = 0;
};

}  // namespace sluice::env
