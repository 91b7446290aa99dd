#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct ListConfigResourcesRequest {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    // Empty for all; version 0 knows only client metrics.
    std::vector<std::int8_t> resource_types{};

    static constexpr void fields(auto&& visit) {
        visit(field("resource_types", since(1)), &ListConfigResourcesRequest::resource_types);
    }
    bool operator==(const ListConfigResourcesRequest&) const = default;
};

struct ListConfigResourcesResponse {
    static constexpr Versions versions = between(0, 1);
    static constexpr Versions flexible = since(0);

    struct ConfigResource {
        std::string resource_name{};
        std::int8_t resource_type = 16;

        static constexpr void fields(auto&& visit) {
            visit(field("resource_name"), &ConfigResource::resource_name);
            visit(field("resource_type", since(1)).ignorable(), &ConfigResource::resource_type);
        }
        bool operator==(const ConfigResource&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::vector<ConfigResource> config_resources{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &ListConfigResourcesResponse::throttle_time_ms);
        visit(field("error_code"), &ListConfigResourcesResponse::error_code);
        visit(field("config_resources"), &ListConfigResourcesResponse::config_resources);
    }
    bool operator==(const ListConfigResourcesResponse&) const = default;
};

}  // namespace sluice::protocol
