#include "net/kafka/server_connection.h"

#include "core/base/probe.h"

namespace sluice::net {

constexpr std::size_t replies_together_max = 32;

ServerConnection::ServerConnection(env::Env& env, broker::Service& service, MemoryBudget& budget,
                                   const ConnectionLimits& limits,
                                   std::unique_ptr<env::Connection> connection,
                                   broker::ListenerKind listener)
    : env_(env),
      service_(service),
      limits_(limits),
      connection_(std::move(connection)),
      frames_(*connection_, budget, env.pages, {.frame_bytes_max = limits.request_bytes_max}),
      changed_(env.scheduler),
      room_(env.scheduler),
      watch_ended_(env.scheduler) {
    session_.peer = connection_->peer();
    session_.listener = listener;
}

void ServerConnection::serve() {
    read_since_ = wrote_at_ = env_.clock.now();
    env::FiberGroup fibers(env_.scheduler);
    const bool whole = fibers.spawn("connection-writer", [this] { write_replies(); }) &&
                       fibers.spawn("connection-watch", [this] { watch(); });
    if (whole)
        read_requests();
    else
        env_.logger.warn("connection.refused", {{"client", session_.peer.text()},
                                                {"why", "too many fibers"},
                                                {"remedy", "fewer connections, or fibers.max"}});
    reading_ended_ = true;
    changed_.set();
    if (!whole) watch_ended_.set();
    fibers.join();
    // Answers that nobody will read still have work under way that uses their memory.
    for (Begun& left : begun_) {
        static_cast<void>(left.reply->finish().failed());
        if (PLANT("connection.torn_one_keeps_replies")) static_cast<void>(left.reply.release());
    }
    begun_.clear();
    connection_->close();
    service_.ended(session_);
}

void ServerConnection::drain() {
    draining_ = true;
    // A reader that waits between two frames has nothing to finish.
    if (in_flight() == 0 && frames_.partial() == 0) connection_->close();
}

void ServerConnection::read_requests() {
    while (!draining_ && !writing_ended_) {
        read_since_ = env_.clock.now();
        auto frame = frames_.next();
        if (frame.failed()) {
            if (frame.error() == Error::invalid) refuse_frame();
            return;
        }
        handling_ = true;
        auto reply = service_.begin(session_, std::move(frame->bytes));
        handling_ = false;
        if (reply.failed()) return;
        unread_bytes_ += (*reply)->bytes();
        begun_.push_back({std::move(reply).value(), std::move(frame->memory)});
        changed_.set();
        while (!has_room() && !writing_ended_)
            if (room_.wait().failed()) return;
    }
}

// For one more request. While memory is short, who has an answer to take gets no other.
bool ServerConnection::has_room() const {
    if (in_flight() >= limits_.requests_in_flight_max) return false;
    const std::size_t unread_max = service_.lacks_reply_memory() ? 1 : limits_.unread_bytes_max;
    return unread_bytes_ < unread_max;
}

namespace {

// A handshake of TLS, and the method of an HTTP request, taken for a length.
std::string remedy_for_length(std::int64_t length) {
    const auto first = static_cast<std::uint32_t>(length);
    if (first >> 16 == 0x1603) return "the client speaks TLS, and this listener does not";
    const auto is_letter = [first](int at) {
        const auto c = static_cast<unsigned char>(first >> (8 * at));
        return (c >= 'A' && c <= 'Z') || c == ' ';
    };
    if (is_letter(0) && is_letter(1) && is_letter(2) && is_letter(3))
        return "the client speaks HTTP, and this is a Kafka broker";
    return "not a Kafka client, or raise socket.request.max.bytes";
}

}  // namespace

void ServerConnection::refuse_frame() {
    env_.logger.warn("request.refused",
                     {{"client", session_.peer.text()},
                      {"client_id", session_.client_id},
                      {"length", std::to_string(frames_.bad_length())},
                      {"remedy", remedy_for_length(frames_.bad_length())}});
}

void ServerConnection::write_replies() {
    for (;;) {
        if (begun_.empty()) {
            if (reading_ended_) break;
            if (changed_.wait().failed()) break;
            continue;
        }
        // What one sync made ready goes in one write.
        std::vector<Begun> together;
        std::vector<Bytes> pieces;
        bool finished = true;
        do {
            finished = finish_next(together, pieces);
        } while (finished && !begun_.empty() && begun_.front().reply->is_ready() &&
                 together.size() < replies_together_max);
        const bool written = pieces.empty() || write_all(pieces);
        for (const Begun& each : together) unread_bytes_ -= each.reply->bytes();
        unwritten_ -= together.size();
        room_.set();
        if (!finished || !written) break;
    }
    connection_->close();
    writing_ended_ = true;
    room_.set();
    watch_ended_.set();
}

// The answer that is next in turn, finished once, whatever comes of writing it. False when the
// connection must end with those before it.
bool ServerConnection::finish_next(std::vector<Begun>& together, std::vector<Bytes>& pieces) {
    if (begun_.size() > 1 && PLANT("connection.answers_out_of_order"))
        std::swap(begun_[0], begun_[1]);
    together.push_back(std::move(begun_.front()));
    begun_.pop_front();
    ++unwritten_;
    auto frame = together.back().reply->finish();
    if (frame.failed()) return false;
    for (Bytes& piece : *frame) pieces.push_back(std::move(piece));
    return true;
}

Result<void> ServerConnection::write_all(const std::vector<Bytes>& pieces) {
    std::vector<Slice> left;
    for (const Bytes& piece : pieces)
        if (!piece.empty()) left.push_back(piece.view());
    std::span<Slice> rest(left);
    writing_ = true;
    while (!rest.empty()) {
        wrote_at_ = env_.clock.now();
        TRY(std::size_t count, connection_->write(rest));
        while (count > 0) {
            const std::size_t taken = std::min(count, rest.front().size());
            rest.front() = rest.front().subspan(taken);
            count -= taken;
            if (rest.front().empty()) rest = rest.subspan(1);
        }
        if (!rest.empty() && PLANT("connection.short_write_taken_as_whole")) rest = rest.subspan(1);
    }
    writing_ = false;
    wrote_at_ = env_.clock.now();
    return {};
}

// Others have an answer sooner when those that take none go sooner.
Duration ServerConnection::patience_with_readers() const {
    return service_.lacks_reply_memory() ? limits_.write_time_max / 4 : limits_.write_time_max;
}

// Closes a connection whose client does not go on: half a request, an answer it does not read, or
// nothing at all for long.
void ServerConnection::watch() {
    const Duration step =
        std::min({limits_.idle_max, limits_.request_time_max, limits_.write_time_max}) / 4;
    Time due = env_.clock.now() + step;
    for (; watch_ended_.wait_until(due).failed(); due = env_.clock.now() + step) {
        if (env_.scheduler.stopped()) break;
        const Time now = env_.clock.now();
        // A shard that was busy for so long has not looked yet at what the client did meanwhile.
        if (now - due > step) continue;
        if (frames_.waits_for_memory()) read_since_ = now;
        const bool waits_for_client = in_flight() == 0 && !handling_;
        const char* why = nullptr;
        if (writing_ && now - wrote_at_ > patience_with_readers())
            why = "does not read its answers";
        else if (waits_for_client && frames_.partial() > 0 &&
                 now - read_since_ > limits_.request_time_max)
            why = "stopped within a request";
        else if (waits_for_client && now - std::max(read_since_, wrote_at_) > limits_.idle_max)
            why = "idle";
        if (why == nullptr || PLANT("connection.silent_ones_stay")) continue;
        env_.logger.info(
            "connection.closed",
            {{"client", session_.peer.text()}, {"client_id", session_.client_id}, {"why", why}});
        connection_->close();
        break;
    }
}

}  // namespace sluice::net
