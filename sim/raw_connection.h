#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/client/broker_connection.h"
#include "core/env/env.h"
#include "sim/world.h"

namespace sluice::sim {

// A connection that says what it is told to, without asking what the broker can do: several
// requests at once, whose answers must come in their order; or anything at all. For one fiber.
// Nothing in it waits longer than `patience`: then it is closed.
class RawConnection {
public:
    RawConnection(env::Env& env, World& world, std::string client_id, Duration patience);
    ~RawConnection();
    RawConnection(const RawConnection&) = delete;
    RawConnection& operator=(const RawConnection&) = delete;

    Result<void> open(const env::Address& server);
    bool is_open() const { return connection_ != nullptr && !closed_; }
    void close();

    template <class Request>
    Result<void> send(const Request& request, Version version) {
        waiting_.push_back(correlation_ + 1);
        return tell(request, version);
    }
    // The same for a request that wants no answer.
    template <class Request>
    Result<void> tell(const Request& request, Version version) {
        using Api = typename client::ApiOf<Request>::type;
        protocol::RequestHeader header;
        header.request_api_key = Api::key;
        header.request_api_version = version;
        header.correlation_id = CorrelationId(++correlation_);
        header.client_id = client_id_;
        TRY(const std::vector<Bytes> frame,
            protocol::encode_frame(header, protocol::request_header_version(Api::key, version),
                                   request, version));
        for (const Bytes& piece : frame) CHECK_OK(send_bytes(piece.view()));
        return {};
    }
    // The answer to the oldest request that has none. Another request's is the broker's mistake,
    // and ends the run.
    template <class Request>
    auto receive(Version version) -> Result<typename client::ApiOf<Request>::type::Response> {
        using Api = typename client::ApiOf<Request>::type;
        TRY(const Bytes body, receive_body(protocol::response_header_version(Api::key, version)));
        return protocol::decode<typename Api::Response>(body, version);
    }
    std::size_t unanswered() const { return waiting_.size(); }

    Result<void> send_bytes(Slice bytes);
    Result<std::size_t> receive_bytes(MutableSlice into);

private:
    Result<Bytes> receive_body(Version header_version);
    Result<void> receive_exactly(MutableSlice into);
    void watch();

    env::Env& env_;
    World& world_;
    const std::string client_id_;
    const Duration patience_;
    std::unique_ptr<env::Connection> connection_;
    env::FiberGroup fibers_;
    env::Event ended_;
    Time busy_since_ = never;
    bool closed_ = false;
    std::int32_t correlation_ = 0;
    std::deque<std::int32_t> waiting_;
};

}  // namespace sluice::sim
