// How a request's frame becomes a call of its handler, and the answer a frame again.

#include <algorithm>
#include <type_traits>

#include "core/base/endian.h"
#include "core/broker/controller_channel.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/listeners.h"

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

// Decoded, a request takes at least an eighth of what its answer does: fetched records are limited
// by themselves, and who asks for the same thing again and again is told once.
constexpr std::size_t answer_growth_max = 8;
// What is decoded however little is left for answers.
constexpr std::size_t small_request = 128 << 10;

std::size_t decode_memory_max(const Broker& broker) {
    return std::min(broker.config().decode_memory_max,
                    std::max(broker.reply_memory().left() / answer_growth_max, small_request));
}

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

constexpr std::string_view old_client_remedy =
    "use a client for Kafka 2.1 or later, and only what ApiVersions lists";
constexpr std::string_view too_much = "its answer takes more memory than there is";
constexpr std::string_view memory_remedy =
    "ask for less at a time, or raise queued.max.response.bytes and request.decoded.max.bytes";

Result<std::unique_ptr<PendingReply>> refuse(const RequestContext& context, std::string_view why,
                                             std::string_view remedy = old_client_remedy) {
    context.broker.env().logger.warn(
        "request.refused", {{"client", context.session.peer.text()},
                            {"client_id", context.session.client_id},
                            {"api", std::string(protocol::name_of(context.header.request_api_key))},
                            {"version", std::to_string(context.header.request_api_version.value)},
                            {"why", std::string(why)},
                            {"remedy", std::string(remedy)}});
    return Error::invalid;
}

template <class Api>
Result<std::unique_ptr<PendingReply>> serve(const RequestContext& context, Bytes body) {
    if constexpr (Handled<typename Api::Request>) {
        // What follows the request is ignored, as Kafka does: librdkafka asks for the metadata of
        // all topics with three bytes too many.
        auto request = protocol::decode_prefix<typename Api::Request>(
            body, context.version, {.memory_max = decode_memory_max(context.broker)});
        if (request.failed() && request.error() == Error::limit)
            return refuse(context, "it and its answer may take more memory than there is",
                          memory_remedy);
        if (request.failed()) return refuse(context, "its bytes are not such a request");
        const auto response = handle(context, std::move(*request));
        if (!context.answer.fits()) return refuse(context, too_much, memory_remedy);
        auto frame = reply_frame(context.header, response, context.version);
        if (frame.failed()) return refuse(context, "the answer cannot be said in this version");
        // Fetches have counted their records before they read them.
        const bool counted = std::is_same_v<typename Api::Request, protocol::FetchRequest>;
        const std::size_t left = context.broker.reply_memory().left_beside(context.answer);
        const std::size_t granted = context.broker.reply_memory().granted(context.answer.bytes());
        const std::size_t room = std::max(left, granted);
        auto reply = ready(context, std::move(*frame));
        if (!counted && reply->bytes() > room) return refuse(context, too_much, memory_remedy);
        return reply;
    } else {
        return refuse(context, "this API is not served");
    }
}

// The active controller's answer, when that is another node, and one can be had.
std::optional<std::vector<Bytes>> forwarded(const RequestContext& context, const Bytes& frame) {
    Broker& broker = context.broker;
    Result<std::optional<Bytes>> answer = Error::stopped;
    const auto reached = env::call(broker.env().shards, ShardId(0), [&] {
        answer = broker.on(ShardId(0)).controller().forward(frame, context.session.peer);
    });
    if (reached.failed() || answer.failed() || !*answer) return std::nullopt;
    const auto size = static_cast<std::int32_t>((*answer)->size());
    Buffer prefix = Buffer::allocate(sizeof size);
    store_big(prefix.data(), size);
    return std::vector<Bytes>{Bytes(std::move(prefix)), **answer};
}

}  // namespace

void Broker::ended(Session& session) {
    if (!session.heard) return;
    static_cast<void>(env::call_at_last(env_.scheduler, env_.shards, ShardId(0), [&] {
                          on(ShardId(0))
                              .controller()
                              .here()
                              .connection_closed(session.heard->broker, session.heard->epoch);
                      }).failed());
}

Result<std::unique_ptr<PendingReply>> Broker::begin(Session& session, Bytes frame) {
    const Bytes whole = frame;
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
    ReplyMemory::Growing answer(reply_memory_);
    const RequestContext context{*this, session, *header, header->request_api_version, answer};
    const protocol::ApiInfo* api = protocol::find_api(header->request_api_key);
    if (api == nullptr) return refuse(context, "this API is not served");
    if (!is_served_on(api->key, session.listener))
        return refuse(context, "this API is not served on this listener",
                      "controllers and clients have listeners of their own: ask the other one");
    if (!api->served.contains(context.version)) {
        if (api->key != ApiKey::api_versions) return refuse(context, "this version is not served");
        TRY(std::vector<Bytes> reply, unknown_api_versions(context));
        return ready(context, std::move(reply));
    }
    if (session.listener == ListenerKind::clients && is_decided_by_controller(api->key))
        if (auto theirs = forwarded(context, whole)) return ready(context, std::move(*theirs));
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
