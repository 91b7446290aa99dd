#include <fmt/format.h>

#include "core/broker/handlers/authorized_operations.h"
#include "core/broker/handlers/handlers.h"
#include "core/broker/handlers/offline_replicas.h"
#include "core/broker/handlers/once.h"
#include "core/broker/handlers/topic_creation.h"
#include "core/metadata/topic_name.h"

namespace sluice::broker {

using namespace protocol;

namespace {

// Clients may send what the controller decides to any broker, which hands it on.
BrokerId shown_controller(const metadata::MetadataImage& image, BrokerId self) {
    if (image.brokers.empty() || image.is_active(self)) return self;
    for (const auto& [id, broker] : image.brokers)
        if (!broker.fenced) return id;
    return BrokerId(-1);
}

MetadataResponse::Topic describe(const metadata::MetadataImage& image,
                                 const metadata::TopicState& topic) {
    MetadataResponse::Topic shown;
    shown.name = topic.name;
    shown.topic_id = topic.id;
    shown.is_internal = metadata::is_internal_topic(topic.name);
    for (const auto& [index, state] : topic.partitions) {
        MetadataResponse::Partition partition;
        partition.partition_index = index;
        partition.leader_id = state.leader;
        partition.leader_epoch = state.leader_epoch;
        partition.replica_nodes = state.replicas;
        partition.isr_nodes = state.isr;
        partition.offline_replicas = offline_replicas(image, state);
        if (state.leader == BrokerId(-1)) partition.error_code = ErrorCode::leader_not_available;
        shown.partitions.push_back(std::move(partition));
    }
    return shown;
}

MetadataResponse::Topic unknown(std::optional<std::string> name, const TopicId& id,
                                ErrorCode code) {
    MetadataResponse::Topic shown;
    shown.name = std::move(name);
    shown.topic_id = id;
    shown.error_code = code;
    return shown;
}

// Creates those of the topics asked for that do not exist; what becomes of each stands in the
// answer.
std::map<std::string, ErrorCode> create_missing(const RequestContext& context,
                                                const MetadataRequest& request) {
    std::map<std::string, ErrorCode> outcomes;
    CreateTopicsRequest creation;
    for (const auto& topic : *request.topics) {
        if (!topic.name || !topic.topic_id.is_zero() || context.broker.image().topic(*topic.name))
            continue;
        if (!outcomes.emplace(*topic.name, ErrorCode::none).second) continue;
        if (*topic.name == metadata::consumer_offsets_topic) {
            creation.topics.push_back(offsets_topic(context.broker.config()));
            continue;
        }
        CreateTopicsRequest::Topic wanted;
        wanted.name = *topic.name;
        wanted.num_partitions = -1;
        wanted.replication_factor = -1;
        creation.topics.push_back(std::move(wanted));
    }
    if (creation.topics.empty()) return outcomes;
    for (const auto& made : create_topics(context.broker, creation).topics)
        outcomes[made.name] = made.error_code;
    return outcomes;
}

MetadataResponse::Topic look_up(const metadata::MetadataImage& image,
                                const MetadataRequest::Topic& wanted,
                                const std::map<std::string, ErrorCode>& created) {
    if (!wanted.topic_id.is_zero()) {
        const metadata::TopicState* topic = image.topic(wanted.topic_id);
        return topic ? describe(image, *topic)
                     : unknown(std::nullopt, wanted.topic_id, ErrorCode::unknown_topic_id);
    }
    const std::string name = wanted.name.value_or("");
    if (const metadata::TopicState* topic = image.topic(name)) return describe(image, *topic);
    if (metadata::complaint_about_topic_name(name))
        return unknown(name, {}, ErrorCode::invalid_topic_exception);
    const auto outcome = created.find(name);
    const bool told = outcome != created.end() && outcome->second != ErrorCode::none &&
                      outcome->second != ErrorCode::topic_already_exists;
    return unknown(name, {}, told ? outcome->second : ErrorCode::unknown_topic_or_partition);
}

}  // namespace

MetadataResponse handle(const RequestContext& context, MetadataRequest request) {
    Broker& broker = context.broker;
    const bool all = !request.topics || (context.version == Version(0) && request.topics->empty());
    if (!all)
        keep_first(*request.topics,
                   [](const auto& topic) { return std::pair(topic.name, topic.topic_id); });
    std::map<std::string, ErrorCode> created;
    const bool may_create = context.version < Version(4) || request.allow_auto_topic_creation;
    if (!all && may_create && broker.config().auto_create_topics)
        created = create_missing(context, request);

    const Shared<const metadata::MetadataImage> image = broker.shared_image();
    MetadataResponse response;
    response.cluster_id = broker.facts().cluster_id;
    response.controller_id = shown_controller(*image, broker.config().node_id);
    for (const auto& [id, state] : image->brokers) {
        if (state.fenced || state.end_points.empty()) continue;
        response.brokers.push_back(
            {id, state.end_points.front().host, state.end_points.front().port, state.rack});
    }
    if (all) {
        for (const auto& [name, topic] : image->topics_by_name)
            response.topics.push_back(describe(*image, *topic));
    } else {
        for (const auto& wanted : *request.topics)
            response.topics.push_back(look_up(*image, wanted, created));
    }
    if (request.include_cluster_authorized_operations)
        response.cluster_authorized_operations = cluster_operations;
    if (request.include_topic_authorized_operations) {
        for (auto& topic : response.topics) {
            if (topic.error_code != ErrorCode::unknown_topic_id)
                topic.topic_authorized_operations = topic_operations;
        }
    }
    return response;
}

DescribeClusterResponse handle(const RequestContext& context, DescribeClusterRequest request) {
    DescribeClusterResponse response;
    constexpr std::int8_t brokers_wanted = 1;
    constexpr std::int8_t controllers_wanted = 2;
    const bool of_controllers = context.session.listener == ListenerKind::controllers;
    const std::int8_t served = of_controllers ? controllers_wanted : brokers_wanted;
    response.endpoint_type = request.endpoint_type;
    if (request.endpoint_type != served) {
        const bool known =
            request.endpoint_type == brokers_wanted || request.endpoint_type == controllers_wanted;
        response.error_code =
            known ? ErrorCode::mismatched_endpoint_type : ErrorCode::unsupported_endpoint_type;
        response.error_message =
            known ? fmt::format(
                        "The request was sent to an endpoint of type {}, but we wanted an "
                        "endpoint of type {}.",
                        of_controllers ? "CONTROLLER" : "BROKER",
                        of_controllers ? "BROKER" : "CONTROLLER")
                  : "Unsupported endpoint type " + std::to_string(request.endpoint_type);
        return response;
    }
    if (of_controllers) return describe_controllers(context);
    response.cluster_id = context.broker.facts().cluster_id;
    response.controller_id =
        shown_controller(context.broker.image(), context.broker.config().node_id);
    for (const auto& [id, state] : context.broker.image().brokers) {
        if ((state.fenced && !request.include_fenced_brokers) || state.end_points.empty()) continue;
        response.brokers.push_back({id, state.end_points.front().host,
                                    state.end_points.front().port, state.rack, state.fenced});
    }
    if (request.include_cluster_authorized_operations)
        response.cluster_authorized_operations = cluster_operations;
    return response;
}

}  // namespace sluice::broker
