#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/broker/log.h"
#include "sim/history.h"
#include "sim/log_checker.h"
#include "sim/scenario.h"
#include "storage/log/options.h"

namespace sluice::sim {

// One machine with partition logs (storage/log), idempotent producers that send again what a crash
// left open, and readers: under crashes, power cuts and disk faults, against a model.
class LogScenario final : public Scenario {
public:
    explicit LogScenario(World& world);

    PlanOptions build(Cluster& cluster) override;
    bool ready() const override { return opened_once_; }
    void finish() override { finishing_ = true; }
    bool converged() const override;
    std::string pending() const override;
    std::optional<Failure> judge(Cluster& cluster) override;
    OperationCount operations() const override;
    std::string kind() const override { return "log"; }
    bool may_damage(const std::string& path) const override {
        return path.find('/') != std::string::npos;  // Files of logs, not those beside them.
    }

    // One batch that a producer sends until it is acknowledged.
    struct Batch {
        Bytes bytes;
        std::vector<std::size_t> sends;  // In the history, one a record.
    };
    struct Producer {
        std::uint32_t number = 0;
        std::int32_t next_sequence = 0;
        std::deque<Batch> open;  // Oldest first.
    };
    // What is known of one log, whatever happens to the processes that keep it.
    struct LogModel {
        std::uint32_t number = 0;
        std::string name;
        TopicId topic;
        broker::LogConfig config;
        std::vector<Producer> producers;
        std::int64_t acknowledged_end = 0;
        bool read_at_end = false;
        bool reported_damage = false;
    };

    // For the program.
    std::vector<LogModel>& logs() { return logs_; }
    const storage::LogOptions& options() const { return options_; }
    bool finishing() const { return finishing_; }
    World& world() { return world_; }
    History& history() { return history_; }
    void opened() { opened_once_ = true; }
    Batch& make_batch(LogModel& log, Producer& producer);
    void acknowledge(LogModel& log, const Batch& batch, Offset base);
    // Whether something at rest was damaged in this log: errors are right then, not wrong bytes.
    bool is_damaged(const LogModel& log) const;
    // An error that nothing excuses.
    void fail(const LogModel& log, const std::string& what);
    // How the workload goes about it.
    Duration think_time_max() const { return think_time_max_; }
    std::size_t batches_open_max() const { return batches_open_max_; }

private:
    void draw_logs();

    World& world_;
    Random draws_;
    Node* node_ = nullptr;
    storage::LogOptions options_;
    std::vector<LogModel> logs_;
    Duration think_time_max_{0};
    std::size_t batches_open_max_ = 1;
    std::uint64_t values_made_ = 0;
    History history_;
    bool opened_once_ = false;
    bool finishing_ = false;
};

}  // namespace sluice::sim
