#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct AlterConfigsRequest {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    struct Config {
        std::string name{};
        std::optional<std::string> value = "";

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Config::name);
            visit(field("value").nullable(), &Config::value);
        }
        bool operator==(const Config&) const = default;
    };

    struct Resource {
        std::int8_t resource_type = 0;
        std::string resource_name{};
        std::vector<Config> configs{};

        static constexpr void fields(auto&& visit) {
            visit(field("resource_type"), &Resource::resource_type);
            visit(field("resource_name"), &Resource::resource_name);
            visit(field("configs"), &Resource::configs);
        }
        bool operator==(const Resource&) const = default;
    };

    std::vector<Resource> resources{};
    bool validate_only = false;

    static constexpr void fields(auto&& visit) {
        visit(field("resources"), &AlterConfigsRequest::resources);
        visit(field("validate_only"), &AlterConfigsRequest::validate_only);
    }
    bool operator==(const AlterConfigsRequest&) const = default;
};

struct AlterConfigsResponse {
    static constexpr Versions versions = between(0, 2);
    static constexpr Versions flexible = since(2);

    struct Resource {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message = "";
        std::int8_t resource_type = 0;
        std::string resource_name{};

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &Resource::error_code);
            visit(field("error_message").nullable(), &Resource::error_message);
            visit(field("resource_type"), &Resource::resource_type);
            visit(field("resource_name"), &Resource::resource_name);
        }
        bool operator==(const Resource&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Resource> responses{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &AlterConfigsResponse::throttle_time_ms);
        visit(field("responses"), &AlterConfigsResponse::responses);
    }
    bool operator==(const AlterConfigsResponse&) const = default;
};

}  // namespace sluice::protocol
