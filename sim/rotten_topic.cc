#include "sim/rotten_topic.h"

#include <algorithm>
#include <charconv>

#include "core/client/consumer.h"
#include "sim/value.h"

namespace sluice::sim {
namespace {

// Of the reader of everything; see ProduceConsume.
constexpr std::uint32_t last_reader = 101;
// A log that gives nothing for so long is asked why.
constexpr int idle_polls_max = 5;

// Where a log was cut, as its line says.
std::optional<std::int64_t> end_in(std::string_view line) {
    constexpr std::string_view label = " end=";
    const auto at = line.find(label);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view digits = line.substr(at + label.size());
    std::int64_t end = 0;
    const auto [behind, error] = std::from_chars(digits.data(), digits.data() + digits.size(), end);
    if (error != std::errc{}) return std::nullopt;
    return end;
}

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

bool RottenTopic::is_excused(std::uint32_t log) const {
    if (cuts_.contains(log)) return true;
    return may_lack_its_end(log);
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
    const bool reports = says(" log.damaged ") || says(" log.corrupt ");
    if (!reports && !says(" log.cut ")) return;
    for (std::uint32_t log = 0; log < partitions(); ++log)
        if (says(fmt::format(" log={} ", name_of_log(log))))
            note(log, reports ? std::nullopt : end_in(line));
}

void RottenTopic::note(std::uint32_t log, std::optional<std::int64_t> cut_at) {
    if (!cut_at) {
        reported_.insert(log);
        return;
    }
    const auto [cut, is_first] = cuts_.try_emplace(log, *cut_at);
    if (!is_first) cut->second = std::min(cut->second, *cut_at);
}

// What was said and seen of what stands before the cuts.
History RottenTopic::before_cuts() {
    History before;
    const auto is_cut = [this](std::uint32_t log, std::int64_t offset) {
        const auto cut = cuts_.find(log);
        return cut != cuts_.end() && offset >= cut->second;
    };
    for (Send send : history().sends()) {
        if (is_cut(send.log, send.offset)) {
            send.outcome = SendOutcome::unknown;
            send.offset = -1;
        }
        before.send(send);
    }
    const auto uncut = [&](Read read) {
        std::erase_if(read.records,
                      [&](const SeenRecord& seen) { return is_cut(read.log, seen.offset); });
        return read;
    };
    for (const Read& read : history().reads()) before.read(uncut(read));
    for (const Read& read : history().final_reads()) before.read_all(uncut(read));
    return before;
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
    Read all{.log = log, .reader = last_reader, .from = 0, .invoked = context().world.now()};
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
        return is_excused(anomaly.log) && anomaly.kind != AnomalyKind::never_written;
    });
    if (auto failure = failure_of(anomalies)) return failure;
    anomalies = LogChecker(options).check(before_cuts());
    std::erase_if(anomalies,
                  [this](const Anomaly& anomaly) { return may_lack_its_end(anomaly.log); });
    if (auto failure = failure_of(anomalies)) return failure;
    for (const auto& [log, end] : ends_)
        if (end < acknowledged_end(log) && !reported_.contains(log) && !is_excused(log))
            return Failure{FailureKind::safety,
                           "damage at rest: a log is shorter and does not say so",
                           fmt::format("{} ends at {}, and {} was acknowledged", name_of_log(log),
                                       end, acknowledged_end(log))};
    return std::nullopt;
}

}  // namespace sluice::sim
