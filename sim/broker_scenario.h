#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/client/consumer.h"
#include "core/client/producer.h"
#include "sim/broker_program.h"
#include "sim/history.h"
#include "sim/scenario.h"

namespace sluice::sim {

// A broker with tiny limits, and clients that write and read through the native client over the
// simulated network: idempotent producers, and readers, while the broker crashes, loses power and
// suffers its disk. Clients live through it all; what they were told is held against what stands in
// the log at the end.
class BrokerScenario final : public Scenario, public BrokerProgram::Observer {
public:
    explicit BrokerScenario(World& world);

    PlanOptions build(Cluster& cluster) override;
    bool ready() const override { return topics_made_; }
    void finish() override;
    bool converged() const override;
    std::string pending() const override;
    std::optional<Failure> judge(Cluster& cluster) override;
    std::string kind() const override { return "broker"; }
    OperationCount operations() const override {
        return {history_.operations(), history_.acknowledged()};
    }

private:
    // One partition, which the history calls a log.
    struct Log {
        client::TopicPartition partition;
        bool read_at_end = false;
    };
    class ClientProgram;

    void draw_options();
    void broker_ready(broker::Node&) override {}
    void broker_failed(const std::string& why) override;
    bool is_damaged(const Log& log) const;

    // What the client's fibers do; they run until the scenario is finished.
    void run_client(const client::ClientEnv& env);
    void make_topics(client::Cluster& cluster);
    void produce(client::Cluster& cluster, std::uint32_t producer);
    void consume(client::Cluster& cluster, std::uint32_t reader);
    void read_everything(client::Cluster& cluster);
    bool read_log_to_its_end(client::Cluster& cluster, std::uint32_t number);
    std::uint32_t number_of_log(const client::TopicPartition& partition) const;

    World& world_;
    Random draws_;
    BrokerOptions options_;
    Cluster* cluster_ = nullptr;
    sim::Node* broker_ = nullptr;
    std::vector<Log> logs_;
    std::size_t segment_bytes_ = 0;
    std::uint32_t topic_count_ = 1;
    std::uint32_t partitions_per_topic_ = 1;
    std::uint32_t producer_count_ = 1;
    Duration think_time_max_{0};
    std::uint64_t values_made_ = 0;
    std::uint32_t producers_at_work_ = 0;
    History history_;
    bool topics_made_ = false;
    bool finishing_ = false;
};

}  // namespace sluice::sim
