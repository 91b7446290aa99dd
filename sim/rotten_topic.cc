#include "sim/rotten_topic.h"

#include <algorithm>

#include "core/client/consumer.h"
#include "sim/value.h"

namespace sluice::sim {
namespace {

// Of the reader of everything; see ProduceConsume.
constexpr std::uint32_t reader_of_all = 101;
// A log that gives nothing for so long is asked why.
constexpr int idle_polls_max = 5;

}  // namespace

std::string RottenTopic::name_of_log(std::uint32_t log) const {
    return fmt::format("{}-{}", topic(), log);
}

bool RottenTopic::is_damaged(std::uint32_t log) const {
    const std::string directory = name_of_log(log) + "/";
    return std::ranges::any_of(context().damages(), [&](const Damage& damage) {
        return damage.path.starts_with(directory);
    });
}

bool RottenTopic::may_lack_its_end(std::uint32_t log) const {
    const std::string directory = name_of_log(log) + "/";
    return std::ranges::any_of(context().damages(), [&](const Damage& damage) {
        return damage.path.starts_with(directory) && !damage.settled;
    });
}

void RottenTopic::logged(std::string_view line) {
    const auto says = [line](std::string_view words) {
        return line.find(words) != std::string_view::npos;
    };
    if (!says(" log.damaged ") && !says(" log.corrupt ")) return;
    for (std::uint32_t log = 0; log < partitions(); ++log)
        if (says(fmt::format(" log={} ", name_of_log(log)))) reported_.insert(log);
}

Result<void> RottenTopic::check(env::Env& env) {
    Client client(*this, env);
    for (std::uint32_t log = 0; log < partitions(); ++log) {
        if (done_.contains(log)) continue;
        TRY(const bool done, read_log(client, log));
        if (done) done_.insert(log);
    }
    return done_.size() == partitions() ? Result<void>() : Error::timed_out;
}

// Reads a log to its end, or to where it says that it is damaged.
Result<bool> RottenTopic::read_log(Client& client, std::uint32_t log) {
    client::Consumer consumer(client.cluster, {.reset = client::OffsetReset::none});
    const auto partition = partition_of(log);
    consumer.assign(partition, client::Consumer::earliest);
    Read all{.log = log, .reader = reader_of_all, .from = 0, .invoked = context().world.now()};
    for (int idle = 0; idle < idle_polls_max;) {
        const auto records = consumer.poll(milliseconds(200));
        if (records.failed() && records.error() == Error::stopped) return Error::stopped;
        const bool any = records && !records->empty();
        idle = any ? 0 : idle + 1;
        if (any)
            for (const client::ReadRecord& record : *records)
                all.records.push_back(
                    {record.offset.value, record.value ? number_of(record.value->view()) : 0});
        const auto at = consumer.position(partition);
        const auto end = consumer.high_watermark(partition);
        if (!at || !end || *at < *end) continue;
        if (*end < Offset(acknowledged_end(log)) && !is_damaged(log)) continue;
        ends_[log] = end->value;
        all.answered = context().world.now();
        history().read_all(std::move(all));
        return true;
    }
    if (!is_damaged(log)) return false;
    TRY(const auto code, ask(client, log, consumer.position(partition).value_or(Offset(0))));
    if (code == protocol::ErrorCode::none) return false;
    reported_.insert(log);
    return true;
}

Result<protocol::ErrorCode> RottenTopic::ask(Client& client, std::uint32_t log, Offset from) {
    protocol::FetchRequest request;
    request.max_wait_ms = 100;
    request.topics.push_back({.topic = topic(), .topic_id = {}, .partitions = {}});
    protocol::FetchRequest::Partition wanted;
    wanted.partition = partition_of(log).partition;
    wanted.fetch_offset = from;
    wanted.partition_max_bytes = 1 << 20;
    request.topics.back().partitions.push_back(wanted);
    constexpr Version newest_by_name{12};
    TRY(client::BrokerConnection * leader, client.cluster.leader(partition_of(log)));
    TRY(const auto reply, leader->ask(request, milliseconds(100), newest_by_name));
    if (reply.responses.empty() || reply.responses.front().partitions.empty())
        return Error::invalid;
    return reply.responses.front().partitions.front().error_code;
}

std::string RottenTopic::pending() const {
    std::string text;
    for (std::uint32_t log = 0; log < partitions(); ++log)
        if (!done_.contains(log))
            text += fmt::format("{}{} is neither read nor reported", text.empty() ? "" : ", ",
                                name_of_log(log));
    return text;
}

std::optional<Failure> RottenTopic::judge() {
    LogChecker::Options options;
    options.ordered = false;  // What was given up may still be written, later.
    for (std::uint32_t log = 0; log < partitions(); ++log)
        if (is_damaged(log)) options.damaged.insert(log);
    options.anomalies_max = 1000;
    auto anomalies = LogChecker(options).check(history());
    // A log that may have lost its end gives the offsets to others.
    std::erase_if(anomalies, [this](const Anomaly& anomaly) {
        return may_lack_its_end(anomaly.log) && anomaly.kind != AnomalyKind::never_written;
    });
    if (auto failure = failure_of(anomalies)) return failure;
    for (const auto& [log, end] : ends_)
        if (end < acknowledged_end(log) && !reported_.contains(log) && !may_lack_its_end(log))
            return Failure{FailureKind::safety,
                           "damage at rest: a log is shorter and does not say so",
                           fmt::format("{} ends at {}, and {} was acknowledged", name_of_log(log),
                                       end, acknowledged_end(log))};
    return std::nullopt;
}

}  // namespace sluice::sim
