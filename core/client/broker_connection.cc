#include "core/client/broker_connection.h"

#include <algorithm>

#include "core/base/endian.h"

namespace sluice::client {

using protocol::ApiKey;
using protocol::RequestHeader;

BrokerConnection::BrokerConnection(const ClientEnv& env, const ClientOptions& options,
                                   std::unique_ptr<env::Connection> connection)
    : env_(env),
      options_(options),
      connection_(std::move(connection)),
      writing_(env.scheduler),
      fibers_(env.scheduler) {}

void BrokerConnection::end() {
    close();
    fibers_.join();
}

Result<std::unique_ptr<BrokerConnection>> BrokerConnection::open(const ClientEnv& env,
                                                                 const ClientOptions& options,
                                                                 const env::Address& address) {
    TRY(auto connection, env.network.connect(address, env.clock.now() + options.connect_time_max));
    std::unique_ptr<BrokerConnection> made(
        new BrokerConnection(env, options, std::move(connection)));
    Result<void> ready =
        made->fibers_.spawn("client-reader", [self = made.get()] { self->read_replies(); });
    if (ready) ready = made->learn_versions();
    if (ready) return made;
    made->end();
    return ready.error();
}

void BrokerConnection::close() {
    broken_ = true;
    connection_->close();
}

Result<void> BrokerConnection::learn_versions() {
    theirs_[ApiKey::api_versions] = protocol::ApiVersionsRequest::versions;
    protocol::ApiVersionsRequest request;
    request.client_software_name = "sluice";
    request.client_software_version = SLUICE_VERSION;
    // Part of being connected: whoever accepts and says nothing is no broker.
    const Duration extra = options_.connect_time_max - options_.request_time_max;
    TRY(const auto versions, ask(request, extra));
    if (versions.error_code != protocol::ErrorCode::none) return Error::invalid;
    for (const auto& api : versions.api_keys)
        theirs_[static_cast<ApiKey>(api.api_key)] =
            protocol::between(api.min_version, api.max_version);
    return {};
}

Result<Version> BrokerConnection::version_for(ApiKey key, protocol::Versions ours,
                                              Version version_max) const {
    const auto theirs = theirs_.find(key);
    if (theirs == theirs_.end()) return Error::invalid;
    const std::int16_t newest = std::min({ours.last, theirs->second.last, version_max.value});
    if (newest < std::max(ours.first, theirs->second.first)) return Error::invalid;
    return Version(newest);
}

RequestHeader BrokerConnection::next_header(ApiKey key, Version version) {
    RequestHeader header;
    header.request_api_key = key;
    header.request_api_version = version;
    header.correlation_id = CorrelationId(correlation_++ & INT32_MAX);
    header.client_id = options_.client_id;
    return header;
}

Result<protocol::Answer> BrokerConnection::ask(const protocol::Question& question,
                                               Duration extra_time) {
    TRY(const Version version, version_for(question.key, question.versions, Version(INT16_MAX)));
    const RequestHeader header = next_header(question.key, version);
    TRY(const std::vector<Bytes> frame, question.frame(header));
    if (broken_) return Error::closed;
    WaitingForReply waiting(*this, header,
                            env_.clock.now() + options_.request_time_max + extra_time);
    CHECK_OK(write(frame));
    TRY(Bytes body, waiting.wait());
    return protocol::Answer{std::move(body), version};
}

WaitingForReply::WaitingForReply(BrokerConnection& connection, const RequestHeader& header,
                                 Time deadline)
    : connection_(connection),
      id_(header.correlation_id),
      header_version_(
          protocol::response_header_version(header.request_api_key, header.request_api_version)),
      deadline_(deadline),
      event_(connection.env_.scheduler) {
    connection_.waiting_[id_] = this;
}

WaitingForReply::~WaitingForReply() {
    connection_.waiting_.erase(id_);
}

Result<Bytes> WaitingForReply::wait() {
    Result<void> outcome;
    while (outcome && !answered_ && !connection_.broken_) outcome = event_.wait_until(deadline_);
    if (answered_) {
        CHECK_OK(protocol::decode_prefix<protocol::ResponseHeader>(reply_, header_version_));
        return std::move(reply_);
    }
    if (outcome.failed() && outcome.error() == Error::timed_out) connection_.close();
    return outcome.failed() ? outcome.error() : Error::closed;
}

Result<void> BrokerConnection::write(const std::vector<Bytes>& frame) {
    ++writing_now_;
    Result<void> written = write_in_turn(frame);
    --writing_now_;
    return written;
}

Result<void> BrokerConnection::write_in_turn(const std::vector<Bytes>& frame) {
    TRY(const env::Mutex::Guard guard, writing_.lock());
    std::vector<Slice> left;
    for (const Bytes& piece : frame)
        if (!piece.empty()) left.push_back(piece.view());
    std::span<Slice> rest(left);
    while (!rest.empty()) {
        auto written = connection_->write(rest);
        if (written.failed()) {
            close();  // Half a request may be out: nothing after it would be understood.
            return written.error();
        }
        std::size_t count = *written;
        while (count > 0) {
            const std::size_t taken = std::min(count, rest.front().size());
            rest.front() = rest.front().subspan(taken);
            count -= taken;
            if (rest.front().empty()) rest = rest.subspan(1);
        }
    }
    return {};
}

void BrokerConnection::read_replies() {
    while (!broken_) {
        auto frame = read_frame();
        if (frame.failed()) break;
        const CorrelationId id(load_big<std::int32_t>(frame->data()));
        const auto found = waiting_.find(id);
        if (found == waiting_.end()) break;  // Nobody asked: this is not the stream we think it is.
        found->second->reply_ = std::move(*frame);
        found->second->answered_ = true;
        found->second->event_.set();
    }
    close();
    for (auto& [id, waiting] : waiting_) waiting->event_.set();
}

Result<Bytes> BrokerConnection::read_frame() {
    std::uint8_t prefix[4];
    CHECK_OK(read_exactly(prefix));
    const auto length = load_big<std::int32_t>(prefix);
    constexpr std::int32_t correlation_bytes = 4;
    if (length < correlation_bytes ||
        static_cast<std::size_t>(length) > options_.response_bytes_max)
        return Error::invalid;
    Buffer body = Buffer::allocate(static_cast<std::size_t>(length));
    CHECK_OK(read_exactly(body.all()));
    return Bytes(std::move(body));
}

Result<void> BrokerConnection::read_exactly(MutableSlice into) {
    while (!into.empty()) {
        TRY(const std::size_t count, connection_->read(into));
        if (count == 0) return Error::closed;
        into = into.subspan(count);
    }
    return {};
}

}  // namespace sluice::client
