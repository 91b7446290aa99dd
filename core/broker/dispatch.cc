// How a request's frame becomes a call of its handler, and the answer a frame again.

#include "core/broker/handlers/handlers.h"

namespace sluice::broker {
namespace {

using protocol::ApiKey;
using protocol::RequestHeader;

// An answer that was ready when the request had been handled.
class ReadyReply final : public PendingReply {
public:
    ReadyReply(ReplyMemory& memory, std::vector<Bytes> frame)
        : frame_(std::move(frame)), share_(memory, size_of(frame_)) {}
    Result<std::vector<Bytes>> finish() override { return std::move(frame_); }
    bool is_ready() const override { return true; }
    std::size_t bytes() const override { return share_.bytes(); }

private:
    static std::size_t size_of(const std::vector<Bytes>& frame) {
        std::size_t size = 0;
        for (const Bytes& piece : frame) size += piece.size();
        return size;
    }

    std::vector<Bytes> frame_;
    const ReplyMemory::Share share_;
};

std::unique_ptr<PendingReply> ready(const RequestContext& context, std::vector<Bytes> frame) {
    return std::make_unique<ReadyReply>(context.broker.reply_memory(), std::move(frame));
}

template <class Response>
Result<std::vector<Bytes>> reply_frame(const RequestHeader& header, const Response& response,
                                       Version version) {
    const protocol::ResponseHeader reply{header.correlation_id};
    return protocol::encode_frame(
        reply, protocol::response_header_version(header.request_api_key, version), response,
        version);
}

// A version nobody here knows: the one API that is answered all the same, in the oldest form there
// is.
Result<std::vector<Bytes>> unknown_api_versions(const RequestContext& context) {
    protocol::ApiVersionsResponse response = handle(context, protocol::ApiVersionsRequest{});
    response.error_code = protocol::ErrorCode::unsupported_version;
    return reply_frame(context.header, response, Version(0));
}

Result<std::unique_ptr<PendingReply>> refuse(const RequestContext& context, std::string why) {
    context.broker.env().logger.warn(
        "request.refused",
        {{"client", context.session.peer.text()},
         {"client_id", context.session.client_id},
         {"api", std::string(protocol::name_of(context.header.request_api_key))},
         {"version", std::to_string(context.header.request_api_version.value)},
         {"why", std::move(why)},
         {"remedy", "use a client for Kafka 2.1 or later, and only what ApiVersions lists"}});
    return Error::invalid;
}

template <class Api>
Result<std::unique_ptr<PendingReply>> serve(const RequestContext& context, Bytes body) {
    if constexpr (Handled<typename Api::Request>) {
        // What follows the request is ignored, as Kafka does: librdkafka asks for the metadata of
        // all topics with three bytes too many.
        auto request = protocol::decode_prefix<typename Api::Request>(
            body, context.version, {.memory_max = context.broker.config().decode_memory_max});
        if (request.failed())
            return refuse(context, request.error() == Error::limit
                                       ? "it would take more memory than request.decoded.max.bytes"
                                       : "its bytes are not such a request");
        const auto response = handle(context, std::move(*request));
        auto frame = reply_frame(context.header, response, context.version);
        if (frame.failed()) return refuse(context, "the answer cannot be said in this version");
        return ready(context, std::move(*frame));
    } else {
        return refuse(context, "this API is not served");
    }
}

}  // namespace

Result<std::unique_ptr<PendingReply>> Broker::begin(Session& session, Bytes frame) {
    const auto header = protocol::take_request_header(frame);
    if (header.failed()) {
        env_.logger.warn("request.refused",
                         {{"client", session.peer.text()},
                          {"client_id", session.client_id},
                          {"why", "it does not begin as a Kafka request does"},
                          {"remedy", "check that the client speaks Kafka's protocol"}});
        return Error::invalid;
    }
    session.client_id = header->client_id.value_or("");
    const RequestContext context{*this, session, *header, header->request_api_version};
    const protocol::ApiInfo* api = protocol::find_api(header->request_api_key);
    if (api == nullptr) return refuse(context, "this API is not served");
    if (!api->served.contains(context.version)) {
        if (api->key != ApiKey::api_versions) return refuse(context, "this version is not served");
        TRY(std::vector<Bytes> reply, unknown_api_versions(context));
        return ready(context, std::move(reply));
    }
    if (api->key == ApiKey::produce) {
        auto reply = begin_produce(context, std::move(frame));
        if (!reply) return refuse(context, "its bytes are not such a request");
        return reply;
    }
    Result<std::unique_ptr<PendingReply>> reply = Error::invalid;
    protocol::Apis::with(api->key, [&]<class Api>(Api) { reply = serve<Api>(context, frame); });
    return reply;
}

}  // namespace sluice::broker
