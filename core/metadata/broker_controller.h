#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/metadata/broker_sessions.h"
#include "core/metadata/controller.h"
#include "core/metadata/partition_change.h"
#include "core/protocol/messages/broker_heartbeat.h"
#include "core/protocol/messages/broker_registration.h"
#include "core/protocol/messages/controller_registration.h"

namespace sluice::metadata {

// Decides about the life of brokers: who is let in, who is fenced, who may stop, and what becomes
// of the partitions they hold (KIP-631, KIP-841, KIP-966). A const look at the image and at when
// brokers were heard, and records out; whoever performs a decision tells the sessions of it.
class BrokerController {
public:
    struct Settings {
        std::string cluster_id;
        // As soon as so many brokers are registered, new topics get as many replicas, and a record
        // needs two of them (decisions 0031).
        std::size_t replicas_wanted = 3;
        std::int32_t min_isr_wanted = 2;
    };

    BrokerController(const MetadataImage& image, const BrokerSessions& sessions,
                     const Settings& settings)
        : image_(image), sessions_(sessions), settings_(settings) {}

    struct Registration {
        protocol::ErrorCode error = protocol::ErrorCode::none;
        std::string why = {};
        protocol::BrokerEpoch epoch{-1};
        bool raises_defaults = false;  // Worth a word in the log.
    };
    // Codes: INCONSISTENT_CLUSTER_ID, INVALID_REGISTRATION, UNSUPPORTED_VERSION,
    // BROKER_ID_NOT_REGISTERED for brokers that migrate from ZooKeeper, and
    // DUPLICATE_BROKER_REGISTRATION while another broker of the id is alive: one that brings none
    // of its directories. Who brings one is the same broker, started again, since only one process
    // can hold a directory: it takes the place of its earlier life at once. The same incarnation
    // again keeps its epoch (KAFKA-16952).
    Decision<Registration> registered(const protocol::BrokerRegistrationRequest& request,
                                      Version version, Time now) const;

    struct Heartbeat {
        protocol::ErrorCode error = protocol::ErrorCode::none;
        std::string why = {};
        bool is_caught_up = false;
        bool is_fenced = true;
        bool should_shut_down = false;
        // Controlled shutdown begins: tell the sessions so.
        std::optional<Offset> leaves_at = {};
    };
    // STALE_BROKER_EPOCH for a broker that is not registered in this life.
    Decision<Heartbeat> heartbeat(const protocol::BrokerHeartbeatRequest& request) const;

    // A broker is lost. No records when it is fenced already.
    std::vector<protocol::MetadataRecord> fence(BrokerId broker) const;

    // BROKER_ID_NOT_REGISTERED.
    Decision<ItemError> unregister(BrokerId broker) const;

    // UNSUPPORTED_VERSION for one that lacks what is finalised.
    Decision<ItemError> registered(const protocol::ControllerRegistrationRequest& request) const;

private:
    using Records = std::vector<protocol::MetadataRecord>;
    enum class Stage { fenced, serving, leaving, gone };

    std::optional<ItemError> complaint_about(const protocol::BrokerRegistrationRequest& request,
                                             Time now) const;
    std::optional<ItemError> complaint_about_directories(
        const protocol::BrokerRegistrationRequest& request) const;
    std::optional<ItemError> complaint_about_features(const auto& features) const;
    bool is_restart_of(const protocol::BrokerRegistrationRequest& request,
                       const BrokerState& known) const;
    bool leads_anything(BrokerId broker) const;
    static Stage stage_of(const BrokerState& broker);
    Stage next_stage(const protocol::BrokerHeartbeatRequest& request,
                     const BrokerState& broker) const;
    void enter(Records& records, BrokerId broker, const BrokerState& known, Stage stage) const;
    Records closing_directories(const protocol::BrokerHeartbeatRequest& request,
                                const BrokerState& known) const;
    std::optional<protocol::ConfigRecord> raised_min_isr(BrokerId registering) const;

    const MetadataImage& image_;
    const BrokerSessions& sessions_;
    const Settings& settings_;
};

// What decides about `topic`'s partitions as the image has it.
Electorate electorate_of(const MetadataImage& image, const TopicState& topic);
bool unclean_election_enabled(const MetadataImage& image, std::string_view topic);

}  // namespace sluice::metadata
