#include "sim/broker_program.h"

#include "net/kafka/kafka_frontend.h"
#include "storage/log/data_root.h"
#include "storage/log/store.h"

namespace sluice::sim {

void BrokerProgram::run(env::Env& env) {
    const ShardId self = env.shards.self();
    bool complete = false;
    const auto known = env::call(env.shards, ShardId(0), [&] {
        envs_[self.value] = &env;
        complete = ++envs_known_ == envs_.size();
    });
    // Whoever comes last has the first shard begin.
    if (known.failed() || !complete) return;
    static_cast<void>(env::call(env.shards, ShardId(0), [this] { run_node(); }).failed());
}

void BrokerProgram::run_node() {
    env::Env& env = *envs_.front();
    stop_asked_.emplace(env.scheduler);
    if (stop_wanted_) stop_asked_->set();
    broker::Node::Parts parts{
        .directory = [](env::Env& own) { return std::make_unique<storage::DataRoot>(own); },
        .logs =
            [this](env::Env& own) {
                return std::make_unique<storage::Store>(storage::LogDoors::of(own), "",
                                                        options_.logs);
            },
        .frontend =
            [this](std::vector<env::Env*> envs, std::vector<broker::Service*> services) {
                return std::make_unique<net::KafkaFrontend>(std::move(envs), std::move(services),
                                                            options_.network);
            },
        .failed = [this] { stop_asked_->set(); }};
    broker::Node node(envs_, options_.broker, std::move(parts));
    const auto started = node.start();
    if (started.failed()) {
        if (observer_ && !env.scheduler.stopped())
            observer_->broker_failed(started.error().message);
    } else {
        watch(node);
    }
    static_cast<void>(node.stop());
}

// Until it is to stop, or is killed.
void BrokerProgram::watch(broker::Node& node) {
    if (observer_) observer_->broker_ready(node);
    for (;;) {
        const auto asked = stop_asked_->wait_until(envs_.front()->clock.now() + seconds(1));
        if (asked || asked.error() != Error::timed_out) return;
        if (observer_) observer_->broker_holds(node.holdings());
    }
}

}  // namespace sluice::sim
