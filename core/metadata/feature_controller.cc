#include "core/metadata/feature_controller.h"

#include <fmt/format.h>

#include <set>

namespace sluice::metadata {

using protocol::ErrorCode;

namespace {

constexpr std::int8_t upgrade = 1;

// What a node does not name it supports at level 0 alone.
bool supports(const auto& features, const std::string& name, std::int16_t level) {
    for (const auto& each : features)
        if (each.name == name)
            return level == 0 ||
                   (level >= each.min_supported_version && level <= each.max_supported_version);
    return level == 0;
}

}  // namespace

Decision<protocol::UpdateFeaturesResponse> FeatureController::update(
    const protocol::UpdateFeaturesRequest& request, Version version) const {
    Decision<protocol::UpdateFeaturesResponse> decision;
    decision.reply.error_message.reset();
    std::set<std::string> seen;
    for (const Update& each : request.feature_updates) {
        const bool may_lower =
            version == Version(0) ? each.allow_downgrade : each.upgrade_type != upgrade;
        std::optional<std::string> complaint = seen.insert(each.feature).second
                                                   ? complaint_about(each, may_lower)
                                                   : "It is named twice in this request.";
        if (!complaint) {
            if (each.max_version_level != image_.feature(each.feature))
                decision.records.emplace_back(
                    protocol::FeatureLevelRecord{each.feature, each.max_version_level});
            continue;
        }
        decision.records.clear();
        decision.reply.error_code = ErrorCode::invalid_update_version;
        decision.reply.error_message = fmt::format(
            "The update failed for all features since the following feature had an error: {}: {}",
            each.feature, *complaint);
        return decision;
    }
    // From version 2 on there is nothing to say of each.
    if (version < Version(2))
        for (const Update& each : request.feature_updates)
            decision.reply.results.push_back({each.feature, ErrorCode::none, std::nullopt});
    if (request.validate_only) decision.records.clear();
    return decision;
}

std::optional<std::string> FeatureController::complaint_about(const Update& update,
                                                              bool may_lower) const {
    const auto range = supported_.find(update.feature);
    if (range == supported_.end()) return "The controller does not support this feature.";
    const std::int16_t level = update.max_version_level;
    if (level < 0) return "A feature version cannot be less than 0.";
    const bool is_metadata = update.feature == metadata_version_feature;
    const bool is_known = (level == 0 && !is_metadata) ||
                          (level >= range->second.least && level <= range->second.most);
    if (!is_known)
        return fmt::format("The controller supports versions {} to {}.", range->second.least,
                           range->second.most);
    const std::int16_t now = image_.feature(update.feature);
    if (level < now && is_metadata)
        return "A lower version would not be able to read what was written since.";
    if (level < now && !may_lower)
        return "Can't downgrade the version of this feature without setting the upgrade type to "
               "either safe or unsafe downgrade.";
    return complaint_of_nodes(update);
}

std::optional<std::string> FeatureController::complaint_of_nodes(const Update& update) const {
    const auto lacks = [&update](std::string_view kind, BrokerId id) {
        return fmt::format(
            "{} {} does not support version {}. Bring it up to date first, or "
            "unregister it.",
            kind, id.value, update.max_version_level);
    };
    for (const auto& [id, broker] : image_.brokers)
        if (!supports(broker.features, update.feature, update.max_version_level))
            return lacks("Broker", id);
    for (const auto& [id, controller] : image_.controllers)
        if (!supports(controller.features, update.feature, update.max_version_level))
            return lacks("Controller", id);
    return std::nullopt;
}

}  // namespace sluice::metadata
