#pragma once

// Records of the metadata log about brokers and controllers.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/uuid.h"
#include "core/protocol/fields.h"
#include "core/protocol/records/metadata_record_type.h"
#include "core/protocol/types.h"

namespace sluice::protocol {

struct RegisterBrokerRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::register_broker;
    static constexpr Versions versions = between(0, 4);
    static constexpr Versions flexible = since(0);

    struct EndPoint {
        std::string name{};
        std::string host{};
        std::uint16_t port = 0;
        std::int16_t security_protocol = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &EndPoint::name);
            visit(field("host"), &EndPoint::host);
            visit(field("port"), &EndPoint::port);
            visit(field("security_protocol"), &EndPoint::security_protocol);
        }
        bool operator==(const EndPoint&) const = default;
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
    bool is_migrating_zk_broker = false;
    Uuid incarnation_id{};
    BrokerEpoch broker_epoch{};
    std::vector<EndPoint> end_points{};
    std::vector<Feature> features{};
    std::optional<std::string> rack = "";
    bool fenced = true;
    bool in_controlled_shutdown = false;
    std::vector<Uuid> log_dirs{};
    std::optional<std::vector<Uuid>> cordoned_log_dirs{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &RegisterBrokerRecord::broker_id);
        visit(field("is_migrating_zk_broker", since(2)),
              &RegisterBrokerRecord::is_migrating_zk_broker);
        visit(field("incarnation_id"), &RegisterBrokerRecord::incarnation_id);
        visit(field("broker_epoch"), &RegisterBrokerRecord::broker_epoch);
        visit(field("end_points"), &RegisterBrokerRecord::end_points);
        visit(field("features"), &RegisterBrokerRecord::features);
        visit(field("rack").nullable(), &RegisterBrokerRecord::rack);
        visit(field("fenced"), &RegisterBrokerRecord::fenced);
        visit(field("in_controlled_shutdown", since(1)),
              &RegisterBrokerRecord::in_controlled_shutdown);
        visit(tagged(0, "log_dirs", since(3)), &RegisterBrokerRecord::log_dirs);
        visit(tagged(1, "cordoned_log_dirs", since(4)).nullable(since(4)),
              &RegisterBrokerRecord::cordoned_log_dirs);
    }
    bool operator==(const RegisterBrokerRecord&) const = default;
};

struct UnregisterBrokerRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::unregister_broker;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    BrokerId broker_id{};
    BrokerEpoch broker_epoch{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &UnregisterBrokerRecord::broker_id);
        visit(field("broker_epoch"), &UnregisterBrokerRecord::broker_epoch);
    }
    bool operator==(const UnregisterBrokerRecord&) const = default;
};

struct FenceBrokerRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::fence_broker;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    BrokerId id{};
    BrokerEpoch epoch{};

    static constexpr void fields(auto&& visit) {
        visit(field("id"), &FenceBrokerRecord::id);
        visit(field("epoch"), &FenceBrokerRecord::epoch);
    }
    bool operator==(const FenceBrokerRecord&) const = default;
};

struct UnfenceBrokerRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::unfence_broker;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    BrokerId id{};
    BrokerEpoch epoch{};

    static constexpr void fields(auto&& visit) {
        visit(field("id"), &UnfenceBrokerRecord::id);
        visit(field("epoch"), &UnfenceBrokerRecord::epoch);
    }
    bool operator==(const UnfenceBrokerRecord&) const = default;
};

struct BrokerRegistrationChangeRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::broker_registration_change;
    static constexpr Versions versions = between(0, 3);
    static constexpr Versions flexible = since(0);

    BrokerId broker_id{};
    BrokerEpoch broker_epoch{};
    // -1 for unfenced, 0 for no change, 1 for fenced.
    std::int8_t fenced = 0;
    // 0 for no change, 1 for yes.
    std::int8_t in_controlled_shutdown = 0;
    std::vector<Uuid> log_dirs{};
    std::optional<std::vector<Uuid>> cordoned_log_dirs{};

    static constexpr void fields(auto&& visit) {
        visit(field("broker_id"), &BrokerRegistrationChangeRecord::broker_id);
        visit(field("broker_epoch"), &BrokerRegistrationChangeRecord::broker_epoch);
        visit(tagged(0, "fenced"), &BrokerRegistrationChangeRecord::fenced);
        visit(tagged(1, "in_controlled_shutdown", since(1)),
              &BrokerRegistrationChangeRecord::in_controlled_shutdown);
        visit(tagged(2, "log_dirs", since(2)), &BrokerRegistrationChangeRecord::log_dirs);
        visit(tagged(3, "cordoned_log_dirs", since(3)).nullable(since(3)),
              &BrokerRegistrationChangeRecord::cordoned_log_dirs);
    }
    bool operator==(const BrokerRegistrationChangeRecord&) const = default;
};

struct RegisterControllerRecord {
    static constexpr MetadataRecordType type = MetadataRecordType::register_controller;
    static constexpr Versions versions = between(0, 0);
    static constexpr Versions flexible = since(0);

    struct EndPoint {
        std::string name{};
        std::string host{};
        std::uint16_t port = 0;
        std::int16_t security_protocol = 0;

        static constexpr void fields(auto&& visit) {
            visit(field("name"), &EndPoint::name);
            visit(field("host"), &EndPoint::host);
            visit(field("port"), &EndPoint::port);
            visit(field("security_protocol"), &EndPoint::security_protocol);
        }
        bool operator==(const EndPoint&) const = default;
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
    std::vector<EndPoint> end_points{};
    std::vector<Feature> features{};

    static constexpr void fields(auto&& visit) {
        visit(field("controller_id"), &RegisterControllerRecord::controller_id);
        visit(field("incarnation_id"), &RegisterControllerRecord::incarnation_id);
        visit(field("zk_migration_ready"), &RegisterControllerRecord::zk_migration_ready);
        visit(field("end_points"), &RegisterControllerRecord::end_points);
        visit(field("features"), &RegisterControllerRecord::features);
    }
    bool operator==(const RegisterControllerRecord&) const = default;
};

}  // namespace sluice::protocol
