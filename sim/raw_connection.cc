#include "sim/raw_connection.h"

#include "core/base/endian.h"

namespace sluice::sim {
namespace {

constexpr std::size_t response_bytes_max = 64 << 20;

}  // namespace

RawConnection::RawConnection(env::Env& env, World& world, std::string client_id, Duration patience)
    : env_(env),
      world_(world),
      client_id_(std::move(client_id)),
      patience_(patience),
      fibers_(env.scheduler),
      ended_(env.scheduler) {}

RawConnection::~RawConnection() {
    close();
    ended_.set();
    fibers_.join();
}

Result<void> RawConnection::open(const env::Address& server) {
    TRY(connection_, env_.network.connect(server, env_.clock.now() + patience_));
    return fibers_.spawn("raw-watch", [this] { watch(); });
}

void RawConnection::close() {
    closed_ = true;
    if (connection_) connection_->close();
}

// No read or write has a deadline of its own.
void RawConnection::watch() {
    while (ended_.wait_until(env_.clock.now() + patience_ / 4).failed()) {
        if (env_.scheduler.stopped()) return;
        if (busy_since_ != never && env_.clock.now() - busy_since_ > patience_) close();
    }
}

Result<void> RawConnection::send_bytes(Slice bytes) {
    busy_since_ = env_.clock.now();
    while (!bytes.empty()) {
        const auto written = connection_->write({&bytes, 1});
        if (written.failed()) {
            close();
            return written.error();
        }
        bytes = bytes.subspan(*written);
    }
    busy_since_ = never;
    return {};
}

Result<std::size_t> RawConnection::receive_bytes(MutableSlice into) {
    busy_since_ = env_.clock.now();
    auto count = connection_->read(into);
    busy_since_ = never;
    if (count.failed() || *count == 0) close();
    return count;
}

Result<void> RawConnection::receive_exactly(MutableSlice into) {
    while (!into.empty()) {
        TRY(const std::size_t count, receive_bytes(into));
        if (count == 0) return Error::closed;
        into = into.subspan(count);
    }
    return {};
}

Result<Bytes> RawConnection::receive_body(Version header_version) {
    std::uint8_t prefix[4];
    CHECK_OK(receive_exactly(prefix));
    const auto length = load_big<std::int32_t>(prefix);
    if (length < 4 || static_cast<std::size_t>(length) > response_bytes_max) return Error::invalid;
    Buffer buffer = Buffer::allocate(static_cast<std::size_t>(length));
    CHECK_OK(receive_exactly(buffer.all()));
    Bytes body(std::move(buffer));
    const auto answered = load_big<std::int32_t>(body.data());
    if (waiting_.empty() || answered != waiting_.front()) {
        world_.fail(
            {FailureKind::safety, "connection: answers are not in the order of requests",
             fmt::format("{} instead of {}", answered, waiting_.empty() ? 0 : waiting_.front())});
        return Error::invalid;
    }
    waiting_.pop_front();
    CHECK_OK(protocol::decode_prefix<protocol::ResponseHeader>(body, header_version));
    return body;
}

}  // namespace sluice::sim
