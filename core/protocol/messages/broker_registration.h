#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/error_code.h"
#include "core/protocol/fields.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct BrokerRegistrationRequest {
    static constexpr Versions versions = between(0, 4);
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

    BrokerId broker_id{};
    std::string cluster_id{};
    Uuid incarnation_id{};
    std::vector<Listener> listeners{};
    std::vector<Feature> features{};
    std::optional<std::string> rack = "";
    bool is_migrating_zk_broker = false;
    std::vector<Uuid> log_dirs{};
    BrokerEpoch previous_broker_epoch{-1};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &BrokerRegistrationRequest::broker_id);
        visit(field("cluster_id"), &BrokerRegistrationRequest::cluster_id);
        visit(field("incarnation_id"), &BrokerRegistrationRequest::incarnation_id);
        visit(field("listeners"), &BrokerRegistrationRequest::listeners);
        visit(field("features"), &BrokerRegistrationRequest::features);
        visit(field("rack").nullable(), &BrokerRegistrationRequest::rack);
        visit(field("is_migrating_zk_broker", since(1)),
              &BrokerRegistrationRequest::is_migrating_zk_broker);
        visit(field("log_dirs", since(2)).ignorable(), &BrokerRegistrationRequest::log_dirs);
        visit(field("previous_broker_epoch", since(3)).ignorable(),
              &BrokerRegistrationRequest::previous_broker_epoch);
    }
    bool operator==(const BrokerRegistrationRequest&) const = default;
};

struct BrokerRegistrationResponse {
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(0);

    std::int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    BrokerEpoch broker_epoch{-1};

    static constexpr void fields(auto&& visit) {
        visit(field("throttle_time_ms"), &BrokerRegistrationResponse::throttle_time_ms);
        visit(field("error_code"), &BrokerRegistrationResponse::error_code);
        visit(field("broker_epoch"), &BrokerRegistrationResponse::broker_epoch);
    }
    bool operator==(const BrokerRegistrationResponse&) const = default;
};

}  // namespace sluice::protocol
