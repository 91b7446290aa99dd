#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/log_scenario.h"
#include "sim/program.h"
#include "storage/log/data_root.h"
#include "storage/log/store.h"

namespace sluice::sim {

// The process of LogScenario: opens the data directory as a broker does, spreads the logs over its
// shards, and works on them until it is stopped or one of them fails.
class LogProgram final : public Program {
public:
    LogProgram(const ProcessFacts& facts, LogScenario& scenario)
        : scenario_(scenario),
          epoch_(static_cast<std::int32_t>(facts.incarnation)),
          envs_(facts.shards) {}

    void run(env::Env& env) override;
    void stop() override {
        stop_wanted_ = true;
        if (stop_asked_) stop_asked_->set();
    }

private:
    using LogModel = LogScenario::LogModel;
    using Producer = LogScenario::Producer;
    // One log as this process has it.
    struct OpenLog {
        LogModel& model;
        std::unique_ptr<broker::PartitionLog> log;
        std::size_t producers_left = 0;  // That have something to do before the last read.
    };
    // Everything of one shard; lives on it.
    struct ShardWork {
        explicit ShardWork(env::Env& e) : env(e), fibers(e.scheduler), woken(e.scheduler) {}
        env::Env& env;
        std::unique_ptr<storage::Store> store;
        std::vector<std::unique_ptr<OpenLog>> logs;
        env::FiberGroup fibers;
        env::Signal woken;
        bool stopping = false;
        bool clean = true;
    };
    struct Appended {
        Offset base;
        Offset next;
    };

    void run_all();
    Result<void> work(storage::DataRoot& root);
    Result<void> open_logs(ShardWork& shard, const std::map<std::string, broker::LogHints>& hints);
    void start_workers(ShardWork& shard);
    void close_logs(ShardWork& shard);
    std::vector<broker::LogStore::Checkpoint> checkpoints();
    void on_each_shard(const std::function<void(ShardWork&)>& body);
    void ask_to_restart(ShardWork& shard);

    void produce(ShardWork& shard, OpenLog& log, Producer& producer);
    Result<void> produce_some(ShardWork& shard, OpenLog& log, Producer& producer,
                              std::deque<Appended>& appended);
    Result<Appended> append(ShardWork& shard, OpenLog& log, const LogScenario::Batch& batch);
    Result<Appended> append_once(OpenLog& log, const LogScenario::Batch& batch);
    void check_epochs(const OpenLog& log, Slice bytes);
    void read_now_and_then(ShardWork& shard, OpenLog& log);
    Result<Read> read_from(OpenLog& log, Offset from, std::size_t bytes_max);
    bool read_everything(OpenLog& log);
    void maintain(ShardWork& shard, OpenLog& log);
    void went_wrong(ShardWork& shard, OpenLog& log, Error error);
    // Sleeps up to that, drawn; an error when the work is over.
    Result<void> pause(ShardWork& shard, Duration most);

    LogScenario& scenario_;
    const std::int32_t epoch_;
    std::vector<env::Env*> envs_;  // As their shards come up.
    std::size_t envs_known_ = 0;
    std::vector<std::unique_ptr<ShardWork>> shards_;
    std::optional<env::Event> stop_asked_;
    bool stop_wanted_ = false;
};

}  // namespace sluice::sim
