#include "sim/broker_program.h"

#include "net/kafka/kafka_frontend.h"
#include "net/kafka/peer_connections.h"
#include "storage/log/data_root.h"
#include "storage/log/store.h"

namespace sluice::sim {
namespace {

// What `sluice format` does, once.
bool format(env::Env& env, const BrokerOptions& options) {
    storage::DataRoot directory(env);
    const auto opened = directory.open();
    if (opened.failed() || *opened) return !opened.failed();
    return !directory.format({options.cluster_id, options.broker.node_id, Uuid::random(env.random)})
                .failed();
}

}  // namespace

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
    if (options_.cluster_id.empty() || format(*envs_.front(), options_)) return run_formatted();
    // The disk does not let it; whoever looks after it tries again.
}

void BrokerProgram::run_formatted() {
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
        .peers =
            [this](env::Env& own) {
                return std::make_unique<net::PeerConnections>(
                    own, net::PeerConnections::Options{
                             .connect_time_max = options_.broker.quorum.request_timeout,
                             .request_time_max = options_.broker.quorum.request_timeout});
            },
        .watch = options_.watch,
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
