#include "sim/broker_scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/client/admin.h"
#include "sim/draw_options.h"
#include "sim/log_checker.h"
#include "sim/value.h"

namespace sluice::sim {
namespace {

constexpr std::uint32_t shards_max = 3;

std::string topic_name(std::uint32_t number) {
    return fmt::format("topic{}", number);
}

}  // namespace

// The machine all clients live on. It never fails; the network between it and the broker does.
class BrokerScenario::ClientProgram final : public Program {
public:
    explicit ClientProgram(BrokerScenario& scenario) : scenario_(scenario) {}

    void run(env::Env& env) override {
        if (env.shards.self() != ShardId(0)) return;
        scenario_.run_client({env.scheduler, env.clock, env.network, env.random});
    }
    void stop() override {}

private:
    BrokerScenario& scenario_;
};

BrokerScenario::BrokerScenario(World& world)
    : world_(world), draws_(world.stream("broker-scenario")) {
    draw_options();
}

void BrokerScenario::draw_options() {
    options_.broker.listen = {"broker", 9092};
    options_.broker.checkpoint_interval = milliseconds(draws_.between(100, 5'000));
    options_.broker.checkpoint_bytes = std::uint64_t{1024} << draws_.below(12);
    options_.broker.checkpoint_poll_interval = milliseconds(draws_.between(20, 2'000));
    options_.broker.retention_check_interval = milliseconds(draws_.between(1'000, 30'000));
    options_.broker.log_opens_at_once = 1 + draws_.below(8);
    segment_bytes_ = std::size_t{2048} << draws_.below(9);
    options_.broker.given["log.segment.bytes"] = std::to_string(segment_bytes_);
    options_.broker.given["log.index.interval.bytes"] = std::to_string(64u << draws_.below(6));
    options_.logs.block_bytes_min = std::size_t{512} << draws_.below(5);
    options_.logs.block_bytes_max = options_.logs.block_bytes_min << draws_.below(6);
    options_.logs.cache_bytes_max = std::size_t{8192} << draws_.below(8);
    options_.logs.write_bytes_max = std::size_t{4096} << draws_.below(6);
    options_.logs.flushes_max = 1 + draws_.below(8);
    draw_journal_options(draws_, options_.logs);
    options_.logs.free_bytes_min = 0;
    options_.logs.full_disk_backoff = milliseconds(draws_.between(1, 300));
    options_.logs.idle_files_max = 1 + draws_.below(16);
    options_.network.connection.requests_in_flight_max = 1 + draws_.below(8);
    options_.network.request_memory_bytes = std::size_t{65'536} << draws_.below(6);
    options_.broker.metadata_snapshot_bytes = std::uint64_t{256} << draws_.below(8);
    options_.broker.metadata_segment_bytes = std::uint64_t{1024} << draws_.below(8);
    topic_count_ = static_cast<std::uint32_t>(1 + draws_.below(2));
    partitions_per_topic_ = static_cast<std::uint32_t>(1 + draws_.below(3));
    producer_count_ = static_cast<std::uint32_t>(1 + draws_.below(3));
    think_time_max_ = milliseconds(20 << draws_.below(5));
    for (std::uint32_t topic = 0; topic < topic_count_; ++topic)
        for (std::uint32_t p = 0; p < partitions_per_topic_; ++p)
            logs_.push_back(
                {{topic_name(topic), PartitionIndex(static_cast<std::int32_t>(p))}, false});
}

PlanOptions BrokerScenario::build(Cluster& cluster) {
    cluster_ = &cluster;
    sim::Node::Options node{.name = "broker"};
    node.process.shards = 1;
    node.process.shards_max = shards_max;
    node.disk.timing.sync = Duration(draws_.between(100, 3'000));
    broker_ = &cluster.add(node, [this](const ProcessFacts& facts) {
        return std::make_unique<BrokerProgram>(facts, options_, this);
    });
    sim::Node& clients = cluster.add({.name = "clients"}, [this](const ProcessFacts&) {
        return std::make_unique<ClientProgram>(*this);
    });
    clients.start();
    return {.servers = 1, .nodes = 2, .horizon = seconds(60)};
}

void BrokerScenario::finish() {
    finishing_ = true;
    // A log whose disk failed is offline until the broker starts again, which somebody then sees
    // to.
    const auto& faults = cluster_->faults();
    const FaultKind final_ones[] = {FaultKind::write_error,        FaultKind::directory_error,
                                    FaultKind::read_error,         FaultKind::sync_drops_pages,
                                    FaultKind::sync_forgets_pages, FaultKind::latent_read_error};
    const bool failed =
        std::ranges::any_of(final_ones, [&](FaultKind kind) { return faults.of(kind).bitten > 0; });
    if (failed && broker_->running()) broker_->crash();
}

void BrokerScenario::broker_failed(const std::string& why) {
    const bool excused =
        std::ranges::any_of(logs_, [this](const Log& log) { return is_damaged(log); });
    // A start may fail for as long as the disk does; it is tried again.
    if (why.find("corrupt") == std::string::npos || excused) return;
    world_.fail({FailureKind::safety, "broker: corrupt though nothing was damaged", why});
}

bool BrokerScenario::is_damaged(const Log& log) const {
    const std::string directory =
        fmt::format("{}-{}/", log.partition.topic, log.partition.partition.value);
    return std::ranges::any_of(broker_->disk().damages(), [&](const Damage& damage) {
        return damage.path.starts_with(directory) || damage.path.starts_with("__cluster_metadata");
    });
}

void BrokerScenario::run_client(const client::ClientEnv& env) {
    client::ClientOptions options;
    options.request_time_max = seconds(5);
    options.connect_time_max = seconds(2);
    options.metadata_age_max = seconds(20);
    client::Cluster cluster(env, options, {{"broker", 9092}});
    // Readers have connections of their own: what waits for news would hold up the writers behind
    // it.
    client::Cluster reading(env, options, {{"broker", 9092}});
    make_topics(cluster);
    topics_made_ = true;
    env::FiberGroup fibers(env.scheduler);
    const auto spawn = [&](std::string_view name, Task body) {
        ASSERT(!fibers.spawn(name, std::move(body)).failed());
    };
    for (std::uint32_t p = 0; p < producer_count_; ++p) {
        ++producers_at_work_;
        spawn("workload-producer", [this, &cluster, p] {
            produce(cluster, p + 1);
            --producers_at_work_;
        });
    }
    spawn("workload-reader", [this, &reading] { consume(reading, 1); });
    fibers.join();
    read_everything(reading);
    reading.close();
    cluster.close();
}

void BrokerScenario::make_topics(client::Cluster& cluster) {
    client::Admin admin(cluster);
    for (std::uint32_t topic = 0; topic < topic_count_;) {
        const auto made =
            admin.create_topic({.name = topic_name(topic),
                                .partitions = static_cast<std::int32_t>(partitions_per_topic_)});
        if (made || made.error().code == protocol::ErrorCode::topic_already_exists) {
            ++topic;
            continue;
        }
        if (env::sleep_for(cluster.env().scheduler, milliseconds(100)).failed()) return;
    }
}

// Sends values of rising numbers, keeps several open, and notes what becomes of each.
void BrokerScenario::produce(client::Cluster& cluster, std::uint32_t producer) {
    Random draws = world_.stream(fmt::format("producer-{}", producer));
    client::ProducerOptions options;
    options.linger = milliseconds(draws.between(0, 20));
    // What is larger than a segment is refused.
    options.batch_bytes = std::min(std::size_t{256} << draws.below(6), segment_bytes_ / 2);
    options.delivery_time_max = seconds(600);  // Longer than every run: no record is given up.
    client::Producer sender(cluster, options);
    while (!finishing_) {
        const std::uint64_t burst = 1 + draws.below(6);
        for (std::uint64_t i = 0; i < burst; ++i) {
            const auto log = static_cast<std::uint32_t>(draws.below(logs_.size()));
            const std::uint64_t number = ++values_made_;
            const auto bytes = make_value(number, std::size_t{16} << draws.below(6));
            client::Message message;
            message.topic = logs_[log].partition.topic;
            message.partition = logs_[log].partition.partition;
            message.value = std::string(bytes.begin(), bytes.end());
            const std::size_t send = history_.send(
                {.log = log, .producer = producer, .value = number, .invoked = world_.now()});
            const auto sent = sender.send(message, [this, send](const client::Delivery& delivery) {
                if (delivery.delivered())
                    history_.answer(send, SendOutcome::acknowledged, world_.now(),
                                    delivery.offset.value);
            });
            if (sent.failed()) return sender.close();
        }
        // Now and then it waits for its answers, so that what is open stays bounded.
        if (draws.below(8) == 0 && sender.flush().failed()) break;
        const Duration pause(draws.between(0, think_time_max_.count()));
        if (env::sleep_for(cluster.env().scheduler, pause).failed()) break;
    }
    static_cast<void>(sender.flush().failed());
    sender.close();
}

std::uint32_t BrokerScenario::number_of_log(const client::TopicPartition& partition) const {
    const auto found = std::ranges::find(logs_, partition, &Log::partition);
    ASSERT(found != logs_.end());
    return static_cast<std::uint32_t>(found - logs_.begin());
}

void BrokerScenario::consume(client::Cluster& cluster, std::uint32_t reader) {
    client::Consumer consumer(cluster, {});
    for (const Log& log : logs_) consumer.assign(log.partition, client::Consumer::earliest);
    while (!finishing_ || producers_at_work_ > 0) {
        std::map<client::TopicPartition, std::int64_t> from;
        for (const Log& log : logs_)
            if (const auto position = consumer.position(log.partition))
                from[log.partition] = position->value;
        const Time invoked = world_.now();
        const auto records = consumer.poll(milliseconds(500));
        if (records.failed() && records.error() == Error::stopped) return;
        if (records.failed()) {
            if (env::sleep_for(cluster.env().scheduler, milliseconds(100)).failed()) return;
            continue;
        }
        std::map<std::uint32_t, Read> reads;
        for (const client::ReadRecord& record : *records) {
            const std::uint32_t log = number_of_log(record.partition);
            const auto known = from.find(record.partition);
            auto [read, is_new] = reads.try_emplace(
                log, Read{.log = log,
                          .reader = reader,
                          .from = known == from.end() ? record.offset.value : known->second,
                          .invoked = invoked,
                          .answered = world_.now()});
            read->second.records.push_back(
                {record.offset.value, record.value ? number_of(record.value->view()) : 0});
        }
        for (auto& [log, read] : reads) history_.read(std::move(read));
    }
}

void BrokerScenario::read_everything(client::Cluster& cluster) {
    for (std::uint32_t number = 0; number < logs_.size(); ++number)
        while (!read_log_to_its_end(cluster, number))
            if (env::sleep_for(cluster.env().scheduler, milliseconds(100)).failed()) return;
}

bool BrokerScenario::read_log_to_its_end(client::Cluster& cluster, std::uint32_t number) {
    Log& log = logs_[number];
    client::Consumer consumer(cluster, {});
    consumer.assign(log.partition, client::Consumer::earliest);
    Read all{.log = number, .reader = 0, .from = 0, .invoked = world_.now()};
    for (;;) {
        const auto records = consumer.poll(milliseconds(500));
        if (records.failed()) return records.error() == Error::stopped;
        for (const client::ReadRecord& record : *records)
            all.records.push_back(
                {record.offset.value, record.value ? number_of(record.value->view()) : 0});
        const auto position = consumer.position(log.partition);
        const auto end = consumer.high_watermark(log.partition);
        if (!position || !end) {
            // Nobody answered for it: perhaps the broker is only starting.
            if (env::sleep_for(cluster.env().scheduler, milliseconds(50)).failed()) return true;
            continue;
        }
        if (*position >= *end) break;
    }
    all.answered = world_.now();
    history_.read_all(std::move(all));
    log.read_at_end = true;
    return true;
}

bool BrokerScenario::converged() const {
    return std::ranges::all_of(logs_, [](const Log& log) { return log.read_at_end; });
}

std::string BrokerScenario::pending() const {
    std::string text;
    for (const Log& log : logs_)
        if (!log.read_at_end)
            text += fmt::format("{}{}-{}", text.empty() ? "" : ", ", log.partition.topic,
                                log.partition.partition.value);
    return fmt::format("not read to the end: {}; {} producers at work", text, producers_at_work_);
}

std::optional<Failure> BrokerScenario::judge(Cluster&) {
    LogChecker::Options options;
    for (std::uint32_t i = 0; i < logs_.size(); ++i)
        if (is_damaged(logs_[i])) options.damaged.insert(i);
    const auto anomalies = LogChecker(options).check(history_);
    if (anomalies.empty()) return std::nullopt;
    std::string text;
    for (const Anomaly& anomaly : anomalies)
        text += fmt::format("{}log {} {}: {}", text.empty() ? "" : "; ", anomaly.log,
                            name_of(anomaly.kind), anomaly.text);
    return Failure{FailureKind::safety, fmt::format("broker: {}", name_of(anomalies.front().kind)),
                   text};
}

}  // namespace sluice::sim
