#include "sim/replica_scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/client/consumer.h"
#include "core/client/producer.h"
#include "sim/checker/checker.h"
#include "sim/checker/history_text.h"
#include "sim/draw_options.h"

namespace sluice::sim {
namespace {

constexpr std::string_view cluster_id = "MkU3OEVBNTcwNTJENDM2Qg";
constexpr const char* topic_name = "words";

std::string name_of_server(std::size_t number) {
    return fmt::format("node-{}", number + 1);
}

client::ClientOptions client_options() {
    client::ClientOptions options;
    options.request_time_max = seconds(3);
    options.connect_time_max = seconds(1);
    return options;
}

protocol::CreateTopicsRequest creation(std::int32_t partitions) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = topic_name;
    topic.num_partitions = partitions;
    topic.replication_factor = 3;
    topic.configs = {{"min.insync.replicas", "2"}};
    request.timeout_ms = 5'000;
    return request;
}

}  // namespace

// Sends numbered records, some at once, each to a partition of its choice.
class ReplicaScenario::ProducerProgram final : public Program {
public:
    ProducerProgram(ReplicaScenario& scenario, Client& client)
        : scenario_(scenario), client_(client) {}

    void run(env::Env& env) override {
        if (env.shards.self() != ShardId(0)) return;
        const client::ClientEnv doors{env.scheduler, env.clock, env.network, env.random};
        client::Cluster cluster(doors, client_options(), scenario_.addresses_);
        if (make_topic(env, cluster)) produce(env, cluster);
        cluster.close();
    }
    void stop() override {}

private:
    bool make_topic(env::Env& env, client::Cluster& cluster) {
        for (;;) {
            const auto reply = cluster.ask_any(creation(scenario_.partitions_), seconds(10));
            if (reply && reply->topics.size() == 1) {
                const auto code = reply->topics.front().error_code;
                if (code == protocol::ErrorCode::none ||
                    code == protocol::ErrorCode::topic_already_exists)
                    return true;
            }
            if (env::sleep_for(env.scheduler, milliseconds(100)).failed()) return false;
        }
    }

    void produce(env::Env& env, client::Cluster& cluster) {
        client::ProducerOptions options;
        options.create_topics = false;
        options.linger = milliseconds(static_cast<std::int64_t>(env.random.below(6)));
        options.delivery_time_max = seconds(20);
        client::Producer producer(cluster, options);
        while (!client_.settled) {
            const bool was_over = scenario_.faults_over_;
            const std::uint64_t before = client_.acknowledged;
            const std::uint64_t count = 1 + env.random.below(5);
            for (std::uint64_t i = 0; i < count; ++i) send(env, producer);
            if (producer.flush().failed()) break;
            client_.settled = was_over && client_.acknowledged > before;
            const auto rest = static_cast<std::uint64_t>(scenario_.think_time_max_.count()) + 1;
            if (env::sleep_for(env.scheduler,
                               Duration(static_cast<std::int64_t>(env.random.below(rest))))
                    .failed())
                break;
        }
        producer.close();
    }

    void send(env::Env& env, client::Producer& producer) {
        const auto partition = PartitionIndex(static_cast<std::int32_t>(
            env.random.below(static_cast<std::uint64_t>(scenario_.partitions_))));
        const std::uint64_t value = ++scenario_.last_value_;
        const auto partitions = static_cast<std::uint32_t>(scenario_.partitions_);
        auto& operations = scenario_.history_.operations;
        const std::size_t at = operations.size();
        operations.push_back(
            {.process = checker::ProcessId(client_.number * partitions +
                                           static_cast<std::uint32_t>(partition.value)),
             .outcome = checker::Outcome::unknown,
             .invoked = scenario_.world_.now(),
             .steps = {checker::Sent{scenario_.log_of(partition), checker::Value(value)}}});
        ++scenario_.operations_.asked;
        client::Message message;
        message.topic = topic_name;
        message.partition = partition;
        message.value = fmt::format("{}", value);
        const auto taken = producer.send(message, [this, at](const client::Delivery& delivery) {
            auto& operation = scenario_.history_.operations[at];
            if (!delivery.delivered()) return;
            operation.outcome = checker::Outcome::ok;
            operation.completed = scenario_.world_.now();
            std::get<checker::Sent>(operation.steps.front()).offset = delivery.offset;
            Offset& owed = scenario_.owed_[delivery.partition];
            owed = std::max(owed, delivery.offset.next());
            ++client_.acknowledged;
            ++scenario_.operations_.acknowledged;
        });
        if (taken.failed()) operations[at].outcome = checker::Outcome::failed;
    }

    ReplicaScenario& scenario_;
    Client& client_;
};

// Reads everything, over and over: the last time when there is no more to come.
class ReplicaScenario::ConsumerProgram final : public Program {
public:
    ConsumerProgram(ReplicaScenario& scenario, Client& client)
        : scenario_(scenario), client_(client) {}

    void run(env::Env& env) override {
        if (env.shards.self() != ShardId(0)) return;
        const client::ClientEnv doors{env.scheduler, env.clock, env.network, env.random};
        client::Cluster cluster(doors, client_options(), scenario_.addresses_);
        while (!client_.settled && scenario_.broken_.empty()) {
            const bool is_last = scenario_.producers_settled();
            if (!read_all(env, cluster, is_last)) break;
            client_.settled = is_last;
        }
        cluster.close();
    }
    void stop() override {}

private:
    // From the beginning to what is owed, and while more is to come a while longer.
    bool read_all(env::Env& env, client::Cluster& cluster, bool is_last) {
        client::Consumer consumer(cluster,
                                  client::ConsumerOptions{.reset = client::OffsetReset::none});
        for (std::int32_t i = 0; i < scenario_.partitions_; ++i) {
            consumer.assign({topic_name, PartitionIndex(i)}, Offset(0));
            note(scenario_.world_.now(), checker::Placed{scenario_.log_of(PartitionIndex(i))});
        }
        const Time until =
            env.clock.now() + seconds(static_cast<std::int64_t>(2 + env.random.below(8)));
        while (is_last ? !has_all(consumer) : env.clock.now() < until) {
            const Time begun = scenario_.world_.now();
            const auto polled = consumer.poll(milliseconds(200));
            if (polled.failed() && polled.error() == Error::stopped) return false;
            if (polled.failed() && polled.error() == Error::invalid)
                scenario_.broken_ = "replicas: what was read is out of range";
            if (polled.failed() && polled.error() == Error::corrupt)
                scenario_.broken_ = "replicas: a batch is damaged";
            if (!scenario_.broken_.empty()) return false;
            if (polled)
                take(begun, *polled);
            else if (env::sleep_for(env.scheduler, milliseconds(50)).failed())
                return false;
            if (is_last == false && scenario_.producers_settled()) return true;
        }
        if (!is_last) return true;
        for (std::int32_t i = 0; i < scenario_.partitions_; ++i)
            note(scenario_.world_.now(), checker::Ended{scenario_.log_of(PartitionIndex(i))});
        return true;
    }

    bool has_all(const client::Consumer& consumer) const {
        for (const auto& [partition, end] : scenario_.owed_) {
            const auto position = consumer.position({topic_name, partition});
            if (!position || *position < end) return false;
        }
        return true;
    }

    void take(Time begun, const std::vector<client::ReadRecord>& records) {
        std::map<PartitionIndex, checker::Polled> by_partition;
        for (const auto& record : records) {
            const std::string text(record.value ? as_text(record.value->view()) : "");
            auto& polled = by_partition[record.partition.partition];
            polled.log = scenario_.log_of(record.partition.partition);
            polled.records.push_back(
                {record.offset, checker::Value(std::strtoull(text.c_str(), nullptr, 10))});
        }
        for (auto& [partition, polled] : by_partition) note(begun, std::move(polled));
    }

    void note(Time begun, checker::Step step) {
        const auto producers = static_cast<std::uint32_t>(scenario_.producers_.size());
        const auto partitions = static_cast<std::uint32_t>(scenario_.partitions_);
        scenario_.history_.operations.push_back(
            {.process = checker::ProcessId(producers * partitions + client_.number),
             .outcome = checker::Outcome::ok,
             .invoked = begun,
             .completed = scenario_.world_.now(),
             .steps = {std::move(step)}});
    }

    ReplicaScenario& scenario_;
    Client& client_;
};

ReplicaScenario::ReplicaScenario(World& world)
    : world_(world), draws_(world.stream("replica-scenario")) {
    draw_options();
    for (std::int32_t i = 0; i < partitions_; ++i)
        history_.logs.push_back(fmt::format("{}-{}", topic_name, i));
}

ReplicaScenario::~ReplicaScenario() = default;

checker::LogId ReplicaScenario::log_of(PartitionIndex partition) const {
    return checker::LogId(static_cast<std::uint32_t>(partition.value));
}

void ReplicaScenario::draw_options() {
    servers_ = 3 + draws_.below(8) / 6;
    partitions_ = static_cast<std::int32_t>(1 + draws_.below(4));
    options_.logs = draw_log_options(draws_);
    options_.cluster_id = cluster_id;
    broker::BrokerConfig& broker = options_.broker;
    broker.checkpoint_interval = milliseconds(draws_.between(50, 4'000));
    broker.checkpoint_bytes = std::uint64_t{1024} << draws_.below(12);
    broker.checkpoint_poll_interval = milliseconds(draws_.between(20, 2'000));
    broker.retention_check_interval = milliseconds(draws_.between(200, 10'000));
    broker.stop_time_max = milliseconds(draws_.between(10, 2'000));
    broker.quorum.election_timeout = milliseconds(draws_.between(200, 1'500));
    broker.quorum.fetch_timeout = milliseconds(draws_.between(600, 2'500));
    broker.quorum.request_timeout = milliseconds(draws_.between(500, 2'000));
    broker.cluster.session_timeout = milliseconds(draws_.between(1'000, 6'000));
    broker.cluster.heartbeat_interval = broker.cluster.session_timeout / draws_.between(4, 8);
    broker.cluster.controller_wait_max = milliseconds(draws_.between(200, 3'000));
    broker.cluster.shutdown_time_max = milliseconds(draws_.between(10, 2'000));
    broker.cluster.imbalance_check_interval = milliseconds(draws_.between(500, 20'000));
    broker.replicas.lag_max = milliseconds(draws_.between(500, 10'000));
    broker.replicas.fetch_wait_max = milliseconds(draws_.between(20, 500));
    broker.replicas.fetch_backoff_max = milliseconds(draws_.between(50, 1'000));
    broker.replicas.fetch_bytes_max = 256 << draws_.below(13);
    broker.replicas.response_bytes_max = broker.replicas.fetch_bytes_max << draws_.below(4);
    for (std::size_t i = 0; i < servers_; ++i) {
        addresses_.push_back({name_of_server(i), 9092});
        broker.quorum.voters.push_back(
            {BrokerId(static_cast<std::int32_t>(i) + 1), {name_of_server(i), 9093}});
    }
    think_time_max_ = milliseconds(5 << draws_.below(6));
    for (std::uint32_t i = 0; i < 2; ++i) producers_.push_back(std::make_unique<Client>(Client{i}));
    for (std::uint32_t i = 0; i < 2; ++i) consumers_.push_back(std::make_unique<Client>(Client{i}));
}

BrokerOptions ReplicaScenario::options_of(std::size_t number) const {
    BrokerOptions options = options_;
    options.broker.node_id = options.broker.quorum.voters[number].id;
    options.broker.controller_listen = options.broker.quorum.voters[number].address;
    options.broker.listen = addresses_[number];
    return options;
}

PlanOptions ReplicaScenario::build(Cluster& cluster) {
    for (std::size_t i = 0; i < servers_; ++i) {
        Node::Options node{.name = name_of_server(i)};
        node.process.shards_max = 2;
        node.disk.timing.sync = Duration(draws_.between(100, 3'000));
        cluster.add(node, [options = options_of(i)](const ProcessFacts& facts) {
            return std::make_unique<BrokerProgram>(facts, options);
        });
    }
    for (const auto& client : producers_)
        cluster.add({.name = fmt::format("producer-{}", client->number)},
                    [this, each = client.get()](const ProcessFacts&) {
                        return std::make_unique<ProducerProgram>(*this, *each);
                    });
    for (const auto& client : consumers_)
        cluster.add({.name = fmt::format("consumer-{}", client->number)},
                    [this, each = client.get()](const ProcessFacts&) {
                        return std::make_unique<ConsumerProgram>(*this, *each);
                    });
    return {.servers = static_cast<std::uint32_t>(servers_),
            .nodes = static_cast<std::uint32_t>(cluster.size()),
            .horizon = seconds(60),
            .damage = false};
}

bool ReplicaScenario::ready() const {
    return std::ranges::all_of(producers_,
                               [](const auto& client) { return client->acknowledged > 0; });
}

bool ReplicaScenario::producers_settled() const {
    return std::ranges::all_of(producers_, [](const auto& client) { return client->settled; });
}

bool ReplicaScenario::converged() const {
    return producers_settled() &&
           (!broken_.empty() ||
            std::ranges::all_of(consumers_, [](const auto& client) { return client->settled; }));
}

std::string ReplicaScenario::pending() const {
    std::string text = fmt::format("{} acknowledged", operations_.acknowledged);
    for (const auto& client : producers_)
        if (!client->settled) text += fmt::format("; producer-{} is not served", client->number);
    for (const auto& client : consumers_)
        if (!client->settled) text += fmt::format("; consumer-{} has not all", client->number);
    return text;
}

std::optional<Failure> ReplicaScenario::judge(Cluster&) {
    if (!broken_.empty()) return Failure{FailureKind::safety, broken_, broken_};
    const checker::Findings findings = checker::check(history_);
    if (findings.anomalies().empty()) return std::nullopt;
    const checker::Anomaly& first = findings.anomalies().front();
    std::string text = first.text;
    for (const std::size_t at : first.operations) {
        const checker::Operation& operation = history_.operations[at];
        text += "\n  " + checker::to_text(history_, operation).substr(0, 200);
    }
    return Failure{FailureKind::safety, fmt::format("replicas: {}", checker::name_of(first.kind)),
                   std::move(text)};
}

}  // namespace sluice::sim
