// Configurations: described here, changed by the controller.

#include <algorithm>

#include "core/broker/errors.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/topic_creation.h"
#include "core/broker/metadata_driver.h"

namespace sluice::broker {

using namespace protocol;
using metadata::ConfigInForce;
using metadata::ConfigSource;
using metadata::ResourceType;

namespace {

// Equal resources become one, of which is told what any of them asks for.
std::vector<DescribeConfigsRequest::Resource> merged(
    std::vector<DescribeConfigsRequest::Resource> resources) {
    std::map<std::pair<std::int8_t, std::string>, std::size_t> places;
    std::vector<DescribeConfigsRequest::Resource> distinct;
    for (auto& resource : resources) {
        const auto [place, is_new] =
            places.try_emplace({resource.resource_type, resource.resource_name}, distinct.size());
        if (is_new) {
            distinct.push_back(std::move(resource));
            continue;
        }
        auto& keys = distinct[place->second].configuration_keys;
        const auto& more = resource.configuration_keys;
        if (!keys || keys->empty()) continue;  // All of them.
        if (!more || more->empty())
            keys.reset();
        else
            keys->insert(keys->end(), more->begin(), more->end());
    }
    return distinct;
}

// About what an answer takes in memory.
std::size_t size_of(const DescribeConfigsResponse::Resource& answer) {
    std::size_t size = sizeof(answer) + answer.resource_name.size();
    for (const auto& config : answer.configs) {
        size += sizeof(config) + config.name.size() + config.value.value_or("").size();
        for (const auto& synonym : config.synonyms)
            size += sizeof(synonym) + synonym.name.size() + synonym.value.value_or("").size();
    }
    return size;
}

bool is_asked(const DescribeConfigsRequest::Resource& resource, std::string_view name) {
    return !resource.configuration_keys || resource.configuration_keys->empty() ||
           std::ranges::find(*resource.configuration_keys, name) !=
               resource.configuration_keys->end();
}

DescribeConfigsResponse::Config shown(std::string_view name, const ConfigInForce& config,
                                      bool with_synonyms) {
    DescribeConfigsResponse::Config told;
    told.name = name;
    told.value = config.value;
    if (config.synonyms.empty() && config.definition->synonym == name) told.value.reset();
    told.config_source = static_cast<std::int8_t>(config.source);
    told.config_type = static_cast<std::int8_t>(config.definition->type);
    told.documentation.reset();
    if (!with_synonyms) return told;
    for (const auto& synonym : config.synonyms)
        told.synonyms.push_back(
            {synonym.name, synonym.value, static_cast<std::int8_t>(synonym.source)});
    return told;
}

void describe_topic(const RequestContext& context, const DescribeConfigsRequest::Resource& resource,
                    bool with_synonyms, DescribeConfigsResponse::Resource& answer) {
    const metadata::MetadataImage& image = context.broker.image();
    if (image.topic(resource.resource_name) == nullptr) {
        answer.error_code = ErrorCode::unknown_topic_or_partition;
        answer.error_message = "This server does not host this topic-partition.";
        return;
    }
    for (const metadata::ConfigDefinition& definition : metadata::topic_configs())
        if (is_asked(resource, definition.name))
            answer.configs.push_back(shown(definition.name,
                                           config_in_force(image, context.broker.broker_values(),
                                                           resource.resource_name, definition),
                                           with_synonyms));
}

void describe_broker(const RequestContext& context,
                     const DescribeConfigsRequest::Resource& resource, bool with_synonyms,
                     DescribeConfigsResponse::Resource& answer) {
    Broker& broker = context.broker;
    const bool of_all = resource.resource_name.empty();
    if (!of_all && resource.resource_name != std::to_string(broker.config().node_id.value)) {
        answer.error_code = ErrorCode::invalid_request;
        answer.error_message = "Unexpected broker id, expected " +
                               std::to_string(broker.config().node_id.value) +
                               " or empty string, but received " + resource.resource_name;
        return;
    }
    for (const metadata::ConfigDefinition& definition : metadata::topic_configs()) {
        if (definition.synonym.empty() || !is_asked(resource, definition.synonym)) continue;
        const ConfigInForce config =
            broker_config_in_force(broker.image(), broker.broker_values(), definition);
        if (of_all && config.source != ConfigSource::brokers) continue;
        answer.configs.push_back(shown(definition.synonym, config, with_synonyms));
    }
    for (const auto& [name, option] : broker.config().shown) {
        if (of_all || !is_asked(resource, name)) continue;
        DescribeConfigsResponse::Config told;
        told.name = name;
        told.value = option.value;
        told.read_only = true;
        told.config_source = static_cast<std::int8_t>(option.source);
        told.config_type = static_cast<std::int8_t>(option.type);
        told.documentation.reset();
        answer.configs.push_back(std::move(told));
    }
    std::ranges::sort(answer.configs, {}, &DescribeConfigsResponse::Config::name);
}

template <class Request, class Response>
Response alter(const RequestContext& context, const Request& request) {
    Result<Response> response = Error::stopped;
    const auto reached = on_controller(context.broker, [&](MetadataDriver& driver) {
        response = driver.commit<Response>([&](const metadata::Controller& controller) {
            return controller.alter_configs(request);
        });
    });
    if (reached && response) return std::move(*response);
    Response failed;
    for (const auto& resource : request.resources) {
        typename Response::Resource answer;
        answer.error_code = change_error(response.error());
        answer.error_message.reset();
        answer.resource_type = resource.resource_type;
        answer.resource_name = resource.resource_name;
        failed.responses.push_back(std::move(answer));
    }
    return failed;
}

}  // namespace

DescribeConfigsResponse handle(const RequestContext& context, DescribeConfigsRequest request) {
    DescribeConfigsResponse response;
    const ReplyMemory& memory = context.broker.reply_memory();
    std::size_t room = std::max(memory.left(), memory.granted());
    for (const auto& resource : merged(std::move(request.resources))) {
        DescribeConfigsResponse::Resource answer;
        answer.error_message.reset();
        answer.resource_type = resource.resource_type;
        answer.resource_name = resource.resource_name;
        const auto type = static_cast<ResourceType>(resource.resource_type);
        if (room == 0) {
            answer.error_code = ErrorCode::policy_violation;
            answer.error_message =
                "The answer would take more memory than queued.max.response.bytes leaves: ask for "
                "fewer resources at a time.";
        } else if (type == ResourceType::topic) {
            describe_topic(context, resource, request.include_synonyms, answer);
        } else if (type == ResourceType::broker) {
            describe_broker(context, resource, request.include_synonyms, answer);
        } else {
            answer.error_code = ErrorCode::invalid_request;
            answer.error_message = "Configurations of this resource type are not served.";
        }
        room -= std::min(room, size_of(answer));
        response.results.push_back(std::move(answer));
    }
    return response;
}

AlterConfigsResponse handle(const RequestContext& context, AlterConfigsRequest request) {
    return alter<AlterConfigsRequest, AlterConfigsResponse>(context, request);
}

IncrementalAlterConfigsResponse handle(const RequestContext& context,
                                       IncrementalAlterConfigsRequest request) {
    return alter<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(context, request);
}

ListConfigResourcesResponse handle(const RequestContext& context,
                                   ListConfigResourcesRequest request) {
    ListConfigResourcesResponse response;
    constexpr std::int8_t known[] = {2, 4, 8, 16, 32};
    for (const std::int8_t type : request.resource_types) {
        if (std::ranges::find(known, type) != std::end(known)) continue;
        response.error_code = ErrorCode::unsupported_version;
        return response;
    }
    const auto wants = [&](ResourceType type) {
        if (context.version == Version(0)) return type == ResourceType::client_metrics;
        return request.resource_types.empty() ||
               std::ranges::find(request.resource_types, static_cast<std::int8_t>(type)) !=
                   request.resource_types.end();
    };
    const metadata::MetadataImage& image = context.broker.image();
    if (wants(ResourceType::topic))
        for (const auto& [name, topic] : image.topics_by_name)
            response.config_resources.push_back(
                {name, static_cast<std::int8_t>(ResourceType::topic)});
    if (wants(ResourceType::broker))
        for (const auto& [id, broker] : image.brokers)
            response.config_resources.push_back(
                {std::to_string(id.value), static_cast<std::int8_t>(ResourceType::broker)});
    return response;
}

}  // namespace sluice::broker
