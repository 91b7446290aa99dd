#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

// What a client asks first. Every version is answered, also those from the future.
struct ApiVersionsRequest {
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(3);

    std::string client_software_name{};
    std::string client_software_version{};

    static constexpr void fields(auto&& visit) {
        visit(field("client_software_name", since(3)).ignorable(),
              &ApiVersionsRequest::client_software_name);
        visit(field("client_software_version", since(3)).ignorable(),
              &ApiVersionsRequest::client_software_version);
    }
    bool operator==(const ApiVersionsRequest&) const = default;
};

// The first reply; its header never has tags, so that a client can read it before it knows us.
struct ApiVersionsResponse {
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(3);

    struct ApiVersion {
        std::int16_t api_key = 0;
        std::int16_t min_version = 0;
        std::int16_t max_version = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("api_key"), &ApiVersion::api_key);
            visit(field("min_version"), &ApiVersion::min_version);
            visit(field("max_version"), &ApiVersion::max_version);
        }
        bool operator==(const ApiVersion&) const = default;
    };

    struct SupportedFeatureKey {
        std::string name{};
        std::int16_t min_version = 0;
        std::int16_t max_version = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name", since(3)), &SupportedFeatureKey::name);
            visit(field("min_version", since(3)), &SupportedFeatureKey::min_version);
            visit(field("max_version", since(3)), &SupportedFeatureKey::max_version);
        }
        bool operator==(const SupportedFeatureKey&) const = default;
    };

    struct FinalizedFeatureKey {
        std::string name{};
        std::int16_t max_version_level = 0;
        std::int16_t min_version_level = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name", since(3)), &FinalizedFeatureKey::name);
            visit(field("max_version_level", since(3)), &FinalizedFeatureKey::max_version_level);
            visit(field("min_version_level", since(3)), &FinalizedFeatureKey::min_version_level);
        }
        bool operator==(const FinalizedFeatureKey&) const = default;
    };

    ErrorCode error_code = ErrorCode::none;
    std::vector<ApiVersion> api_keys{};
    std::int32_t throttle_time_ms = 0;
    std::vector<SupportedFeatureKey> supported_features{};
    // -1 when unknown; the finalized features mean something only from 0 on.
    std::int64_t finalized_features_epoch = -1;
    std::vector<FinalizedFeatureKey> finalized_features{};
    bool zk_migration_ready = false;

    static constexpr void fields(auto&& visit) {
        visit(field("error_code"), &ApiVersionsResponse::error_code);
        visit(field("api_keys"), &ApiVersionsResponse::api_keys);
        visit(field("throttle_time_ms", since(1)).ignorable(),
              &ApiVersionsResponse::throttle_time_ms);
        visit(tagged(0, "supported_features", since(3)).ignorable(),
              &ApiVersionsResponse::supported_features);
        visit(tagged(1, "finalized_features_epoch", since(3)).ignorable(),
              &ApiVersionsResponse::finalized_features_epoch);
        visit(tagged(2, "finalized_features", since(3)).ignorable(),
              &ApiVersionsResponse::finalized_features);
        visit(tagged(3, "zk_migration_ready", since(3)).ignorable(),
              &ApiVersionsResponse::zk_migration_ready);
    }
    bool operator==(const ApiVersionsResponse&) const = default;
};

}  // namespace sluice::protocol
