#include "core/metadata/broker_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "core/base/probe.h"
#include "core/metadata/departures.h"
#include "core/metadata/min_isr.h"

namespace sluice::metadata {

using protocol::BrokerEpoch;
using protocol::ErrorCode;
using protocol::MetadataRecord;

namespace {

void add(std::vector<MetadataRecord>& records, std::vector<MetadataRecord> more) {
    std::ranges::move(more, std::back_inserter(records));
}

// Kafka keeps the first hundred for meanings of its own: unassigned, lost, migrating.
bool is_reserved(const Uuid& directory) {
    const auto& bytes = directory.bytes;
    return std::all_of(bytes.begin(), bytes.end() - 1, [](auto byte) { return byte == 0; }) &&
           bytes.back() < 100;
}

}  // namespace

Decision<BrokerController::Registration> BrokerController::registered(
    const protocol::BrokerRegistrationRequest& request, Version version, Time now) const {
    Decision<Registration> decision;
    if (auto error = complaint_about(request, now)) {
        decision.reply = {error->code, error->message};
        return decision;
    }
    const BrokerState* known = image_.broker(request.broker_id);
    const bool same_life = known != nullptr && known->incarnation == request.incarnation_id;
    protocol::RegisterBrokerRecord record;
    record.broker_id = request.broker_id;
    record.incarnation_id = request.incarnation_id;
    // A registration's epoch is its offset in the metadata log: it grows by itself.
    record.broker_epoch = same_life ? known->epoch : BrokerEpoch(image_.next_offset.value);
    for (const auto& each : request.listeners)
        record.end_points.push_back({each.name, each.host, each.port, each.security_protocol});
    for (const auto& each : request.features)
        record.features.push_back(
            {each.name, each.min_supported_version, each.max_supported_version});
    record.rack = request.rack;
    record.log_dirs = request.log_dirs;
    record.fenced = !same_life || known->fenced;
    record.in_controlled_shutdown = same_life && known->in_controlled_shutdown;
    decision.reply.epoch = record.broker_epoch;
    decision.records.emplace_back(std::move(record));
    if (known != nullptr && !same_life && !PLANT("controller.restart_stays_in_sync")) {
        // What its earlier life held it may not hold any more, unless it stopped in order.
        const bool clean = version < Version(3) || request.previous_broker_epoch == known->epoch;
        const bool same_disks = is_restart_of(request, *known);
        add(decision.records, changes_of(image_, {.leaving = request.broker_id,
                                                  .unclean = !clean || !same_disks,
                                                  .lost = !same_disks}));
    }
    if (auto raised = raised_min_isr(request.broker_id)) {
        decision.records.emplace_back(*std::move(raised));
        decision.reply.raises_defaults = true;
    }
    return decision;
}

std::optional<ItemError> BrokerController::complaint_about(
    const protocol::BrokerRegistrationRequest& request, Time now) const {
    if (request.cluster_id != settings_.cluster_id)
        return ItemError{ErrorCode::inconsistent_cluster_id,
                         fmt::format("Expected cluster ID {}, but got cluster ID {}",
                                     settings_.cluster_id, request.cluster_id)};
    if (request.is_migrating_zk_broker)
        return ItemError{ErrorCode::broker_id_not_registered,
                         "Controller does not support registering ZK brokers."};
    if (auto error = complaint_about_directories(request)) return error;
    if (auto error = complaint_about_features(request.features)) return error;
    const BrokerState* known = image_.broker(request.broker_id);
    if (known != nullptr && !is_restart_of(request, *known) &&
        sessions_.is_alive(request.broker_id, known->epoch, now))
        return ItemError{ErrorCode::duplicate_broker_registration,
                         fmt::format("Another broker is registered with id {} and is alive. Give "
                                     "this one another node.id, or stop the other one.",
                                     request.broker_id.value)};
    return std::nullopt;
}

bool BrokerController::is_restart_of(const protocol::BrokerRegistrationRequest& request,
                                     const BrokerState& known) const {
    if (request.incarnation_id == known.incarnation) return true;
    return std::ranges::any_of(request.log_dirs, [&known](const Uuid& directory) {
        return std::ranges::find(known.directories, directory) != known.directories.end();
    });
}

std::optional<ItemError> BrokerController::complaint_about_directories(
    const protocol::BrokerRegistrationRequest& request) const {
    const auto refusal = [](std::string why) {
        return ItemError{ErrorCode::invalid_registration, std::move(why)};
    };
    if (request.log_dirs.empty()) return refusal("No directories specified in request");
    if (std::ranges::any_of(request.log_dirs, is_reserved))
        return refusal("Reserved directory ID in request");
    const std::set<Uuid> directories(request.log_dirs.begin(), request.log_dirs.end());
    if (directories.size() != request.log_dirs.size())
        return refusal("Duplicate directory ID in request");
    for (const auto& [id, broker] : image_.brokers)
        for (const Uuid& directory : broker.directories)
            if (id != request.broker_id && directories.contains(directory))
                return refusal(fmt::format("Broker {} is already registered with directory {}",
                                           id.value, directory.text()));
    return std::nullopt;
}

// All that is finalised must be among what it supports; what it does not name it does not have.
std::optional<ItemError> BrokerController::complaint_about_features(const auto& features) const {
    for (const auto& [name, level] : image_.features) {
        std::int16_t least = 0;
        std::int16_t most = 0;
        for (const auto& each : features)
            if (each.name == name) {
                least = each.min_supported_version;
                most = each.max_supported_version;
            }
        if (level < least || level > most)
            return ItemError{
                ErrorCode::unsupported_version,
                fmt::format("Unable to register because the node does not support version {} of "
                            "{}. It wants a version between {} and {}, inclusive.",
                            level, name, least, most)};
    }
    return std::nullopt;
}

std::optional<protocol::ConfigRecord> BrokerController::raised_min_isr(BrokerId registering) const {
    const std::size_t brokers =
        image_.brokers.size() + (image_.brokers.contains(registering) ? 0 : 1);
    const bool is_set = image_.config({ResourceType::broker, ""}).contains("min.insync.replicas");
    if (brokers < settings_.replicas_wanted || is_set) return std::nullopt;
    return protocol::ConfigRecord{static_cast<std::int8_t>(ResourceType::broker), "",
                                  "min.insync.replicas", std::to_string(settings_.min_isr_wanted)};
}

Decision<BrokerController::Heartbeat> BrokerController::heartbeat(
    const protocol::BrokerHeartbeatRequest& request) const {
    Decision<Heartbeat> decision;
    const BrokerState* known = image_.broker(request.broker_id);
    if (known == nullptr || known->epoch != request.broker_epoch) {
        decision.reply.error = ErrorCode::stale_broker_epoch;
        decision.reply.why = known == nullptr
                                 ? fmt::format("No broker registration found for broker id {}",
                                               request.broker_id.value)
                                 : fmt::format("Expected broker epoch {}, but got broker epoch {}",
                                               known->epoch.value, request.broker_epoch.value);
        return decision;
    }
    Stage stage = next_stage(request, *known);
    // One thing at a time: each goes by the image, and changes the same partitions.
    decision.records = closing_directories(request, *known);
    if (decision.records.empty())
        enter(decision.records, request.broker_id, *known, stage);
    else
        stage = stage_of(*known);
    decision.reply.is_fenced = stage == Stage::fenced || stage == Stage::gone;
    decision.reply.should_shut_down = stage == Stage::gone;
    // Of its registration: from then on it knows what it is needed for.
    decision.reply.is_caught_up = request.current_metadata_offset.value >= known->epoch.value;
    if (stage == Stage::leaving)
        decision.reply.leaves_at =
            image_.next_offset.plus(static_cast<std::int64_t>(decision.records.size()));
    return decision;
}

BrokerController::Stage BrokerController::next_stage(
    const protocol::BrokerHeartbeatRequest& request, const BrokerState& broker) const {
    if (broker.fenced) {
        if (request.want_shut_down) return Stage::gone;
        // Who was on its way out comes back in another life or not at all.
        if (request.want_fence || broker.in_controlled_shutdown) return Stage::fenced;
        const bool has_read = request.current_metadata_offset.value >= broker.epoch.value;
        return has_read ? Stage::serving : Stage::fenced;
    }
    if (!broker.in_controlled_shutdown) {
        if (request.want_fence) return request.want_shut_down ? Stage::gone : Stage::fenced;
        if (!request.want_shut_down) return Stage::serving;
        return leads_anything(request.broker_id) ? Stage::leaving : Stage::gone;
    }
    // Its partitions are led elsewhere, and everybody knows.
    if (leads_anything(request.broker_id)) return Stage::leaving;
    const auto offset = sessions_.leaves_at(request.broker_id);
    return offset && *offset <= sessions_.read_by_all(image_) ? Stage::gone : Stage::leaving;
}

BrokerController::Stage BrokerController::stage_of(const BrokerState& broker) {
    if (broker.fenced) return Stage::fenced;
    return broker.in_controlled_shutdown ? Stage::leaving : Stage::serving;
}

bool BrokerController::leads_anything(BrokerId broker) const {
    for (const auto& [id, topic] : image_.topics_by_id)
        for (const auto& [index, partition] : topic->partitions)
            if (partition.leader == broker) return true;
    return false;
}

void BrokerController::enter(Records& records, BrokerId broker, const BrokerState& known,
                             Stage stage) const {
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = broker;
    change.broker_epoch = known.epoch;
    switch (stage) {
        case Stage::fenced:
        case Stage::gone:
            add(records, fence(broker));
            return;
        case Stage::serving:
            if (!known.fenced) return;
            change.fenced = -1;
            records.emplace_back(change);
            add(records, changes_of(image_, {.coming = broker}));
            return;
        case Stage::leaving:
            if (known.in_controlled_shutdown) return;
            change.in_controlled_shutdown = 1;
            records.emplace_back(change);
            add(records, changes_of(image_, {.leaving = broker}));
            return;
    }
}

std::vector<MetadataRecord> BrokerController::fence(BrokerId broker) const {
    const BrokerState* known = image_.broker(broker);
    if (known == nullptr || known->fenced) return {};
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = broker;
    change.broker_epoch = known->epoch;
    change.fenced = 1;
    Records records{change};
    if (!PLANT("controller.fenced_stays_leader"))
        add(records, changes_of(image_, {.leaving = broker}));
    return records;
}

// What a directory that failed held is out of sync; the broker goes on with the others.
BrokerController::Records BrokerController::closing_directories(
    const protocol::BrokerHeartbeatRequest& request, const BrokerState& known) const {
    std::vector<Uuid> left;
    std::set<Uuid> closed;
    for (const Uuid& directory : known.directories) {
        const auto& offline = request.offline_log_dirs;
        if (std::ranges::find(offline, directory) == offline.end())
            left.push_back(directory);
        else
            closed.insert(directory);
    }
    if (closed.empty() || left.empty()) return {};
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = request.broker_id;
    change.broker_epoch = known.epoch;
    change.log_dirs = left;
    Records records{change};
    add(records,
        changes_of(image_, {.leaving = request.broker_id}, [&](const PartitionState& partition) {
            for (std::size_t i = 0; i < partition.directories.size(); ++i)
                if (partition.replicas[i] == request.broker_id)
                    return closed.contains(partition.directories[i]);
            return false;
        }));
    return records;
}

Decision<ItemError> BrokerController::unregister(BrokerId broker) const {
    Decision<ItemError> decision;
    const BrokerState* known = image_.broker(broker);
    if (known == nullptr) {
        decision.reply = {ErrorCode::broker_id_not_registered,
                          fmt::format("Broker ID {} is not currently registered", broker.value)};
        return decision;
    }
    // Whatever it holds, it is not coming back with it.
    decision.records = changes_of(image_, {.leaving = broker, .unclean = true, .lost = true});
    protocol::UnregisterBrokerRecord record;
    record.broker_id = broker;
    record.broker_epoch = known->epoch;
    decision.records.emplace_back(record);
    return decision;
}

Decision<ItemError> BrokerController::registered(
    const protocol::ControllerRegistrationRequest& request) const {
    Decision<ItemError> decision;
    if (auto error = complaint_about_features(request.features)) {
        decision.reply = *std::move(error);
        return decision;
    }
    protocol::RegisterControllerRecord record;
    record.controller_id = request.controller_id;
    record.incarnation_id = request.incarnation_id;
    record.zk_migration_ready = request.zk_migration_ready;
    for (const auto& each : request.listeners)
        record.end_points.push_back({each.name, each.host, each.port, each.security_protocol});
    for (const auto& each : request.features)
        record.features.push_back(
            {each.name, each.min_supported_version, each.max_supported_version});
    decision.records.emplace_back(std::move(record));
    return decision;
}

Electorate electorate_of(const MetadataImage& image, const TopicState& topic) {
    Electorate electorate;
    for (const auto& [id, broker] : image.brokers)
        if (broker.is_active()) electorate.active.insert(id);
    electorate.eligible_replicas = image.feature(eligible_replicas_feature) >= 1;
    electorate.min_isr =
        static_cast<std::size_t>(min_isr_of(image, {ResourceType::topic, topic.name}));
    return electorate;
}

bool unclean_election_enabled(const MetadataImage& image, std::string_view topic) {
    const ConfigResource resource{ResourceType::topic, std::string(topic)};
    const auto* definition = find_topic_config("unclean.leader.election.enable");
    return value_in_force(image, resource, *definition) == "true";
}

}  // namespace sluice::metadata
