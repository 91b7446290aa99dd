// CreateTopics, DeleteTopics and CreatePartitions: the controller decides, here is the way to it.

#include "core/broker/controller_channel.h"
#include "core/broker/errors.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/topic_creation.h"
#include "core/broker/metadata_driver.h"
#include "core/metadata/config_view.h"

namespace sluice::broker {

using namespace protocol;

Result<void> on_controller(Broker& broker, const std::function<void(MetadataDriver&)>& body) {
    return env::call(broker.env().shards, ShardId(0),
                     [&] { body(broker.on(ShardId(0)).metadata()); });
}

namespace {

// The configuration a topic has from now on, as the answer of version 5 shows it.
void show_configs(Broker& broker, const CreateTopicsRequest& request,
                  CreateTopicsResponse::Topic& made) {
    const auto asked =
        std::ranges::find(request.topics, made.name, &CreateTopicsRequest::Topic::name);
    made.configs.emplace();
    for (const metadata::ConfigDefinition& definition : metadata::topic_configs()) {
        const metadata::ConfigInForce inherited =
            broker_config_in_force(broker.image(), broker.broker_values(), definition);
        CreateTopicsResponse::Config shown;
        shown.name = definition.name;
        shown.value = inherited.value;
        shown.config_source = static_cast<std::int8_t>(inherited.source);
        for (const auto& given : asked->configs) {
            if (given.name != definition.name) continue;
            shown.value = given.value;
            shown.config_source = static_cast<std::int8_t>(metadata::ConfigSource::topic);
        }
        made.configs->push_back(std::move(shown));
    }
}

CreateTopicsResponse not_created(const CreateTopicsRequest& request, Error why) {
    CreateTopicsResponse failed;
    for (const auto& topic : request.topics) {
        CreateTopicsResponse::Topic answer;
        answer.name = topic.name;
        answer.error_code = change_error(why);
        answer.error_message = std::string(name_of(answer.error_code));
        failed.topics.push_back(std::move(answer));
    }
    return failed;
}

}  // namespace

CreateTopicsResponse create_topics(Broker& broker, const CreateTopicsRequest& request) {
    auto response = ask_controller(broker, request);
    if (response) return std::move(*response);

    return not_created(request, response.error());
}

// Asked of this node as the active controller: what others decide is forwarded before
// (dispatch.cc), and asked only once.
CreateTopicsResponse handle(const RequestContext& context, CreateTopicsRequest request) {
    Broker& broker = context.broker;
    Result<CreateTopicsResponse> response = Error::stopped;
    const auto reached = env::call(broker.env().shards, ShardId(0), [&] {
        response = broker.on(ShardId(0)).controller().here().decide(request, context.version);
    });
    if (reached.failed() || response.failed()) return not_created(request, response.error());
    for (CreateTopicsResponse::Topic& topic : response->topics)
        if (topic.error_code == ErrorCode::none) show_configs(broker, request, topic);
    return std::move(*response);
}

DeleteTopicsResponse handle(const RequestContext& context, DeleteTopicsRequest request) {
    Result<DeleteTopicsResponse> response = Error::stopped;
    const auto reached = on_controller(context.broker, [&](MetadataDriver& driver) {
        response = driver.commit<DeleteTopicsResponse>([&](const metadata::Controller& controller) {
            return controller.delete_topics(request, context.version);
        });
    });
    if (reached && response) return std::move(*response);

    DeleteTopicsResponse failed;
    const auto refuse = [&](std::optional<std::string> name, const TopicId& id) {
        DeleteTopicsResponse::Topic answer;
        answer.name = std::move(name);
        answer.topic_id = id;
        answer.error_code = change_error(response.error());
        failed.responses.push_back(std::move(answer));
    };
    for (const auto& topic : request.topics) refuse(topic.name, topic.topic_id);
    for (const auto& name : request.topic_names) refuse(name, {});
    return failed;
}

CreatePartitionsResponse handle(const RequestContext& context, CreatePartitionsRequest request) {
    Result<CreatePartitionsResponse> response = Error::stopped;
    const auto reached = on_controller(context.broker, [&](MetadataDriver& driver) {
        response =
            driver.commit<CreatePartitionsResponse>([&](const metadata::Controller& controller) {
                return controller.create_partitions(request);
            });
    });
    if (reached && response) return std::move(*response);

    CreatePartitionsResponse failed;
    for (const auto& topic : request.topics)
        failed.results.push_back({topic.name, change_error(response.error()), std::nullopt});
    return failed;
}

}  // namespace sluice::broker
