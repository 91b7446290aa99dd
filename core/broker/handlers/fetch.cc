// Fetch: its sessions, and what it answers.

#include <limits>

#include "core/base/probe.h"
#include "core/broker/handlers/fetch_operation.h"
#include "core/broker/handlers/leader_hints.h"

namespace sluice::broker {

using namespace protocol;

namespace {

constexpr Version fetch_hints_since{16};

}  // namespace

FetchResponse FetchOperation::response() {
    FetchResponse response;
    LeaderHints hints(broker_.image());
    for (FetchItem& item : items_) {
        if (response.responses.empty() || response.responses.back().topic != item.topic->topic ||
            response.responses.back().topic_id != item.topic->topic_id) {
            response.responses.emplace_back();
            response.responses.back().topic = item.topic->topic;
            response.responses.back().topic_id = item.topic->topic_id;
        }
        FetchResponse::Partition answer;
        answer.partition_index = item.wanted->partition;
        answer.error_code = item.error;
        answer.high_watermark = item.high_watermark;
        answer.last_stable_offset = item.high_watermark;
        answer.log_start_offset = item.log_start;
        // Kafka's errors tell nothing about the log.
        if (item.error != ErrorCode::none && !PLANT("fetch.error_tells_offsets"))
            answer.high_watermark = answer.last_stable_offset = answer.log_start_offset =
                Offset(-1);
        answer.aborted_transactions.reset();
        answer.diverging_epoch = item.diverging;
        if (version_ >= fetch_hints_since)
            if (const auto* state = hints.hint(item.id, item.error))
                answer.current_leader = {state->leader, state->leader_epoch};
        answer.records = std::move(item.records);
        response.responses.back().partitions.push_back(std::move(answer));
    }
    response.node_endpoints = hints.endpoints<FetchResponse::NodeEndpoint>();
    return response;
}

FetchResponse handle(const RequestContext& context, FetchRequest request) {
    if (context.session.listener == ListenerKind::controllers)
        return fetch_metadata_log(context, request);
    Broker& broker = context.broker;
    FetchSessions& sessions = broker.fetch_sessions();
    const auto fresh = FetchSessionId(static_cast<std::int32_t>(
        broker.env().random.between(1, std::numeric_limits<std::int32_t>::max())));
    const auto exists = [&](const FetchRequest::Topic& topic, PartitionIndex index) {
        const metadata::TopicState* found = fetched_topic(broker.image(), topic, context.version);
        return found != nullptr && found->partition(index) != nullptr;
    };
    const FetchSessions::Plan plan =
        sessions.begin(request, context.version, fresh, broker.env().clock.now(), exists);
    if (plan.error != ErrorCode::none) {
        FetchResponse refused;
        refused.error_code = plan.error;
        return refused;
    }
    FetchResponse response = FetchOperation(broker, request, context.version).run();
    sessions.finish(plan, response);
    return response;
}

}  // namespace sluice::broker
