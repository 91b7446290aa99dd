#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/broker_program.h"
#include "sim/membership_ledger.h"
#include "sim/quorum_ledger.h"
#include "sim/scenario.h"

namespace sluice::sim {

// One to five controllers and clients that have them change a configuration, while machines crash,
// lose power, are cut off and have bad disks that keep what they took. What becomes of the metadata
// log is held against the ledger whenever it moves. As a cluster the nodes are brokers too, perhaps
// with some that are no controllers: clients ask any of them, and make topics; who is in service is
// held against another ledger.
class QuorumScenario final : public Scenario {
public:
    enum class Nodes { controllers, brokers_too };
    explicit QuorumScenario(World& world, Nodes nodes = Nodes::controllers);
    ~QuorumScenario() override;

    PlanOptions build(Cluster& cluster) override;
    bool ready() const override;
    void finish() override { faults_over_ = true; }
    bool converged() const override;
    void begin_audit(const Plan& plan) override;
    bool audited() const override;
    std::string pending() const override;
    std::optional<Failure> judge(Cluster&) override { return std::nullopt; }
    OperationCount operations() const override { return operations_; }
    std::string kind() const override { return is_cluster() ? "cluster" : "quorum"; }
    bool may_damage(const std::string&) const override { return false; }

private:
    class ClientProgram;
    struct Client {
        std::uint64_t number = 0;
        std::uint64_t values = 0;
        std::uint64_t acknowledged = 0;
        std::uint64_t topics = 0;
        bool settled = false;  // It was served once more after the faults.
    };

    bool is_cluster() const { return nodes_ == Nodes::brokers_too; }
    void draw_options();
    void draw_cluster_options();
    BrokerOptions options_of(std::size_t number);
    BrokerId id_of(std::size_t server) const;
    bool has_all(std::size_t server) const;

    World& world_;
    const Nodes nodes_;
    Random draws_;
    Cluster* cluster_ = nullptr;
    QuorumLedger ledger_;
    mutable MembershipLedger members_;
    BrokerOptions options_;
    std::size_t servers_ = 1;  // The controllers first.
    std::size_t controllers_ = 1;
    std::vector<env::Address> addresses_;  // Where clients ask.
    std::vector<std::unique_ptr<Client>> clients_;
    Duration think_time_max_{0};
    OperationCount operations_;
    std::vector<std::uint32_t> healed_;
    Time audit_since_ = {};
    mutable std::optional<Time> calm_since_;  // All that healed are in service.
    bool faults_over_ = false;
};

}  // namespace sluice::sim
