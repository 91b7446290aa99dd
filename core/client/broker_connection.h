#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/client/client_env.h"
#include "core/env/event.h"
#include "core/protocol/api.h"

namespace sluice::client {

// The API a request type belongs to.
template <class Request, class List = protocol::Apis>
struct ApiOf;
template <class Request, class First, class... Rest>
struct ApiOf<Request, protocol::ApiList<First, Rest...>>
    : std::conditional_t<std::same_as<Request, typename First::Request>, std::type_identity<First>,
                         ApiOf<Request, protocol::ApiList<Rest...>>> {};
template <class Request>
struct ApiOf<Request, protocol::ApiList<>> : std::type_identity<void> {};

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
    ~BrokerConnection();
    BrokerConnection(const BrokerConnection&) = delete;
    BrokerConnection& operator=(const BrokerConnection&) = delete;

    // Sends `request` in the newest version both sides know, at most `version_max`, and waits for
    // the answer. Error::timed_out after the request's time, which breaks the connection as well:
    // its later answers could not be told apart. Error::invalid when the broker does not serve it.
    template <class Request>
    auto ask(const Request& request, Duration extra_time = Duration::zero(),
             Version version_max = Version(INT16_MAX))
        -> Result<typename ApiOf<Request>::type::Response> {
        using Api = typename ApiOf<Request>::type;
        TRY(const Version version, version_for(Api::key, Request::versions, version_max));
        protocol::RequestHeader header = next_header(Api::key, version);
        TRY(const std::vector<Bytes> frame,
            protocol::encode_frame(header, protocol::request_header_version(Api::key, version),
                                   request, version));
        TRY(const Bytes reply, exchange(header, frame, extra_time));
        return protocol::decode<typename Api::Response>(reply, version);
    }
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
    void close();
    // The newest version of an API that both sides know.
    Result<Version> version_for(protocol::ApiKey key, protocol::Versions ours,
                                Version version_max) const;

private:
    // Somebody who waits for an answer; in its own frame.
    struct Waiting {
        explicit Waiting(env::Scheduler& scheduler) : event(scheduler) {}
        env::Event event;
        Bytes reply;
        bool answered = false;
    };

    BrokerConnection(const ClientEnv& env, const ClientOptions& options,
                     std::unique_ptr<env::Connection> connection);
    Result<void> learn_versions();
    protocol::RequestHeader next_header(protocol::ApiKey key, Version version);
    Result<Bytes> exchange(const protocol::RequestHeader& header, const std::vector<Bytes>& frame,
                           Duration extra_time);
    Result<void> write(const std::vector<Bytes>& frame);
    void read_replies();
    Result<Bytes> read_frame();
    Result<void> read_exactly(MutableSlice into);

    ClientEnv env_;
    const ClientOptions& options_;
    std::unique_ptr<env::Connection> connection_;
    std::map<protocol::ApiKey, protocol::Versions> theirs_;
    std::map<CorrelationId, Waiting*> waiting_;
    env::Mutex writing_;
    env::FiberGroup fibers_;
    std::int32_t correlation_ = 0;
    bool broken_ = false;
};

}  // namespace sluice::client
