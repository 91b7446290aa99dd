// Produce: batches are checked and ordered in the order of the requests; the answers wait for the
// disk and do not hold up the requests behind them.

#include <algorithm>

#include "core/base/probe.h"
#include "core/broker/errors.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/leader_hints.h"
#include "core/broker/handlers/transactions.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {

using namespace protocol;

namespace {

class ProduceReply final : public PendingReply {
public:
    ProduceReply(const RequestContext& context, ProduceRequest request)
        : broker_(context.broker),
          header_(context.header),
          version_(context.version),
          request_(std::move(request)),
          image_(context.broker.shared_image()),
          deadline_(context.broker.env().clock.now() +
                    milliseconds(std::max(request_.timeout_ms, 0))) {}

    void start();
    Result<std::vector<Bytes>> finish() override;
    bool is_ready() const override;

private:
    struct Item {
        PartitionId id;
        const ProduceRequest::Partition* data;
        ProduceOutcome outcome;
        Partition::Use partition;  // On the item's home shard.
    };
    // The items of one home shard, and the call that carries them there.
    struct Group {
        explicit Group(env::Shards& shards) : call(shards) {}
        std::vector<Item*> items;
        env::RemoteCall call;
    };

    ErrorCode resolve(const ProduceRequest::Topic& topic, Item& item) const;
    void append_group(Broker& there, Group& group);
    void commit_group(Group& group);
    void give_up(ShardId home, Group& group);
    ProduceResponse response();
    ProduceResponse::Partition partition_response(const Item& item, LeaderHints& hints) const;

    Broker& broker_;
    RequestHeader header_;
    Version version_;
    ProduceRequest request_;
    Shared<const metadata::MetadataImage> image_;
    const Time deadline_;      // Until when others are waited for.
    std::vector<Item> items_;  // In the order of the request.
    std::map<ShardId, std::unique_ptr<Group>> groups_;
};

constexpr Version hints_since{10};
constexpr std::int16_t all_in_sync = -1;  // acks

bool acks_are_valid(std::int16_t acks) {
    return acks >= -1 && acks <= 1;
}

ErrorCode ProduceReply::resolve(const ProduceRequest::Topic& topic, Item& item) const {
    if (!acks_are_valid(request_.acks)) return ErrorCode::invalid_required_acks;
    if (request_.transactional_id) return ErrorCode::invalid_request;
    const bool by_id = version_ >= Version(13);
    const metadata::TopicState* found =
        by_id ? image_->topic(topic.topic_id) : image_->topic(topic.name);
    if (found == nullptr)
        return by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
    if (found->partition(item.data->index) == nullptr) return ErrorCode::unknown_topic_or_partition;
    if (metadata::is_internal_topic(found->name) && header_.client_id != "__admin_client")
        return ErrorCode::invalid_topic_exception;
    item.id = {found->id, item.data->index};
    return ErrorCode::none;
}

void ProduceReply::start() {
    for (const auto& topic : request_.topic_data)
        for (const auto& partition : topic.partition_data) {
            Item item;
            item.data = &partition;
            item.outcome.error = resolve(topic, item);
            if (request_.transactional_id) item.outcome.message = no_transactions;
            items_.push_back(std::move(item));
        }
    for (Item& item : items_) {
        if (item.outcome.error != ErrorCode::none) continue;
        auto& group = groups_[broker_.home_of(item.id)];
        if (!group) group = std::make_unique<Group>(broker_.env().shards);
        group->items.push_back(&item);
    }
    for (auto& [home, group] : groups_) {
        Broker& there = broker_.on(home);
        group->call.start(
            home, [this, &there, &to = *group] { append_group(there, to); },
            [this, &to = *group] { commit_group(to); });
    }
}

void ProduceReply::append_group(Broker& there, Group& group) {
    const AppendOrigin origin{.produce_version = version_,
                              .is_client = true,
                              .in_sync = request_.acks == all_in_sync,
                              .decompressed_bytes_max = there.config().decompressed_bytes_max};
    for (Item* item : group.items) {
        item->partition = there.find(item->id);
        if (!item->partition)
            item->outcome.error = there.error_for_missing(item->id);
        else if (!item->data->records)
            item->outcome.error = ErrorCode::invalid_record;
        else
            item->outcome = item->partition->append(item->data->records->view(), origin);
    }
}

void ProduceReply::commit_group(Group& group) {
    for (Item* item : group.items) {
        if (item->outcome.error == ErrorCode::none)
            item->outcome.error = item->partition->wait_committed(item->outcome, deadline_);
        item->partition = Partition::Use();
    }
}

bool ProduceReply::is_ready() const {
    const ShardId here = broker_.env().shards.self();
    return std::ranges::all_of(groups_, [here](const auto& entry) {
        const auto& [home, group] = entry;
        if (home != here) return group->call.has_ended();
        return std::ranges::all_of(group->items, [](const Item* item) {
            return item->outcome.error != ErrorCode::none ||
                   item->partition->is_committed(item->outcome);
        });
    });
}

Result<std::vector<Bytes>> ProduceReply::finish() {
    for (auto& [home, group] : groups_) {
        if (group->call.wait().failed()) give_up(home, *group);
    }
    if (request_.acks == 0 && !PLANT("produce.acks_0_is_answered")) {
        // Without answers a client learns of an error only by the end of its connection.
        for (const Item& item : items_)
            if (item.outcome.error != ErrorCode::none) return Error::closed;
        return std::vector<Bytes>{};
    }
    return encode_frame(ResponseHeader{header_.correlation_id},
                        response_header_version(header_.request_api_key, version_), response(),
                        version_);
}

// That shard had no fiber to spare that waits for the disk.
void ProduceReply::give_up(ShardId home, Group& group) {
    // What is counted there is given back there.
    env::RemoteCall release(broker_.env().shards);
    release.start(
        home,
        [&group] {
            for (Item* item : group.items) {
                if (item->partition) item->partition->give_up(item->outcome);
                item->partition = Partition::Use();
            }
        },
        Task());
    static_cast<void>(release.wait().failed());
    for (Item* item : group.items) item->outcome.error = ErrorCode::request_timed_out;
}

ProduceResponse::Partition ProduceReply::partition_response(const Item& item,
                                                            LeaderHints& hints) const {
    ProduceResponse::Partition answer;
    if (version_ >= hints_since)
        if (const auto* state = hints.hint(item.id, item.outcome.error))
            answer.current_leader = {state->leader, state->leader_epoch};
    answer.index = item.data->index;
    answer.error_code = item.outcome.error;
    if (item.outcome.error != ErrorCode::none) {
        answer.base_offset = Offset(-1);
        answer.record_errors = item.outcome.record_errors;
        if (!item.outcome.message.empty()) answer.error_message = item.outcome.message;
        return answer;
    }
    answer.base_offset = item.outcome.base;
    answer.log_append_time_ms = item.outcome.log_append_time;
    answer.log_start_offset = item.outcome.log_start;
    return answer;
}

ProduceResponse ProduceReply::response() {
    ProduceResponse response;
    LeaderHints hints(broker_.image());
    auto item = items_.cbegin();
    for (const auto& topic : request_.topic_data) {
        ProduceResponse::Topic answer;
        answer.name = topic.name;
        answer.topic_id = topic.topic_id;
        for (std::size_t i = 0; i < topic.partition_data.size(); ++i)
            answer.partition_responses.push_back(partition_response(*item++, hints));
        response.responses.push_back(std::move(answer));
    }
    response.node_endpoints = hints.endpoints<ProduceResponse::NodeEndpoint>();
    return response;
}

}  // namespace

std::unique_ptr<PendingReply> begin_produce(const RequestContext& context, Bytes body) {
    auto request = decode_prefix<ProduceRequest>(
        body, context.version, {.memory_max = context.broker.config().decode_memory_max});
    if (request.failed()) return nullptr;
    if (request->transactional_id) say_no_transactions(context);
    auto reply = std::make_unique<ProduceReply>(context, std::move(*request));
    reply->start();
    return reply;
}

}  // namespace sluice::broker
