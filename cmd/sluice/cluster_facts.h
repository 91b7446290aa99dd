#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.h"
#include "core/base/time.h"
#include "core/client/cluster.h"
#include "core/client/refusal.h"

namespace sluice::cmd {

// What a cluster says of itself, all at about the same moment.
struct ClusterFacts {
    struct Node {
        BrokerId id;
        std::string address;
        std::optional<std::string> rack = {};
        bool is_broker = true;
        bool is_fenced = false;
        std::int64_t leads = 0;  // Partitions,
        std::int64_t holds = 0;  // and replicas.
    };
    // A replica of the metadata log, as its leader knows it.
    struct Replica {
        BrokerId id;
        Offset end{-1};  // -1 while it was never heard of.
        std::int64_t lag = 0;
        std::optional<Duration> silent = {};     // Since it fetched last.
        std::optional<Duration> caught_up = {};  // Since it had everything.
    };
    struct Quorum {
        BrokerId leader{-1};
        LeaderEpoch epoch{};
        Offset high_watermark{};
        std::vector<Replica> voters = {};
        std::vector<Replica> observers = {};
    };
    struct Partition {
        std::string topic;
        PartitionIndex index;
        BrokerId leader{-1};
        std::vector<BrokerId> replicas = {};
        std::vector<BrokerId> adding = {};  // Of the replicas: they need not be in sync yet.
        std::vector<BrokerId> in_sync = {};
        std::vector<BrokerId> eligible = {};    // Out of sync, and not behind what is committed.
        std::vector<BrokerId> last_known = {};  // Who may hold most when nobody is eligible.
        std::int32_t in_sync_min = 1;

        bool has_leader() const { return leader != BrokerId(-1); }
        // Those that should be in sync and are not.
        std::vector<BrokerId> missing() const;
    };

    std::string cluster_id;
    std::vector<Node> nodes = {};
    std::optional<Quorum> quorum = {};
    std::string why_no_quorum = {};  // Where there is none.
    std::vector<Partition> partitions = {};
    std::int64_t topics = 0;

    const Node* node(BrokerId id) const;
    const Replica* voter(BrokerId id) const;
    bool is_in_service(BrokerId id) const;
};

// What brokers answer, the controllers' part by the one that leads.
Result<ClusterFacts, client::Refusal> ask_cluster(client::Cluster& cluster);

struct QuorumAnswer {
    std::optional<ClusterFacts::Quorum> quorum;
    std::string why_not = {};
    std::vector<ClusterFacts::Node> controllers = {};  // Their addresses among themselves.
};
// Waits a moment for a controller that leads.
Result<QuorumAnswer, client::Refusal> ask_quorum(client::Cluster& cluster);

}  // namespace sluice::cmd
