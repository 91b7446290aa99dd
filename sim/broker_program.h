#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/broker/broker_config.h"
#include "core/broker/node.h"
#include "net/kafka/server.h"
#include "sim/program.h"
#include "storage/log/options.h"

namespace sluice::sim {

// What a simulated broker is configured to.
struct BrokerOptions {
    broker::BrokerConfig broker;
    net::ServerLimits network;
    storage::LogOptions logs;
    std::string cluster_id = {};           // Its directory is formatted with it before it starts.
    broker::QuorumWatch* watch = nullptr;  // Outlives it.
};

// The broker in a simulated process: the same Node as in production, wired to the simulator's
// doors.
class BrokerProgram final : public Program {
public:
    // Hears what becomes of the broker; outlives it.
    class Observer {
    public:
        virtual ~Observer() = default;
        virtual void broker_ready(broker::Node& node) = 0;
        // It refused to start, without having crashed.
        virtual void broker_failed(const std::string& why) = 0;
        // What it holds for its clients, every second.
        virtual void broker_holds(const broker::Holdings& holdings) { static_cast<void>(holdings); }
    };

    BrokerProgram(const ProcessFacts& facts, const BrokerOptions& options,
                  Observer* observer = nullptr)
        : options_(options), observer_(observer), envs_(facts.shards) {}

    void run(env::Env& env) override;
    void stop() override {
        stop_wanted_ = true;
        if (stop_asked_) stop_asked_->set();
    }

private:
    void run_node();
    void run_formatted();
    void watch(broker::Node& node);

    const BrokerOptions options_;
    Observer* observer_;
    std::vector<env::Env*> envs_;  // As their shards come up.
    std::size_t envs_known_ = 0;
    bool stop_wanted_ = false;              // Perhaps before the first shard is up,
    std::optional<env::Event> stop_asked_;  // which this is of.
};

}  // namespace sluice::sim
