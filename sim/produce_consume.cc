#include "sim/produce_consume.h"

#include <algorithm>

#include "core/client/admin.h"
#include "sim/value.h"

namespace sluice::sim {
namespace {

constexpr std::uint32_t partitions_max = 4;
constexpr std::uint32_t producers_max = 4;
// Of the readers; the producers' numbers begin at 0.
constexpr std::uint32_t tailing_reader = 100;
constexpr std::uint32_t last_reader = 101;

}  // namespace

ProduceConsume::Client::Client(ProduceConsume& workload, env::Env& e)
    : env(e),
      cluster({env.scheduler, env.clock, env.network, env.random},
              {.client_id = workload.topic_,
               .request_time_max = workload.request_time_max_,
               .connect_time_max = workload.request_time_max_},
              workload.context_.servers),
      fibers(env.scheduler) {}

ProduceConsume::ProduceConsume(const WorkloadContext& context, std::string topic)
    : context_(context), topic_(std::move(topic)), draws_(context.world.stream("load." + topic_)) {
    partitions_ = 1 + static_cast<std::uint32_t>(draws_.below(partitions_max));
    producers_ = 1 + static_cast<std::uint32_t>(draws_.below(producers_max));
    think_time_max_ = milliseconds(40 << draws_.below(5));
    request_time_max_ = milliseconds(draws_.between(500, 5'000));
    acknowledged_ends_.resize(partitions_);
    // Segments are rolled when their index is full, too.
    configs_.emplace_back("segment.index.bytes", std::to_string(64 << draws_.below(8)));
    configs_.emplace_back("index.interval.bytes", std::to_string(64 << draws_.below(7)));
    if (draws_.below(3) == 0)
        configs_.emplace_back("segment.ms", std::to_string(draws_.between(100, 20'000)));
}

Result<void> ProduceConsume::set_up(env::Env& env) {
    Client client(*this, env);
    client::Admin admin(client.cluster);
    const auto created = admin.create_topic({.name = topic_,
                                             .partitions = static_cast<std::int32_t>(partitions_),
                                             .replication = -1,
                                             .configs = configs_});
    if (created || created.error().code == protocol::ErrorCode::topic_already_exists) return {};
    env.logger.warn("workload.set_up_failed", {{"why", created.error().text()}});
    return created.error().code == protocol::ErrorCode::none ? created.error().error : Error::io;
}

Result<void> ProduceConsume::run(env::Env& env) {
    Client client(*this, env);
    for (std::uint32_t i = 0; i < producers_; ++i)
        CHECK_OK(client.fibers.spawn("producer", [this, &client, i] { produce(client, i); }));
    CHECK_OK(client.fibers.spawn("consumer", [this, &client] { consume(client); }));
    client.fibers.join();
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

void ProduceConsume::produce(Client& client, std::uint32_t number) {
    client::ProducerOptions options;
    options.linger = milliseconds(static_cast<std::int64_t>(number) * 3);
    options.batch_bytes =
        std::min(std::size_t{512} << (2 * number), context_.segment_bytes / 4 * 3);
    options.delivery_time_max = seconds(120);
    client::Producer producer(client.cluster, options);
    while (!context_.faults_over && !client.env.scheduler.stopped()) {
        if (send_one(client, producer, number).failed()) break;
        if (env::sleep_for(client.env.scheduler, pause(client.env.random)).failed()) break;
    }
    if (delivers_all()) static_cast<void>(producer.flush().failed());
    producer.close();
}

Result<void> ProduceConsume::send_one(Client& client, client::Producer& producer,
                                      std::uint32_t number) {
    const auto log = static_cast<std::uint32_t>(client.env.random.below(partitions_));
    const std::uint64_t value = next_value();
    // What is larger than a segment is refused.
    const std::size_t bytes =
        std::min(std::size_t{8} << client.env.random.below(9), context_.segment_bytes / 4);
    const auto content = make_value(value, bytes + client.env.random.below(bytes));
    const std::size_t send = history_.send(
        {.log = log, .producer = number, .value = value, .invoked = context_.world.now()});
    ++undelivered_;
    const auto taken =
        producer.send({.topic = topic_,
                       .partition = partition_of(log).partition,
                       .key = std::nullopt,
                       .value = std::string(as_text(content)),
                       .headers = {}},
                      [this, send](const client::Delivery& d) { delivered(send, d); });
    if (taken) return {};
    --undelivered_;
    history_.answer(send, SendOutcome::refused, context_.world.now());
    return taken;
}

void ProduceConsume::delivered(std::size_t send, const client::Delivery& delivery) {
    --undelivered_;
    if (!delivery.delivered()) return;  // It may be written all the same.
    acknowledged(send, log_of(delivery.partition), delivery.offset.value);
}

void ProduceConsume::acknowledged(std::size_t send, std::uint32_t log, std::int64_t offset) {
    history_.answer(send, SendOutcome::acknowledged, context_.world.now(), offset);
    acknowledged_ends_[log] = std::max(acknowledged_ends_[log], offset + 1);
}

void ProduceConsume::consume(Client& client) {
    client::Consumer consumer(client.cluster, {});
    for (std::uint32_t log = 0; log < partitions_; ++log)
        consumer.assign(partition_of(log), client::Consumer::earliest);
    while (!context_.faults_over) {
        const Time invoked = context_.world.now();
        const auto records = consumer.poll(milliseconds(300));
        if (records.failed() && records.error() == Error::stopped) return;
        if (records) remember(tailing_reader, invoked, *records);
        if (env::sleep_for(client.env.scheduler, pause(client.env.random)).failed()) return;
    }
}

void ProduceConsume::remember(std::uint32_t reader, Time invoked,
                              const std::vector<client::ReadRecord>& records) {
    std::map<std::uint32_t, Read> by_log;
    for (const client::ReadRecord& record : records) {
        Read& read = by_log[log_of(record.partition.partition)];
        if (read.records.empty()) read.from = record.offset.value;
        read.records.push_back(
            {record.offset.value, record.value ? number_of(record.value->view()) : 0});
    }
    for (auto& [log, read] : by_log) {
        read.log = log;
        read.reader = reader;
        read.invoked = invoked;
        read.answered = context_.world.now();
        history_.read(std::move(read));
    }
}

Result<void> ProduceConsume::check(env::Env& env) {
    Client client(*this, env);
    Result<void> done = read_back(client);
    read_back_ = !done.failed();
    return done;
}

// Everything, up to an end that covers all that was acknowledged.
Result<void> ProduceConsume::read_back(Client& client) {
    client::Consumer consumer(client.cluster, {});
    std::vector<Read> all(partitions_);
    for (std::uint32_t log = 0; log < partitions_; ++log) {
        consumer.assign(partition_of(log), client::Consumer::earliest);
        all[log] = {.log = log, .reader = last_reader, .from = 0, .invoked = context_.world.now()};
    }
    const auto complete = [&] {
        for (std::uint32_t log = 0; log < partitions_; ++log) {
            const auto at = consumer.position(partition_of(log));
            const auto end = consumer.high_watermark(partition_of(log));
            if (!at || !end || *at < *end || *end < Offset(acknowledged_ends_[log])) return false;
        }
        return true;
    };
    while (!complete()) {
        TRY(const auto records, consumer.poll(milliseconds(200)));
        for (const client::ReadRecord& record : records)
            all[log_of(record.partition.partition)].records.push_back(
                {record.offset.value, record.value ? number_of(record.value->view()) : 0});
    }
    for (Read& read : all) {
        read.answered = context_.world.now();
        history_.read_all(std::move(read));
    }
    return {};
}

std::string ProduceConsume::pending() const {
    return fmt::format("{} values not delivered{}", undelivered_,
                       read_back_ ? "" : ", not read back");
}

std::optional<Failure> ProduceConsume::judge() {
    return failure_of(LogChecker({}).check(history_));
}

std::optional<Failure> ProduceConsume::failure_of(const std::vector<Anomaly>& anomalies) const {
    if (anomalies.empty()) return std::nullopt;
    std::string text;
    for (const Anomaly& anomaly : anomalies)
        text += fmt::format("{}{}-{} {}: {}", text.empty() ? "" : "; ", topic_, anomaly.log,
                            name_of(anomaly.kind), anomaly.text);
    return Failure{FailureKind::safety,
                   fmt::format("produce-consume: {}", name_of(anomalies.front().kind)), text};
}

}  // namespace sluice::sim
