#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/client/client_env.h"
#include "core/env/event.h"
#include "core/protocol/api.h"
#include "core/protocol/question.h"

namespace sluice::client {

using protocol::ApiOf;

class BrokerConnection;

// Somebody who waits for an answer on a connection, which outlives him.
class WaitingForReply {
public:
    WaitingForReply(BrokerConnection& connection, const protocol::RequestHeader& header,
                    Time deadline);
    ~WaitingForReply();
    WaitingForReply(const WaitingForReply&) = delete;
    WaitingForReply& operator=(const WaitingForReply&) = delete;

    // The answer without its header. Once.
    Result<Bytes> wait();

private:
    friend class BrokerConnection;

    BrokerConnection& connection_;
    const CorrelationId id_;
    const Version header_version_;
    const Time deadline_;
    env::Event event_;
    Bytes reply_;
    bool answered_ = false;
};

// The answer to a request that has been sent.
template <class Request>
class PendingReply {
public:
    PendingReply(BrokerConnection& connection, const protocol::RequestHeader& header, Time deadline)
        : version_(header.request_api_version), waiting_(connection, header, deadline) {}

    auto wait() -> Result<typename ApiOf<Request>::type::Response> {
        TRY(const Bytes reply, waiting_.wait());
        return protocol::decode<typename ApiOf<Request>::type::Response>(reply, version_);
    }

private:
    const Version version_;
    WaitingForReply waiting_;
};

// One connection to one broker. Any number of fibers may ask at once: requests go out in the order
// of the calls and answers find their callers. When it breaks, everybody who waits gets
// Error::closed, and it stays broken: make a new one.
class BrokerConnection {
public:
    // Connects and learns what the broker serves. Error::invalid for something that is no Kafka
    // broker.
    static Result<std::unique_ptr<BrokerConnection>> open(const ClientEnv& env,
                                                          const ClientOptions& options,
                                                          const env::Address& address);
    ~BrokerConnection() { ASSERT(fibers_.running() == 0); }
    BrokerConnection(const BrokerConnection&) = delete;
    BrokerConnection& operator=(const BrokerConnection&) = delete;

    // Sends `request` in the newest version both sides know, at most `version_max`, and waits for
    // the answer. Error::timed_out after the request's time, which breaks the connection as well:
    // its later answers could not be told apart. Error::invalid when the broker does not serve it.
    template <class Request>
    auto ask(const Request& request, Duration extra_time = Duration::zero(),
             Version version_max = Version(INT16_MAX))
        -> Result<typename ApiOf<Request>::type::Response> {
        TRY(const auto pending, send(request, version_max, extra_time));
        return pending->wait();
    }
    // The same in two steps: on return the request is written, behind those before it.
    template <class Request>
    auto send(const Request& request, Version version_max, Duration extra_time = Duration::zero())
        -> Result<std::unique_ptr<PendingReply<Request>>> {
        using Api = typename ApiOf<Request>::type;
        TRY(const Version version, version_for(Api::key, Request::versions, version_max));
        protocol::RequestHeader header = next_header(Api::key, version);
        TRY(const std::vector<Bytes> frame,
            protocol::encode_frame(header, protocol::request_header_version(Api::key, version),
                                   request, version));
        if (broken_) return Error::closed;
        auto pending = std::make_unique<PendingReply<Request>>(
            *this, header, env_.clock.now() + options_.request_time_max + extra_time);
        CHECK_OK(write(frame));
        return pending;
    }
    // The same for a request whose kind only the caller knows.
    Result<protocol::Answer> ask(const protocol::Question& question, Duration extra_time);
    // The same for a request that is not answered.
    template <class Request>
    Result<void> tell(const Request& request) {
        using Api = typename ApiOf<Request>::type;
        TRY(const Version version, version_for(Api::key, Request::versions, Version(INT16_MAX)));
        protocol::RequestHeader header = next_header(Api::key, version);
        TRY(const std::vector<Bytes> frame,
            protocol::encode_frame(header, protocol::request_header_version(Api::key, version),
                                   request, version));
        return write(frame);
    }

    bool broken() const { return broken_; }
    // Somebody waits inside, for an answer or to write.
    bool in_use() const { return !waiting_.empty() || writing_now_ > 0; }
    // Breaks it; who waits inside is told. Never waits.
    void close();
    // Closes it, and waits for the end of its reader: must come before it goes.
    void end();
    // The newest version of an API that both sides know.
    Result<Version> version_for(protocol::ApiKey key, protocol::Versions ours,
                                Version version_max) const;

private:
    friend class WaitingForReply;

    BrokerConnection(const ClientEnv& env, const ClientOptions& options,
                     std::unique_ptr<env::Connection> connection);
    Result<void> learn_versions();
    protocol::RequestHeader next_header(protocol::ApiKey key, Version version);
    Result<void> write(const std::vector<Bytes>& frame);
    Result<void> write_in_turn(const std::vector<Bytes>& frame);
    void read_replies();
    Result<Bytes> read_frame();
    Result<void> read_exactly(MutableSlice into);

    ClientEnv env_;
    const ClientOptions& options_;
    std::unique_ptr<env::Connection> connection_;
    std::map<protocol::ApiKey, protocol::Versions> theirs_;
    std::map<CorrelationId, WaitingForReply*> waiting_;
    env::Mutex writing_;
    int writing_now_ = 0;
    env::FiberGroup fibers_;
    std::int32_t correlation_ = 0;
    bool broken_ = false;
};

}  // namespace sluice::client
