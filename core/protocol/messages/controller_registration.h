#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"

namespace sluice::protocol {

struct ControllerRegistrationRequest {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct Listener {
        std::string name{};
        std::string host{};
        std::uint16_t port = 0;
        std::int16_t security_protocol = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Listener::name);
            visit(field("host"), &Listener::host);
            visit(field("port"), &Listener::port);
            visit(field("security_protocol"), &Listener::security_protocol);
        }
        bool operator==(const Listener&) const = default;
    };

    struct Feature {
        std::string name{};
        std::int16_t min_supported_version = 0;
        std::int16_t max_supported_version = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &Feature::name);
            visit(field("min_supported_version"), &Feature::min_supported_version);
            visit(field("max_supported_version"), &Feature::max_supported_version);
        }
        bool operator==(const Feature&) const = default;
    };

    BrokerId controller_id{};
    Uuid incarnation_id{};
    bool zk_migration_ready = false;
    std::vector<Listener> listeners{};
    std::vector<Feature> features{};

    static constexpr void fields(auto&& visit) {
        visit(field("controller_id"), &ControllerRegistrationRequest::controller_id);
        visit(field("incarnation_id"), &ControllerRegistrationRequest::incarnation_id);
        visit(field("zk_migration_ready"), &ControllerRegistrationRequest::zk_migration_ready);
        visit(field("listeners"), &ControllerRegistrationRequest::listeners);
        visit(field("features"), &ControllerRegistrationRequest::features);
    }
    bool operator==(const ControllerRegistrationRequest&) const = default;
};

struct ControllerRegistrationResponse {
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &ControllerRegistrationResponse::throttle_time_ms);
        visit(field("error_code"), &ControllerRegistrationResponse::error_code);
        visit(field("error_message").nullable(), &ControllerRegistrationResponse::error_message);
    }
    bool operator==(const ControllerRegistrationResponse&) const = default;
};

}  // namespace sluice::protocol
