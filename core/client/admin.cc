#include "core/client/admin.h"

namespace sluice::client {

using protocol::ErrorCode;

namespace {

template <class Item>
Result<void, Refusal> outcome_of(const std::vector<Item>& items) {
    if (items.size() != 1) return Refusal{.error = Error::invalid, .message = {}};
    const Item& item = items.front();
    if (item.error_code == ErrorCode::none) return {};
    return Refusal{.code = item.error_code, .message = item.error_message.value_or("")};
}

}  // namespace

Result<void, Refusal> Admin::create_topic(const NewTopic& topic) {
    protocol::CreateTopicsRequest request;
    protocol::CreateTopicsRequest::Topic wanted;
    wanted.name = topic.name;
    wanted.num_partitions = topic.partitions;
    wanted.replication_factor = topic.replication;
    for (const auto& [name, value] : topic.configs) wanted.configs.push_back({name, value});
    request.topics.push_back(std::move(wanted));
    TRY(const auto reply, ask(request));
    cluster_.forget(topic.name);
    return outcome_of(reply.topics);
}

Result<void, Refusal> Admin::delete_topic(const std::string& name) {
    protocol::DeleteTopicsRequest request;
    request.topics.push_back({.name = name, .topic_id = {}});
    request.timeout_ms =
        static_cast<std::int32_t>(to_milliseconds(cluster_.options().request_time_max));
    TRY(const auto reply, ask(request));
    cluster_.forget(name);
    return outcome_of(reply.responses);
}

Result<void, Refusal> Admin::add_partitions(const std::string& name, std::int32_t total) {
    protocol::CreatePartitionsRequest request;
    request.topics.push_back({.name = name, .count = total, .assignments = std::nullopt});
    request.timeout_ms =
        static_cast<std::int32_t>(to_milliseconds(cluster_.options().request_time_max));
    TRY(const auto reply, ask(request));
    cluster_.forget(name);
    return outcome_of(reply.results);
}

Result<protocol::MetadataResponse, Refusal> Admin::topics(const std::vector<std::string>& names) {
    protocol::MetadataRequest request;
    request.allow_auto_topic_creation = false;
    if (names.empty()) {
        request.topics.reset();
    } else {
        for (const std::string& name : names)
            request.topics->push_back({.topic_id = {}, .name = name});
    }
    TRY(auto reply, ask(request));
    for (const auto& topic : reply.topics)
        if (topic.error_code != ErrorCode::none)
            return Refusal{.code = topic.error_code, .message = "topic " + topic.name.value_or("")};
    return reply;
}

}  // namespace sluice::client
