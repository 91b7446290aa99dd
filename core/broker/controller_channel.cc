#include "core/broker/controller_channel.h"

#include <algorithm>

#include "core/broker/broker.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// Before somebody who says that he is not active is asked again.
constexpr Duration ask_again_backoff = milliseconds(20);
constexpr Duration lifecycle_wait_max = milliseconds(500);
// How long a topic that was made elsewhere may take to be known here.
constexpr Duration known_wait_max = seconds(1);
// What clients ask for may be thousands of partitions.
constexpr Duration forwarded_time = seconds(30);

template <class Response>
bool comes_from_nobody(const Response& response) {
    return response.error_code == ErrorCode::not_controller;
}
bool comes_from_nobody(const CreateTopicsResponse& response) {
    return std::ranges::any_of(response.topics, [](const auto& topic) {
        return topic.error_code == ErrorCode::not_controller;
    });
}

// User:ANONYMOUS, as Kafka's default principal builder writes it: nobody has said who he is.
Bytes anonymous_principal() {
    constexpr std::uint8_t bytes[] = {0,   0,   5,   'U', 's', 'e', 'r', 10, 'A', 'N',
                                      'O', 'N', 'Y', 'M', 'O', 'U', 'S', 0,  0};
    return Bytes::copy_of(bytes);
}

// As Java's InetAddress has it; what is no such address of itself is nowhere.
Bytes host_bytes(const std::string& host) {
    std::uint8_t bytes[4] = {};
    std::size_t at = 0;
    unsigned value = 0;
    for (const char c : host + ".") {
        if (c >= '0' && c <= '9' && value <= 255)
            value = value * 10 + static_cast<unsigned>(c - '0');
        else if (c == '.' && value <= 255 && at < std::size(bytes)) {
            bytes[at++] = static_cast<std::uint8_t>(value);
            value = 0;
        } else
            return Bytes::copy_of(std::vector<std::uint8_t>(4));
    }
    return Bytes::copy_of(bytes);
}

}  // namespace

ControllerChannel::ControllerChannel(env::Env& env, const BrokerConfig& config,
                                     MetadataDriver& metadata, ActiveController& here, Peers* peers)
    : env_(env),
      config_(config),
      metadata_(metadata),
      here_(here),
      peers_(peers),
      moved_(env.scheduler) {}

void ControllerChannel::stop() {
    stopping_ = true;
    moved_.notify_all();
}

Result<ControllerChannel::Place> ControllerChannel::find(Time deadline) {
    while (!stopping_) {
        if (metadata_.is_active()) return Place();
        const auto leader = metadata_.quorum().leader_endpoint();
        if (leader && leader->node != config_.node_id && peers_ != nullptr)
            return Place(env::Address{leader->host, leader->port});
        const auto waited = moved_.wait_until(deadline);
        if (waited.failed()) return Error::stopped;
    }
    return Error::stopped;
}

Result<void> ControllerChannel::wait_to_ask_again(Time deadline) {
    const Time again = env_.clock.now() + ask_again_backoff;
    if (stopping_ || again >= deadline) return Error::stopped;
    const auto waited = moved_.wait_until(again);
    return waited.failed() && waited.error() != Error::timed_out ? waited : Result<void>();
}

// Who is active is found again as long as the one who was asked has not got the request, or says
// that he is not.
template <class Request>
auto ControllerChannel::ask_active(const Request& request, const Peers::How& how)
    -> Result<typename ApiOf<Request>::type::Response> {
    using Answer = Result<typename ApiOf<Request>::type::Response>;
    // Who shows that it lives tries again by itself, with what it knows then.
    const bool repeated = how.line == Peers::Line::lifecycle;
    const Time deadline =
        env_.clock.now() + (repeated ? lifecycle_wait_max : config_.cluster.controller_wait_max);
    for (;;) {
        TRY(const Place place, find(deadline));
        Answer answer = place ? peers_->ask(*place, request, how)
                              : here_.decide(request, Version(Request::versions.last));
        if (answer && !comes_from_nobody(*answer)) return answer;
        // It was active when it was asked: what it appended may stay.
        if (!place && answer.failed() && answer.error() == Error::stopped) return Error::closed;
        const bool nothing_done = answer || answer.error() == Error::refused;
        if (!nothing_done) return answer.error();
        CHECK_OK(wait_to_ask_again(deadline));
    }
}

Result<AlterPartitionResponse> ControllerChannel::ask(const AlterPartitionRequest& request) {
    return ask_active(request, {.line = Peers::Line::controller});
}

Result<AssignReplicasToDirsResponse> ControllerChannel::ask(
    const AssignReplicasToDirsRequest& request) {
    return ask_active(request, {.line = Peers::Line::controller});
}

Result<BrokerRegistrationResponse> ControllerChannel::ask(
    const BrokerRegistrationRequest& request) {
    return ask_active(request, {.line = Peers::Line::lifecycle});
}

Result<BrokerHeartbeatResponse> ControllerChannel::ask(const BrokerHeartbeatRequest& request) {
    return ask_active(request, {.line = Peers::Line::lifecycle});
}

Result<ControllerRegistrationResponse> ControllerChannel::ask(
    const ControllerRegistrationRequest& request) {
    return ask_active(request, {.line = Peers::Line::controller});
}

Result<AllocateProducerIdsResponse> ControllerChannel::ask(
    const AllocateProducerIdsRequest& request) {
    return ask_active(request, {.line = Peers::Line::controller});
}

Result<CreateTopicsResponse> ControllerChannel::ask(const CreateTopicsRequest& request) {
    auto made = ask_active(request, {.line = Peers::Line::forwarded, .extra_time = forwarded_time});
    if (made && made->topics.size() != request.topics.size()) return Error::invalid;
    if (made) wait_until_known(*made);
    return made;
}

// Whoever made a topic finds it, unless this node is far behind.
void ControllerChannel::wait_until_known(const CreateTopicsResponse& made) {
    const Time deadline = env_.clock.now() + known_wait_max;
    const auto is_known = [this](const auto& topic) {
        return topic.error_code != ErrorCode::none || topic.topic_id.is_zero() ||
               metadata_.committed_image().topic(topic.topic_id) != nullptr;
    };
    while (!stopping_ && (metadata_.published_end() < metadata_.committed_image().next_offset ||
                          !std::ranges::all_of(made.topics, is_known)))
        if (moved_.wait_until(deadline).failed()) return;
}

Result<std::optional<Bytes>> ControllerChannel::forward(const Bytes& frame,
                                                        const env::Address& client) {
    const Time deadline = env_.clock.now() + config_.cluster.controller_wait_max;
    const EnvelopeRequest request{frame, anonymous_principal(), host_bytes(client.host)};
    for (;;) {
        TRY(const Place place, find(deadline));
        if (!place) return std::optional<Bytes>();
        const auto answer = peers_->ask(
            *place, request, {.line = Peers::Line::forwarded, .extra_time = forwarded_time});
        if (answer && answer->error_code == ErrorCode::none && answer->response_data)
            return std::optional(*answer->response_data);
        const bool nothing_done = answer ? answer->error_code == ErrorCode::not_controller
                                         : answer.error() == Error::refused;
        if (!nothing_done) return answer ? Error::invalid : answer.error();
        CHECK_OK(wait_to_ask_again(deadline));
    }
}

namespace {

template <class Request>
auto ask_from(Broker& broker, const Request& request)
    -> Result<typename ApiOf<Request>::type::Response> {
    Result<typename ApiOf<Request>::type::Response> response = Error::stopped;
    CHECK_OK(env::call(broker.env().shards, ShardId(0),
                       [&] { response = broker.on(ShardId(0)).controller().ask(request); }));
    return response;
}

}  // namespace

Result<AlterPartitionResponse> ask_controller(Broker& broker,
                                              const AlterPartitionRequest& request) {
    return ask_from(broker, request);
}

Result<AssignReplicasToDirsResponse> ask_controller(Broker& broker,
                                                    const AssignReplicasToDirsRequest& request) {
    return ask_from(broker, request);
}

Result<AllocateProducerIdsResponse> ask_controller(Broker& broker,
                                                   const AllocateProducerIdsRequest& request) {
    return ask_from(broker, request);
}

Result<CreateTopicsResponse> ask_controller(Broker& broker, const CreateTopicsRequest& request) {
    return ask_from(broker, request);
}

}  // namespace sluice::broker
