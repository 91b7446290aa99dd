#pragma once

#include <deque>
#include <memory>

#include "core/broker/service.h"
#include "core/env/env.h"
#include "core/env/event.h"
#include "net/kafka/frame_reader.h"
#include "net/kafka/memory_budget.h"

namespace sluice::net {

struct ConnectionLimits {
    std::size_t request_bytes_max = 100 << 20;  // socket.request.max.bytes
    std::size_t requests_in_flight_max = 64;    // Begun and not yet answered, on one connection.
    // Of answers not yet taken: no further request is begun before the client reads.
    std::size_t unread_bytes_max = 1 << 20;                // connection.unread.max.bytes
    Duration idle_max = std::chrono::minutes(10);          // connections.max.idle.ms
    Duration request_time_max = std::chrono::seconds(60);  // From a frame's first byte to its last.
    Duration write_time_max = std::chrono::seconds(60);    // Without the client taking one byte.
};

// Serves one client: a fiber reads frames and begins their requests, a second finishes them and
// writes the answers in the order of the requests, and a third closes what has gone quiet.
class ServerConnection {
public:
    ServerConnection(env::Env& env, broker::Service& service, MemoryBudget& budget,
                     const ConnectionLimits& limits, std::unique_ptr<env::Connection> connection,
                     broker::ListenerKind listener = broker::ListenerKind::clients);

    // Returns when the connection has ended and all its fibers with it.
    void serve();
    // Takes no further request; what has begun is still answered, then it closes.
    void drain();
    void close() { connection_->close(); }

private:
    struct Begun {
        std::unique_ptr<broker::PendingReply> reply;
        MemoryBudget::Share memory;
    };

    std::size_t in_flight() const { return begun_.size() + unwritten_; }
    bool has_room() const;
    void read_requests();
    void write_replies();
    void watch();
    Duration patience_with_readers() const;
    bool finish_next(std::vector<Begun>& together, std::vector<Bytes>& pieces);
    Result<void> write_all(const std::vector<Bytes>& pieces);
    void refuse_frame();

    env::Env& env_;
    broker::Service& service_;
    const ConnectionLimits& limits_;
    std::unique_ptr<env::Connection> connection_;
    FrameReader frames_;
    broker::Session session_;
    std::deque<Begun> begun_;
    std::size_t unwritten_ = 0;     // Taken from begun_ by the writer.
    std::size_t unread_bytes_ = 0;  // Of all answers begun and not yet written.
    env::Event changed_;            // For the writer: a reply was begun, or the reader has ended.
    env::Event room_;               // For the reader: a reply was written.
    env::Event watch_ended_;
    Time read_since_{};  // When the reader last had nothing to wait for.
    Time wrote_at_{};
    bool handling_ = false;  // The reader is inside the service.
    bool writing_ = false;
    bool reading_ended_ = false;
    bool writing_ended_ = false;
    bool draining_ = false;
};

}  // namespace sluice::net
