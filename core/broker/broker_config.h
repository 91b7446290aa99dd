#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/time.h"
#include "core/env/network.h"
#include "core/group/settings.h"
#include "core/metadata/config_view.h"
#include "core/metadata/controller.h"

namespace sluice::broker {

// How the metadata quorum is formed, and its times.
struct QuorumConfig {
    struct Voter {
        BrokerId id;
        env::Address address;

        friend bool operator==(const Voter&, const Voter&) = default;
    };
    std::vector<Voter> voters;                    // controller.quorum.voters
    std::vector<env::Address> bootstrap_servers;  // controller.quorum.bootstrap.servers
    Duration election_timeout = seconds(1);       // controller.quorum.election.timeout.ms
    Duration election_backoff_max = seconds(1);   // controller.quorum.election.backoff.max.ms
    Duration fetch_timeout = seconds(2);          // controller.quorum.fetch.timeout.ms
    Duration request_timeout = seconds(2);        // controller.quorum.request.timeout.ms
    Duration retry_backoff = milliseconds(20);    // controller.quorum.retry.backoff.ms
    Duration fetch_wait_max = milliseconds(500);
    std::int32_t fetch_bytes_max = 1 << 20;      // controller.quorum.fetch.max.bytes
    std::int32_t snapshot_part_bytes = 1 << 20;  // controller.quorum.fetch.snapshot.max.bytes
};

// How brokers and controllers of a cluster watch over each other.
struct ClusterConfig {
    std::optional<std::string> rack;                    // broker.rack
    Duration session_timeout = seconds(9);              // broker.session.timeout.ms
    Duration heartbeat_interval = seconds(2);           // broker.heartbeat.interval.ms
    bool leader_rebalance = true;                       // auto.leader.rebalance.enable
    Duration imbalance_check_interval = seconds(300);   // leader.imbalance.check.interval.seconds
    Duration unclean_election_interval = seconds(300);  // unclean.leader.election.interval.ms
    // A request of this broker's that finds no active controller is held for so long.
    Duration controller_wait_max = seconds(5);  // controller.wait.max.ms
    // Given to others at a stop to take over what this broker leads.
    Duration shutdown_time_max = seconds(5);  // controlled.shutdown.max.ms
};

// How replicas are kept.
struct ReplicaConfig {
    Duration lag_max = seconds(30);               // replica.lag.time.max.ms
    Duration fetch_wait_max = milliseconds(500);  // replica.fetch.wait.max.ms
    Duration fetch_backoff_max = seconds(1);      // replica.fetch.backoff.ms
    std::int32_t fetch_bytes_min = 1;             // replica.fetch.min.bytes
    std::int32_t fetch_bytes_max = 1 << 20;       // replica.fetch.max.bytes: of a partition,
    std::int32_t response_bytes_max = 10 << 20;   // replica.fetch.response.max.bytes: of all.
    // inter.broker.listener.name; empty: the first end point that a broker registers.
    std::string listener;
};

// What a node was started with. Kafka's names stand beside; defaults are Kafka's where ours need
// not differ.
struct BrokerConfig {
    BrokerId node_id{1};    // node.id
    bool is_broker = true;  // process.roles
    bool is_controller = true;
    QuorumConfig quorum;
    ReplicaConfig replicas;
    ClusterConfig cluster;
    // It has others, or may have them; it registers, and shows that it lives.
    bool is_clustered() const {
        return !quorum.voters.empty() || !quorum.bootstrap_servers.empty();
    }
    // Where controllers are reached; with a host where there is such a listener.
    env::Address controller_listen;
    std::string controller_listener = "CONTROLLER";  // controller.listener.names
    env::Address listen{"127.0.0.1", 9092};          // listeners
    env::Address advertise;                          // advertised.listeners; host empty: as listen.
    std::string data_directory;               // As clients are told where the logs are: log.dirs
    bool auto_create_topics = true;           // auto.create.topics.enable
    metadata::ControllerSettings controller;  // num.partitions, ...
    group::GroupSettings groups;              // group.max.size, ...
    metadata::ConfigValues given;  // Defaults of topics it was started with, by the brokers' names.
    // What else DescribeConfigs says of it; read-only.
    struct Shown {
        std::optional<std::string> value;
        metadata::ConfigType type = metadata::ConfigType::string;
        metadata::ConfigSource source = metadata::ConfigSource::fallback;
    };
    std::map<std::string, Shown> shown;
    Duration fetch_wait_max = std::chrono::seconds(60);           // fetch.wait.max.ms
    Duration retention_check_interval = std::chrono::minutes(5);  // log.retention.check.interval.ms
    Duration checkpoint_interval =
        std::chrono::seconds(5);  // log.flush.offset.checkpoint.interval.ms
    // Earlier when so much was appended since the last one.
    std::uint64_t checkpoint_bytes = std::uint64_t{256} << 20;  // log.checkpoint.bytes
    Duration checkpoint_poll_interval = std::chrono::milliseconds(250);
    Duration stop_time_max = std::chrono::seconds(5);  // Given to requests under way at a stop.
    std::size_t fetch_bytes_max = 55 << 20;            // fetch.max.bytes
    std::size_t fetch_sessions_max = 1000;             // max.incremental.fetch.session.cache.slots
    std::size_t fetch_session_partitions_max = 100'000;  // fetch.session.partitions.max
    // Answers that clients have not taken yet, on one shard: beyond it fetches bring little.
    std::size_t reply_memory_max = 64 << 20;   // queued.max.response.bytes
    std::size_t decode_memory_max = 64 << 20;  // request.decoded.max.bytes
    // A snapshot is taken when the metadata log has grown by so much.
    std::uint64_t metadata_snapshot_bytes =
        20 << 20;  // metadata.log.max.record.bytes.between.snapshots
    // A lone voter's log need not keep what its snapshot holds: small segments let it go soon.
    std::uint64_t metadata_segment_bytes = 32 << 20;  // metadata.log.segment.bytes
    std::size_t log_opens_at_once = 32;               // num.recovery.threads.per.data.dir
    std::size_t decompressed_bytes_max = 64 << 20;    // record.decompressed.max.bytes
};

}  // namespace sluice::broker
