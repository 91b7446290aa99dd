#include "sim/log_scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/protocol/batch_builder.h"
#include "sim/draw_options.h"
#include "sim/log_program.h"
#include "sim/value.h"

namespace sluice::sim {
namespace {

constexpr std::uint32_t log_shards_max = 3;
constexpr std::uint32_t logs_max = 5;
constexpr std::uint32_t producers_per_log_max = 3;
constexpr std::uint64_t records_per_batch_max = 6;

}  // namespace

LogScenario::LogScenario(World& world) : world_(world), draws_(world.stream("log-scenario")) {
    options_ = draw_log_options(draws_);
    think_time_max_ = milliseconds(40 << draws_.below(6));
    batches_open_max_ = 1 + draws_.below(5);
    draw_logs();
}

void LogScenario::draw_logs() {
    const std::uint64_t count = 1 + draws_.below(logs_max);
    for (std::uint32_t i = 0; i < count; ++i) {
        LogModel log;
        log.number = i;
        log.name = fmt::format("topic-{}", i);
        log.topic.bytes[15] = static_cast<std::uint8_t>(i + 1);
        log.config.segment_bytes = std::uint64_t{1024} << draws_.below(9);
        log.config.index_interval_bytes = 64u << draws_.below(6);
        log.config.segment_index_bytes = 64u << draws_.below(10);
        if (draws_.below(4) == 0)
            log.config.segment_age_max = milliseconds(draws_.between(200, 9'000));
        const std::uint64_t producers = 1 + draws_.below(producers_per_log_max);
        for (std::uint32_t p = 0; p < producers; ++p)
            log.producers.push_back({.number = 100 * (i + 1) + p, .open = {}});
        logs_.push_back(std::move(log));
    }
}

PlanOptions LogScenario::build(Cluster& cluster) {
    Node::Options node{.name = "log"};
    node.process.shards = 1;
    node.process.shards_max = log_shards_max;
    node.disk.timing.sync = Duration(draws_.between(100, 3'000));
    node_ = &cluster.add(node, [this](const ProcessFacts& facts) {
        return std::make_unique<LogProgram>(facts, *this);
    });
    return {.servers = 1,
            .nodes = 1,
            .horizon = seconds(60),
            .damage_single_copy = draws_.below(4) == 0};
}

LogScenario::Batch& LogScenario::make_batch(LogModel& log, Producer& producer) {
    protocol::RecordBatchBuilder builder({.producer_id = ProducerId(producer.number),
                                          .producer_epoch = ProducerEpoch(0),
                                          .base_sequence = Sequence(producer.next_sequence)});
    Batch batch;
    const std::uint64_t count = 1 + draws_.below(records_per_batch_max);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t number = ++values_made_;
        const std::size_t bytes = std::size_t{8} << draws_.below(draws_.below(10) == 0 ? 11 : 6);
        const auto value = make_value(number, bytes + draws_.below(bytes));
        builder.append({.timestamp = node_->clock().wall(), .value = Slice(value)});
        batch.sends.push_back(history_.send({.log = log.number,
                                             .producer = producer.number,
                                             .value = number,
                                             .invoked = world_.now()}));
    }
    batch.bytes = builder.build();
    producer.next_sequence += static_cast<std::int32_t>(count);
    producer.open.push_back(std::move(batch));
    return producer.open.back();
}

void LogScenario::acknowledge(LogModel& log, const Batch& batch, Offset base) {
    std::int64_t offset = base.value;
    for (const std::size_t send : batch.sends)
        history_.answer(send, SendOutcome::acknowledged, world_.now(), offset++);
    log.acknowledged_end = std::max(log.acknowledged_end, offset);
}

bool LogScenario::is_damaged(const LogModel& log) const {
    const std::string directory = log.name + "/";
    return std::ranges::any_of(node_->disk().damages(), [&](const Damage& damage) {
        return damage.path.starts_with(directory);
    });
}

void LogScenario::fail(const LogModel& log, const std::string& what) {
    world_.fail({FailureKind::safety, "log: " + what, log.name});
}

bool LogScenario::converged() const {
    return std::ranges::all_of(logs_, [this](const LogModel& log) {
        return log.read_at_end || (log.reported_damage && is_damaged(log));
    });
}

std::string LogScenario::pending() const {
    std::string text;
    for (const LogModel& log : logs_) {
        if (log.read_at_end) continue;
        std::size_t open = 0;
        for (const Producer& producer : log.producers) open += producer.open.size();
        text += fmt::format("{} {} ({} batches open)", text.empty() ? "" : ",", log.name, open);
    }
    return text.empty() ? "nothing" : text;
}

std::optional<Failure> LogScenario::judge(Cluster&) {
    LogChecker::Options options;
    for (const LogModel& log : logs_)
        if (is_damaged(log)) options.damaged.insert(log.number);
    const auto anomalies = LogChecker(options).check(history_);
    if (anomalies.empty()) return std::nullopt;
    std::string text;
    for (const Anomaly& anomaly : anomalies)
        text += fmt::format("{}topic-{} {}: {}", text.empty() ? "" : "; ", anomaly.log,
                            name_of(anomaly.kind), anomaly.text);
    return Failure{FailureKind::safety, fmt::format("log: {}", name_of(anomalies.front().kind)),
                   text};
}

OperationCount LogScenario::operations() const {
    return {history_.operations(), history_.acknowledged()};
}

}  // namespace sluice::sim
