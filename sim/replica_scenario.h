#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/broker_program.h"
#include "sim/checker/history.h"
#include "sim/scenario.h"

namespace sluice::sim {

// Three to five nodes, brokers and controllers alike, hold a topic of three replicas, two of which
// must be in sync, while they crash, lose power and are cut off. Producers want acks=all, consumers
// read all the time; at the end all of it is read again, and the history of both is judged by
// sim/checker: nothing that was acknowledged is lost, moved or doubled, nobody read what is not
// there later.
class ReplicaScenario final : public Scenario {
public:
    explicit ReplicaScenario(World& world);
    ~ReplicaScenario() override;

    PlanOptions build(Cluster& cluster) override;
    bool ready() const override;
    void finish() override { faults_over_ = true; }
    bool converged() const override;
    std::string pending() const override;
    std::optional<Failure> judge(Cluster& cluster) override;
    OperationCount operations() const override { return operations_; }
    std::string kind() const override { return "replicas"; }
    bool may_damage(const std::string&) const override { return false; }

private:
    class ProducerProgram;
    class ConsumerProgram;
    struct Client {
        std::uint32_t number = 0;
        std::uint64_t acknowledged = 0;
        bool settled = false;
    };

    void draw_options();
    BrokerOptions options_of(std::size_t number) const;
    bool producers_settled() const;
    checker::LogId log_of(PartitionIndex partition) const;

    World& world_;
    Random draws_;
    BrokerOptions options_;
    std::size_t servers_ = 3;
    std::int32_t partitions_ = 1;
    std::vector<env::Address> addresses_;
    std::vector<std::unique_ptr<Client>> producers_;
    std::vector<std::unique_ptr<Client>> consumers_;
    Duration think_time_max_{0};
    checker::History history_;
    std::uint64_t last_value_ = 0;
    std::map<PartitionIndex, Offset> owed_;  // Everything acknowledged is before it.
    std::string broken_;                     // What no history would tell.
    OperationCount operations_;
    bool faults_over_ = false;
};

}  // namespace sluice::sim
