#include "net/posix/network.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/posix/error.h"

namespace sluice::posix {
namespace {

constexpr std::size_t pieces_per_call_max = 64;
constexpr int accept_backlog = 1024;
// For fewer bytes to come it is not worth a system call to be woken less often; and so many at once
// keep what is read in the processor's cache, and the sender's window open.
constexpr std::size_t expected_bytes_min = 64 << 10;
constexpr std::size_t low_water_bytes_max = 128 << 10;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

env::Address address_of(const SocketAddress& socket_address) {
    char host[NI_MAXHOST] = "";
    char port[NI_MAXSERV] = "0";
    getnameinfo(reinterpret_cast<const sockaddr*>(&socket_address.storage), socket_address.size,
                host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    return {host, static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10))};
}

// The descriptor of a socket, closed once; waits inside end first because the socket is shut down.
class PosixConnection final : public env::Connection {
public:
    PosixConnection(Reactor& reactor, int fd, env::Address peer)
        : reactor_(reactor), fd_(fd), peer_(std::move(peer)) {
        const int on = 1;
        setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~PosixConnection() override {
        reactor_.forget(fd_);
        ::close(fd_);
    }
    PosixConnection(const PosixConnection&) = delete;
    PosixConnection& operator=(const PosixConnection&) = delete;

    Result<std::size_t> read(MutableSlice into) override {
        iovec piece{into.data(), into.size()};
        Operation op{.kind = OperationKind::receive, .fd = fd_, .pieces = &piece, .piece_count = 1};
        return outcome(reactor_.perform(op));
    }

    void expect(std::size_t bytes) override {
        const int low =
            bytes < expected_bytes_min ? 1 : static_cast<int>(std::min(bytes, low_water_bytes_max));
        if (low == low_water_) return;
        low_water_ = low;
        setsockopt(fd_, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
    }

    Result<std::size_t> write(std::span<const Slice> pieces) override {
        std::array<iovec, pieces_per_call_max> list;
        const std::size_t count = std::min(pieces.size(), list.size());
        for (std::size_t i = 0; i < count; ++i)
            list[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
        Operation op{.kind = OperationKind::send,
                     .fd = fd_,
                     .pieces = list.data(),
                     .piece_count = static_cast<unsigned>(count)};
        return outcome(reactor_.perform(op));
    }

    void close() override {
        closed_ = true;
        shutdown(fd_, SHUT_RDWR);
    }
    const env::Address& peer() const override { return peer_; }

private:
    Result<std::size_t> outcome(int result) const {
        if (closed_) return Error::closed;
        if (result < 0) return error_of(-result);
        return static_cast<std::size_t>(result);
    }

    Reactor& reactor_;
    int fd_;
    env::Address peer_;
    int low_water_ = 1;  // SO_RCVLOWAT
    bool closed_ = false;
};

class PosixAccepted final : public env::Accepted {
public:
    PosixAccepted(int fd, env::Address peer) : fd_(fd), peer_(std::move(peer)) {}
    ~PosixAccepted() override {
        if (fd_ >= 0) ::close(fd_);
    }
    PosixAccepted(const PosixAccepted&) = delete;
    PosixAccepted& operator=(const PosixAccepted&) = delete;
    const env::Address& peer() const override { return peer_; }
    int take() { return std::exchange(fd_, -1); }

private:
    int fd_;
    env::Address peer_;
};

class PosixListener final : public env::Listener {
public:
    PosixListener(Reactor& reactor, int fd, env::Address address)
        : reactor_(reactor), fd_(fd), address_(std::move(address)) {}
    ~PosixListener() override {
        reactor_.forget(fd_);
        ::close(fd_);
    }
    PosixListener(const PosixListener&) = delete;
    PosixListener& operator=(const PosixListener&) = delete;

    Result<std::unique_ptr<env::Accepted>> accept() override {
        if (closed_) return Error::closed;
        Operation op{.kind = OperationKind::accept, .fd = fd_};
        accepting_ = &op;
        const int fd = reactor_.perform(op);
        accepting_ = nullptr;
        if (closed_ && fd >= 0) ::close(fd);
        if (closed_) return Error::closed;
        if (fd < 0) return error_of(-fd);
        SocketAddress peer;
        peer.size = sizeof peer.storage;
        getpeername(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size);
        return std::unique_ptr<env::Accepted>(
            std::make_unique<PosixAccepted>(fd, address_of(peer)));
    }

    void close() override {
        closed_ = true;
        shutdown(fd_, SHUT_RDWR);
        if (accepting_) reactor_.cancel(*accepting_);
    }
    const env::Address& address() const override { return address_; }

private:
    Reactor& reactor_;
    int fd_;
    env::Address address_;
    Operation* accepting_ = nullptr;
    bool closed_ = false;
};

// Looks a host up; on the pool, because it may ask a server.
Result<SocketAddress> resolve(Reactor& reactor, const env::Address& address) {
    SocketAddress found;
    const int failed = reactor.run_blocking([&] {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* list = nullptr;
        const std::string port = std::to_string(address.port);
        const char* host = address.host.empty() ? "0.0.0.0" : address.host.c_str();
        if (getaddrinfo(host, port.c_str(), &hints, &list) != 0 || list == nullptr) return -ENOENT;
        // Prefers IPv4: a host that has both is then reached where brokers listen by default.
        const addrinfo* chosen = list;
        for (const addrinfo* one = list; one != nullptr; one = one->ai_next)
            if (one->ai_family == AF_INET) {
                chosen = one;
                break;
            }
        std::memcpy(&found.storage, chosen->ai_addr, chosen->ai_addrlen);
        found.size = chosen->ai_addrlen;
        freeaddrinfo(list);
        return 0;
    });
    if (failed != 0) return Error::not_found;
    return found;
}

}  // namespace

Result<std::unique_ptr<env::Listener>> PosixNetwork::listen(const env::Address& address) {
    TRY(SocketAddress where, resolve(reactor_, address));
    const int fd = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return error_of(errno);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, reinterpret_cast<sockaddr*>(&where.storage), where.size) != 0 ||
        ::listen(fd, accept_backlog) != 0) {
        const int why = errno;
        ::close(fd);
        return error_of(why);
    }
    where.size = sizeof where.storage;
    getsockname(fd, reinterpret_cast<sockaddr*>(&where.storage), &where.size);
    return std::unique_ptr<env::Listener>(
        std::make_unique<PosixListener>(reactor_, fd, address_of(where)));
}

std::unique_ptr<env::Connection> PosixNetwork::adopt(std::unique_ptr<env::Accepted> accepted) {
    const int fd = static_cast<PosixAccepted&>(*accepted).take();
    return std::make_unique<PosixConnection>(reactor_, fd, accepted->peer());
}

Result<std::unique_ptr<env::Connection>> PosixNetwork::connect(const env::Address& address,
                                                               Time deadline) {
    TRY(SocketAddress where, resolve(reactor_, address));
    const int fd = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return error_of(errno);
    Operation op{.kind = OperationKind::connect, .fd = fd};
    op.address = &where.storage;
    op.address_size = where.size;
    const int failed = reactor_.perform_until(op, deadline);
    if (failed < 0) {
        reactor_.forget(fd);
        ::close(fd);
        return error_of(-failed);
    }
    return std::unique_ptr<env::Connection>(
        std::make_unique<PosixConnection>(reactor_, fd, address_of(where)));
}

}  // namespace sluice::posix
