// What the controller decides about configurations.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/probe.h"
#include "core/metadata/controller.h"
#include "core/metadata/min_isr.h"

namespace sluice::metadata {

using protocol::AlterConfigsRequest;
using protocol::AlterConfigsResponse;
using protocol::ErrorCode;
using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;

namespace {

// IncrementalAlterConfigs' numbers.
enum class Operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

const ConfigDefinition* find_config(const ConfigResource& resource, std::string_view name) {
    return resource.type == ResourceType::topic ? find_topic_config(name)
                                                : find_broker_config(name);
}

std::optional<ItemError> check_value(const ConfigResource& resource, const std::string& name,
                                     std::string_view value) {
    const ConfigDefinition* definition = find_config(resource, name);
    if (definition == nullptr)
        return ItemError{
            ErrorCode::invalid_config,
            resource.type == ResourceType::topic
                ? fmt::format("Unknown topic config name: {}", name)
                : fmt::format("{} is no configuration that can be changed while the broker runs; "
                              "others are set where it is started.",
                              name)};
    return complaint_about_topic_config(definition->name, value);
}

std::vector<std::string> items_of(std::string_view list) {
    std::vector<std::string> items;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (comma > 0) items.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(list.size(), comma + 1));
    }
    return items;
}

std::string joined(const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, ","));
}

std::string changed_list(Operation operation, std::string_view now, std::string_view change) {
    std::vector<std::string> items = items_of(now);
    for (const std::string& item : items_of(change)) {
        if (operation == Operation::subtract)
            std::erase(items, item);
        else if (std::ranges::find(items, item) == items.end())
            items.push_back(item);
    }
    return joined(items);
}

protocol::ConfigRecord record(const ConfigResource& resource, const std::string& name,
                              std::optional<std::string> value) {
    return {static_cast<std::int8_t>(resource.type), resource.name, name, std::move(value)};
}

template <class Response>
void answer(Response& response, const ConfigResource& resource, const ItemError& error) {
    typename Response::Resource told;
    told.error_code = error.code;
    told.error_message.reset();
    if (error.code != ErrorCode::none) told.error_message = error.message;
    told.resource_type = static_cast<std::int8_t>(resource.type);
    told.resource_name = resource.name;
    response.responses.push_back(std::move(told));
}

}  // namespace

std::optional<ItemError> Controller::check_resource(const ConfigResource& resource) const {
    if (resource.type == ResourceType::topic) {
        if (image_.topic(resource.name) != nullptr) return std::nullopt;
        return ItemError{ErrorCode::unknown_topic_or_partition,
                         "This server does not host this topic-partition."};
    }
    if (resource.type != ResourceType::broker)
        return ItemError{ErrorCode::invalid_request,
                         fmt::format("Configurations of resource type {} are not served.",
                                     static_cast<int>(resource.type))};
    std::int32_t id = 0;
    const auto [end, error] =
        std::from_chars(resource.name.data(), resource.name.data() + resource.name.size(), id);
    const bool is_number =
        error == std::errc{} && end == resource.name.data() + resource.name.size();
    if (resource.name.empty() || (is_number && image_.brokers.contains(BrokerId(id))))
        return std::nullopt;
    return ItemError{
        ErrorCode::invalid_request,
        fmt::format("Unexpected broker id {}: no such broker is registered.", resource.name)};
}

Result<Controller::Changes, ItemError> Controller::replacing(
    const ConfigResource& resource, const std::vector<AlterConfigsRequest::Config>& configs) const {
    if (auto error = check_resource(resource)) return *error;
    Changes changes;
    for (const auto& config : configs) {
        if (!config.value)
            return ItemError{ErrorCode::invalid_config,
                             fmt::format("Null value not supported for : {}", config.name)};
        if (auto error = check_value(resource, config.name, *config.value)) return *error;
        changes.push_back(record(resource, config.name, config.value));
    }
    for (const auto& [name, value] : image_.config(resource))
        if (std::ranges::find(configs, name, &AlterConfigsRequest::Config::name) == configs.end())
            changes.push_back(record(resource, name, std::nullopt));
    return changes;
}

Result<Controller::Changes, ItemError> Controller::changing(
    const ConfigResource& resource,
    const std::vector<IncrementalAlterConfigsRequest::Config>& configs) const {
    if (auto error = check_resource(resource)) return *error;
    Changes changes;
    for (const auto& config : configs) {
        const auto operation = static_cast<Operation>(config.config_operation);
        if (config.config_operation < 0 || operation > Operation::subtract)
            return ItemError{ErrorCode::invalid_request,
                             fmt::format("Unknown operation type {}", config.config_operation)};
        if (std::ranges::find(changes, config.name, &protocol::ConfigRecord::name) != changes.end())
            return ItemError{ErrorCode::invalid_request,
                             fmt::format("{} stands twice in the request.", config.name)};
        if (operation == Operation::remove) {
            if (image_.config(resource).contains(config.name))
                changes.push_back(record(resource, config.name, std::nullopt));
            continue;
        }
        if (!config.value)
            return ItemError{ErrorCode::invalid_config,
                             fmt::format("Null value not supported for : {}", config.name)};
        std::string value = *config.value;
        if (operation != Operation::set) {
            const ConfigDefinition* definition = find_config(resource, config.name);
            if (definition != nullptr && definition->type != ConfigType::list)
                return ItemError{
                    ErrorCode::invalid_config,
                    fmt::format("Can't change {} by APPEND or SUBTRACT: it is no list.",
                                config.name)};
            if (definition != nullptr)
                value =
                    changed_list(operation, value_in_force(image_, resource, *definition), value);
        }
        if (auto error = check_value(resource, config.name, value)) return *error;
        changes.push_back(record(resource, config.name, value));
        if (!PLANT("metadata.setting_one_clears_others")) continue;
        for (const auto& [name, other] : image_.config(resource))
            if (name != config.name) changes.push_back(record(resource, name, std::nullopt));
    }
    return changes;
}

void Controller::log_changes(const ConfigResource& resource, const Changes& changes,
                             std::vector<protocol::MetadataRecord>& records) const {
    records.insert(records.end(), changes.begin(), changes.end());
    const bool of_all = resource.type == ResourceType::broker && resource.name.empty();
    if (!of_all && resource.type != ResourceType::topic) return;
    const auto min_isr =
        std::ranges::find(changes, "min.insync.replicas", &protocol::ConfigRecord::name);
    if (min_isr == changes.end() || image_.feature(eligible_replicas_feature) < 1) return;
    const std::int64_t before = min_isr_of(image_, resource);
    if (min_isr->value && min_isr_from(*min_isr->value) >= before) return;
    for (const auto& [name, topic] : image_.topics_by_name)
        if (of_all || name == resource.name) clear_eligible(*topic, records);
}

// KIP-966: fewer are enough from now on, so that more may be committed than those have who are
// eligible by what was asked for before. Where nobody leads nothing can be, and they are all there
// is: a ClearElrRecord would take them too.
void Controller::clear_eligible(const TopicState& topic,
                                std::vector<protocol::MetadataRecord>& records) const {
    for (const auto& [index, partition] : topic.partitions) {
        if (partition.leader == BrokerId(-1) || partition.eligible_leader_replicas.empty())
            continue;
        protocol::PartitionChangeRecord change;
        change.topic_id = topic.id;
        change.partition_id = index;
        change.eligible_leader_replicas = std::vector<BrokerId>{};
        records.emplace_back(change);
    }
}

Decision<AlterConfigsResponse> Controller::alter_configs(const AlterConfigsRequest& request) const {
    Decision<AlterConfigsResponse> decision;
    for (const auto& item : request.resources) {
        const ConfigResource resource{static_cast<ResourceType>(item.resource_type),
                                      item.resource_name};
        auto changes = replacing(resource, item.configs);
        answer(decision.reply, resource, changes.failed() ? changes.error() : ItemError{});
        if (changes && !request.validate_only) log_changes(resource, *changes, decision.records);
    }
    return decision;
}

Decision<IncrementalAlterConfigsResponse> Controller::alter_configs(
    const IncrementalAlterConfigsRequest& request) const {
    Decision<IncrementalAlterConfigsResponse> decision;
    for (const auto& item : request.resources) {
        const ConfigResource resource{static_cast<ResourceType>(item.resource_type),
                                      item.resource_name};
        auto changes = changing(resource, item.configs);
        answer(decision.reply, resource, changes.failed() ? changes.error() : ItemError{});
        if (changes && !request.validate_only) log_changes(resource, *changes, decision.records);
    }
    return decision;
}

}  // namespace sluice::metadata
