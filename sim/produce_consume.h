#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/client/consumer.h"
#include "core/client/producer.h"
#include "sim/history.h"
#include "sim/log_checker.h"
#include "sim/workload.h"

namespace sluice::sim {

// Idempotent producers and consumers of whole partitions, on one topic of their own: nothing that
// was acknowledged is lost, changed, doubled or reordered.
class ProduceConsume : public Workload {
public:
    ProduceConsume(const WorkloadContext& context, std::string topic);

    std::string_view name() const override { return topic_; }
    Result<void> set_up(env::Env& env) override;
    Result<void> run(env::Env& env) override;
    Result<void> check(env::Env& env) override;
    std::string pending() const override;
    std::optional<Failure> judge() override;
    OperationCount operations() const override {
        return {history_.operations(), history_.acknowledged()};
    }

protected:
    // What lives in the client's process.
    struct Client {
        Client(ProduceConsume& workload, env::Env& e);
        ~Client() { cluster.close(); }
        Client(const Client&) = delete;
        Client& operator=(const Client&) = delete;

        env::Env& env;
        client::Cluster cluster;
        env::FiberGroup fibers;
    };
    // What one producer does until the faults are over.
    virtual void produce(Client& client, std::uint32_t number);
    std::uint64_t next_value() { return ++values_made_; }
    // A send was answered well; -1 when the answer did not say where it stands.
    void acknowledged(std::size_t send, std::uint32_t log, std::int64_t offset);
    Duration pause(Random& random) const {
        return Duration(random.between(0, think_time_max_.count()));
    }
    // Whether producers see to it in the end that every record is delivered.
    virtual bool delivers_all() const { return true; }
    const WorkloadContext& context() const { return context_; }
    const std::string& topic() const { return topic_; }
    std::uint32_t partitions() const { return partitions_; }
    std::int64_t acknowledged_end(std::uint32_t log) const { return acknowledged_ends_[log]; }
    History& history() { return history_; }
    std::optional<Failure> failure_of(const std::vector<Anomaly>& anomalies) const;
    client::TopicPartition partition_of(std::uint32_t log) const {
        return {topic_, PartitionIndex(static_cast<std::int32_t>(log))};
    }

private:
    void consume(Client& client);
    Result<void> send_one(Client& client, client::Producer& producer, std::uint32_t number);
    void delivered(std::size_t send, const client::Delivery& delivery);
    void remember(std::uint32_t reader, Time invoked,
                  const std::vector<client::ReadRecord>& records);
    Result<void> read_back(Client& client);
    std::uint32_t log_of(PartitionIndex partition) const {
        return static_cast<std::uint32_t>(partition.value);
    }

    const WorkloadContext& context_;
    const std::string topic_;
    Random draws_;
    std::uint32_t partitions_ = 1;
    std::uint32_t producers_ = 1;
    Duration think_time_max_{0};
    Duration request_time_max_{0};
    std::vector<std::pair<std::string, std::string>> configs_;
    std::uint64_t values_made_ = 0;
    std::vector<std::int64_t> acknowledged_ends_;  // By log.
    std::uint64_t undelivered_ = 0;
    bool read_back_ = false;
    History history_;
};

}  // namespace sluice::sim
