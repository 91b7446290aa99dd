#include "sim/offset_lookup.h"

#include <algorithm>

#include "sim/admin_client.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr PartitionIndex looked_up{0};
constexpr Offset to_the_end{-1};
constexpr Timestamp greatest_timestamp{-3};
// Brokers refuse what comes from their future, and their clocks step back here by an hour.
constexpr std::int64_t age_least = std::int64_t{5} * 3'600'000;
constexpr std::int64_t age_span = 3'000;  // So few that many records share their timestamps.

}  // namespace

Result<void> OffsetLookup::run(env::Env& env) {
    AdminClient client(env, context_, "lookups");
    while (!context_.faults_over && !failure_) {
        step(env, client.admin());
        if (env::sleep_for(env.scheduler, milliseconds(draws_.between(0, 500))).failed()) break;
    }
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

void OffsetLookup::step(env::Env& env, client::Admin& admin) {
    if (!log_) return create(admin);
    const std::uint64_t what = draws_.below(16);
    if (what < 8) return write(env, admin);
    if (what == 8) return cut(admin);
    if (what == 9) return cut_behind_the_end(admin);
    static_cast<void>(look_up_all(admin).failed());
}

void OffsetLookup::create(client::Admin& admin) {
    ++asked_;
    const std::string name = fmt::format("times-{}", names_++);
    const auto made = admin.create_topic(
        {.name = name,
         .partitions = 1,
         .configs = {{"index.interval.bytes", std::to_string(64 << draws_.below(6))}}});
    if (!made) return;
    ++answered_;
    log_ = Log{.topic = name};
}

void OffsetLookup::write(env::Env& env, client::Admin& admin) {
    client::Producer producer(admin.cluster(), {.linger = milliseconds(5),
                                                .batch_bytes = std::size_t{200} << draws_.below(4),
                                                .delivery_time_max = seconds(20),
                                                .create_topics = false});
    const std::uint64_t count = 1 + draws_.below(12);
    std::uint64_t delivered = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto age = age_least + static_cast<std::int64_t>(draws_.below(age_span));
        const std::int64_t timestamp = env.clock.wall().value - age;
        ++asked_;
        const auto sent =
            producer.send({.topic = log_->topic,
                           .partition = looked_up,
                           .value = std::string(draws_.below(100), 'v'),
                           .timestamp = Timestamp(timestamp)},
                          [this, timestamp, &delivered](const client::Delivery& delivery) {
                              if (!delivery.delivered()) return;
                              ++delivered;
                              log_->timestamps[delivery.offset.value] = timestamp;
                          });
        if (sent.failed()) break;
    }
    static_cast<void>(producer.flush().failed());
    producer.close();
    answered_ += delivered;
    if (delivered != count) log_.reset();
}

void OffsetLookup::cut(client::Admin& admin) {
    DeleteRecordsRequest request;
    request.timeout_ms = 4'000;
    const std::int64_t start = draws_.between(log_->start, log_->end());
    // All of it may be said in another way.
    const Offset said = start == log_->end() ? to_the_end : Offset(start);
    request.topics.push_back({log_->topic, {{looked_up, said}}});
    ++asked_;
    const auto reply = ask_once(admin, request);
    if (reply.failed() || reply->topics.front().partitions.front().error_code != ErrorCode::none) {
        log_.reset();
        return;
    }
    ++answered_;
    log_->start = start;
}

void OffsetLookup::cut_behind_the_end(client::Admin& admin) {
    DeleteRecordsRequest request;
    request.timeout_ms = 4'000;
    request.topics.push_back({log_->topic, {{looked_up, Offset(log_->end() + 1)}}});
    ++asked_;
    const auto reply = ask_once(admin, request);
    // It may be heard later, when the log is longer.
    if (reply.failed()) return log_.reset();
    const ErrorCode code = reply->topics.front().partitions.front().error_code;
    if (code == ErrorCode::offset_out_of_range || code == ErrorCode::kafka_storage_error) return;
    failure_ = Failure{FailureKind::safety, "lookup: a log is cut behind its end",
                       std::string(name_of(code))};
}

OffsetLookup::Place OffsetLookup::first_at_or_after(std::int64_t time) const {
    for (auto each = log_->timestamps.lower_bound(log_->start); each != log_->timestamps.end();
         ++each)
        if (each->second >= time) return {each->first, each->second};
    return {};
}

OffsetLookup::Place OffsetLookup::greatest() const {
    Place best;
    for (auto each = log_->timestamps.lower_bound(log_->start); each != log_->timestamps.end();
         ++each)
        if (each->second > best.timestamp) best = {each->first, each->second};
    return best;
}

// An error when something was not answered.
Result<void> OffsetLookup::look_up_all(client::Admin& admin) {
    CHECK_OK(look_up(admin, earliest_offset, {.offset = log_->start}));
    CHECK_OK(look_up(admin, latest_offset, {.offset = log_->end()}));
    CHECK_OK(look_up_epoch(admin, LeaderEpoch(0), log_->end()));
    CHECK_OK(look_up_epoch(admin, LeaderEpoch(1), -1));
    CHECK_OK(ask_in_another_epoch(admin));
    if (log_->timestamps.empty()) return {};
    CHECK_OK(look_up(admin, greatest_timestamp, greatest()));
    // A time that there is, or the one before it.
    for (int i = 0; i < 2; ++i) {
        auto any = log_->timestamps.begin();
        std::advance(any, draws_.below(log_->timestamps.size()));
        const std::int64_t time = any->second - static_cast<std::int64_t>(draws_.below(2));
        CHECK_OK(look_up(admin, Timestamp(time), first_at_or_after(time)));
    }
    return {};
}

Result<void> OffsetLookup::look_up(client::Admin& admin, Timestamp wanted, const Place& expected) {
    ListOffsetsRequest request;
    request.replica_id = BrokerId(-1);
    request.timeout_ms = 4'000;
    request.topics.push_back({log_->topic, {{.partition_index = looked_up, .timestamp = wanted}}});
    ++asked_;
    TRY(const auto reply, ask_once(admin, request));
    const auto& answer = reply.topics.front().partitions.front();
    if (answer.error_code != ErrorCode::none) return Error::io;
    ++answered_;
    if (answer.offset.value == expected.offset && answer.timestamp.value == expected.timestamp)
        return {};
    failure_ = Failure{
        FailureKind::safety, "lookup: another offset is found",
        fmt::format("{} from {} to {}: for {} offset {} of {} instead of {} of {}", log_->topic,
                    log_->start, log_->end(), wanted.value, answer.offset.value,
                    answer.timestamp.value, expected.offset, expected.timestamp)};
    return {};
}

// Whoever knows a later leader than there is must not be served by this one.
Result<void> OffsetLookup::ask_in_another_epoch(client::Admin& admin) {
    ListOffsetsRequest request;
    request.replica_id = BrokerId(-1);
    request.timeout_ms = 4'000;
    request.topics.push_back({log_->topic,
                              {{.partition_index = looked_up,
                                .current_leader_epoch = LeaderEpoch(1),
                                .timestamp = latest_offset}}});
    ++asked_;
    TRY(const auto reply, ask_once(admin, request));
    ++answered_;
    if (reply.topics.front().partitions.front().error_code == ErrorCode::none)
        failure_ = Failure{FailureKind::safety, "lookup: an epoch that is not there is served",
                           log_->topic};
    return {};
}

// One broker leads in one epoch for ever; of others it has not heard.
Result<void> OffsetLookup::look_up_epoch(client::Admin& admin, LeaderEpoch epoch,
                                         std::int64_t end) {
    OffsetForLeaderEpochRequest request;
    request.topics.push_back({log_->topic, {{.partition = looked_up, .leader_epoch = epoch}}});
    ++asked_;
    TRY(const auto reply, ask_once(admin, request));
    const auto& answer = reply.topics.front().partitions.front();
    if (answer.error_code != ErrorCode::none) return Error::io;
    ++answered_;
    if (answer.end_offset.value == end) return {};
    failure_ = Failure{FailureKind::safety, "lookup: an epoch ends elsewhere",
                       fmt::format("{}: epoch {} at {} instead of {}", log_->topic, epoch.value,
                                   answer.end_offset.value, end)};
    return {};
}

Result<void> OffsetLookup::check(env::Env& env) {
    AdminClient client(env, context_, "lookups");
    const Result<void> done = log_ ? look_up_all(client.admin()) : Result<void>();
    if (env.scheduler.stopped()) return Error::stopped;
    return done;
}

}  // namespace sluice::sim
