#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct UpdateFeaturesRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    struct FeatureUpdate {
        std::string feature{};
        std::int16_t max_version_level = 0;
        bool allow_downgrade = false;
        std::int8_t upgrade_type = 1;

        static constexpr void fields(auto&& visit) {
            visit(field("feature"), &FeatureUpdate::feature);
            visit(field("max_version_level"), &FeatureUpdate::max_version_level);
            visit(field("allow_downgrade", until(0)), &FeatureUpdate::allow_downgrade);
            visit(field("upgrade_type", since(1)), &FeatureUpdate::upgrade_type);
        }
        bool operator==(const FeatureUpdate&) const = default;
    };

    std::int32_t timeout_ms = 60000;
    std::vector<FeatureUpdate> feature_updates{};
    bool validate_only = false;

    static constexpr void fields(auto&& visit) {
        visit(field("timeout_ms"), &UpdateFeaturesRequest::timeout_ms);
        visit(field("feature_updates"), &UpdateFeaturesRequest::feature_updates);
        visit(field("validate_only", since(1)), &UpdateFeaturesRequest::validate_only);
    }
    bool operator==(const UpdateFeaturesRequest&) const = default;
};

struct UpdateFeaturesResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(0);

    struct Feature {
        std::string feature{};
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message = "";

        static constexpr void fields(auto&& visit) {
            visit(field("feature"), &Feature::feature);
            visit(field("error_code"), &Feature::error_code);
            visit(field("error_message").nullable(), &Feature::error_message);
        }
        bool operator==(const Feature&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";
    std::vector<Feature> results{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &UpdateFeaturesResponse::throttle_time_ms);
        visit(field("error_code"), &UpdateFeaturesResponse::error_code);
        visit(field("error_message").nullable(), &UpdateFeaturesResponse::error_message);
        visit(field("results", until(1)).ignorable(), &UpdateFeaturesResponse::results);
    }
    bool operator==(const UpdateFeaturesResponse&) const = default;
};

}  // namespace sluice::protocol
