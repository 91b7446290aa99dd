#pragma once

#include <string>
#include <vector>

#include "sim/cluster.h"
#include "sim/plan.h"

namespace sluice::sim {

// Carries a plan out on a cluster, and starts servers again that went down. Made before the first
// event, and lives as long as the cluster.
class FaultDriver {
public:
    struct Options {
        std::uint32_t servers = 1;
    };

    FaultDriver(Cluster& cluster, const Plan& plan, Options options);
    FaultDriver(const FaultDriver&) = delete;
    FaultDriver& operator=(const FaultDriver&) = delete;

    // The faults of the plan happen from now on, as long as its horizon.
    void begin();
    // The fault phase is over: faults end as the plan says.
    void heal();
    bool healed() const { return healed_; }

    std::uint64_t restarts() const { return restarts_; }
    std::uint64_t faults_begun() const { return begun_; }
    bool is_core(std::uint32_t server) const;

private:
    struct Active {
        Fault fault;
        Time until;
        std::uint64_t capacity = 0;  // Of a disk that is full.
    };

    void begin_fault(const Fault& fault);
    void strike(const Fault& fault);
    void crash(const Fault& fault);
    void apply_active();
    void apply(const Active& active);
    void apply_to_links(const Active& active);
    void apply_to_path(Path& path, const Active& active);
    void came_down(Node& node);
    void start_later(Node& node, Duration delay);
    void restart_living();
    void cut_off_for_ever();
    Node& server(std::uint32_t index) { return cluster_.node(index); }
    std::uint32_t index_of(const Node& node) const;
    World& world() { return cluster_.world(); }

    Cluster& cluster_;
    const Plan plan_;
    const Options options_;
    std::vector<Active> active_;
    struct ServerState {
        Duration down_for{0};  // Of the crash under way; 0: as the plan says of the others.
        std::uint64_t crash_in_call = 0;  // Of the next start; 0: none.
        std::int64_t drift = 0;
        bool wipe = false;
        bool cut_off = false;
    };
    std::vector<ServerState> states_;
    bool healed_ = false;
    std::uint64_t restarts_ = 0;
    std::uint64_t begun_ = 0;
};

}  // namespace sluice::sim
