#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct DescribeConfigsRequest {
    static constexpr Versions versions = between(1, 4);
    static constexpr Versions flexible = since(4);

    struct Resource {
        std::int8_t resource_type = 0;
        std::string resource_name{};
        // Null for all of them.
        std::optional<std::vector<std::string>> configuration_keys = std::vector<std::string>{};

        static constexpr void fields(auto&& visit) {
            visit(field("resource_type"), &Resource::resource_type);
            visit(field("resource_name"), &Resource::resource_name);
            visit(field("configuration_keys").nullable(), &Resource::configuration_keys);
        }
        bool operator==(const Resource&) const = default;
    };

    std::vector<Resource> resources{};
    bool include_synonyms = false;
    bool include_documentation = false;

    static constexpr void fields(auto&& visit) {
        visit(field("resources"), &DescribeConfigsRequest::resources);
        visit(field("include_synonyms", since(1)), &DescribeConfigsRequest::include_synonyms);
        visit(field("include_documentation", since(3)),
              &DescribeConfigsRequest::include_documentation);
    }
    bool operator==(const DescribeConfigsRequest&) const = default;
};

struct DescribeConfigsResponse {
    static constexpr Versions versions = between(1, 4);
    static constexpr Versions flexible = since(4);

    struct Synonym {
        std::string name{};
        std::optional<std::string> value = "";
        std::int8_t source = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name", since(1)), &Synonym::name);
            visit(field("value", since(1)).nullable(), &Synonym::value);
            visit(field("source", since(1)), &Synonym::source);
        }
        bool operator==(const Synonym&) const = default;
    };

    struct Config {
        std::string name{};
        std::optional<std::string> value = "";
        bool read_only = false;
        std::int8_t config_source = -1;
        bool is_sensitive = false;
        std::vector<Synonym> synonyms{};
        std::int8_t config_type = 0;
        std::optional<std::string> documentation = "";

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Config::name);
            visit(field("value").nullable(), &Config::value);
            visit(field("read_only"), &Config::read_only);
            visit(field("config_source", since(1)).ignorable(), &Config::config_source);
            visit(field("is_sensitive"), &Config::is_sensitive);
            visit(field("synonyms", since(1)).ignorable(), &Config::synonyms);
            visit(field("config_type", since(3)).ignorable(), &Config::config_type);
            visit(field("documentation", since(3)).nullable().ignorable(), &Config::documentation);
        }
        bool operator==(const Config&) const = default;
    };

    struct Resource {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message = "";
        // 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group.
        std::int8_t resource_type = 0;
        std::string resource_name{};
        std::vector<Config> configs{};

        static constexpr void fields(auto&& visit) {
            visit(field("error_code"), &Resource::error_code);
            visit(field("error_message").nullable(), &Resource::error_message);
            visit(field("resource_type"), &Resource::resource_type);
            visit(field("resource_name"), &Resource::resource_name);
            visit(field("configs"), &Resource::configs);
        }
        bool operator==(const Resource&) const = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Resource> results{};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &DescribeConfigsResponse::throttle_time_ms);
        visit(field("results"), &DescribeConfigsResponse::results);
    }
    bool operator==(const DescribeConfigsResponse&) const = default;
};

}  // namespace sluice::protocol
