#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/auditor.h"
#include "sim/holdings_watch.h"
#include "sim/scenario.h"
#include "sim/workload.h"

namespace sluice::sim {

// What a cluster scenario is made of: any servers, used by any workloads, under any faults.
struct ClusterParts {
    struct Server {
        Node::Options node;
        MakeProgram make_program;
        env::Address address;
    };
    std::vector<Server> servers;
    // Of the first server.
    std::unique_ptr<HoldingsWatch> holdings;
    std::size_t segment_bytes = 0;        // Of all topics.
    std::vector<MakeWorkload> workloads;  // Each on a client machine of its own.
    // `servers` and `nodes` are filled in.
    PlanOptions faults = {};
    Duration convergence_limit{60'000'000};
};

// Servers and clients: the broker's scenario, whatever its servers are.
class ClusterScenario final : public Scenario {
public:
    ClusterScenario(World& world, ClusterParts parts);
    ~ClusterScenario() override;

    PlanOptions build(Cluster& cluster) override;
    bool ready() const override;
    void finish() override { faults_over_ = true; }
    bool converged() const override;
    void begin_audit(const Plan& plan) override;
    bool audited() const override { return auditor_.done(); }
    std::string pending() const override;
    std::optional<Failure> judge(Cluster& cluster) override;
    OperationCount operations() const override;
    std::string kind() const override { return "workloads"; }
    bool may_damage(const std::string& path) const override;
    Duration convergence_limit() const override { return parts_.convergence_limit; }

private:
    std::vector<Damage> damages() const;
    enum class Phase { setting_up, running, done };
    struct Client {
        std::unique_ptr<Workload> workload;
        Phase phase = Phase::setting_up;
    };
    class ClientProgram;
    class AuditProgram;

    ClusterParts parts_;
    Cluster* cluster_ = nullptr;
    bool faults_over_ = false;
    enum class Audit { later, now, and_wipe } audit_ = Audit::later;
    Auditor auditor_;
    WorkloadContext context_;
    std::vector<Client> clients_;
};

}  // namespace sluice::sim
