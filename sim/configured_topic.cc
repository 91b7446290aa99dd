#include "sim/configured_topic.h"

#include <algorithm>
#include <charconv>

#include "core/protocol/batch_builder.h"
#include "core/protocol/compression.h"
#include "core/protocol/record.h"
#include "sim/admin_client.h"
#include "sim/value.h"

namespace sluice::sim {

using namespace protocol;

namespace {

constexpr std::int8_t of_topic = 2;
constexpr std::int8_t source_topic = 1;
constexpr PartitionIndex partition{0};
constexpr std::size_t unpacked_bytes_max = 1 << 20;
constexpr Version newest_plain_by_name{9};  // Of Produce and Fetch.
constexpr std::int64_t begins_early = -2;

// The ages of records, in milliseconds. Clocks step by an hour here, and more than that lies
// between what is kept and what is not.
constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t age_young = 5 * hour;
constexpr std::int64_t age_kept = 10 * hour;
constexpr std::int64_t age_old = 15 * hour;

constexpr std::uint64_t bytes_at_the_end = 16'000;
constexpr std::string_view size_limit = "max.message.bytes";
constexpr std::string_view time_kind = "message.timestamp.type";
constexpr std::string_view packing = "compression.type";
constexpr std::string_view bytes_kept = "retention.bytes";
constexpr std::string_view time_kept = "retention.ms";

// What holds for a topic that was told nothing.
const std::map<std::string_view, std::string_view> fallbacks{{size_limit, "1048588"},
                                                             {time_kind, "CreateTime"},
                                                             {packing, "producer"},
                                                             {bytes_kept, "-1"},
                                                             {time_kept, "604800000"}};

std::int64_t number(std::string_view text) {
    std::int64_t value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// Of a topic whose batches are compressed by the broker.
std::optional<CompressionType> packed_as(std::string_view config) {
    if (config == "producer") return std::nullopt;
    for (std::uint8_t type = 1; type < compression_types; ++type)
        if (name_of(static_cast<CompressionType>(type)) == config)
            return static_cast<CompressionType>(type);
    return CompressionType::none;  // "uncompressed"
}

}  // namespace

std::string_view ConfiguredTopic::Log::config(std::string_view name) const {
    const auto found = configs.find(name);
    return found == configs.end() ? fallbacks.at(name) : std::string_view(found->second);
}

void ConfiguredTopic::fail(const std::string& signature, std::string text) {
    if (!failure_)
        failure_ = Failure{FailureKind::safety, "configured: " + signature,
                           fmt::format("{}: {}", log_ ? log_->topic : "", text)};
}

Result<void> ConfiguredTopic::run(env::Env& env) {
    AdminClient client(env, context_, "configured");
    while (!context_.faults_over && !failure_) {
        step(env, client.admin());
        if (env::sleep_for(env.scheduler, milliseconds(draws_.between(0, 400))).failed()) break;
    }
    if (env.scheduler.stopped()) return Error::stopped;
    return {};
}

void ConfiguredTopic::step(env::Env& env, client::Admin& admin) {
    if (!log_) return create(admin);
    const std::uint64_t what = draws_.below(12);
    if (what < 2) return configure(admin);
    if (what < 9) return write(env, admin);
    if (what == 9)
        static_cast<void>(look_beyond(admin).failed());
    else
        static_cast<void>(look(admin).failed());
}

// --- Its configuration ---

void ConfiguredTopic::create(client::Admin& admin) {
    ++asked_;
    const std::string name = fmt::format("configured-{}", names_++);
    if (!admin.create_topic({.name = name, .partitions = 1})) return;
    ++answered_;
    log_ = Log{.topic = name, .by_age = draws_.below(2) == 0};
}

void ConfiguredTopic::configure(client::Admin& admin) {
    constexpr std::string_view packings[] = {"producer", "uncompressed", "gzip",
                                             "snappy",   "lz4",          "zstd"};
    switch (draws_.below(4)) {
        case 0:
            change(admin, std::string(size_limit), std::to_string(draws_.between(600, 6'000)));
            break;
        case 1:
            change(admin, std::string(time_kind),
                   draws_.below(2) == 0 ? "LogAppendTime" : "CreateTime");
            break;
        case 2:
            change(admin, std::string(packing),
                   std::string(packings[draws_.below(std::size(packings))]));
            break;
        default:
            if (log_->by_age)
                change(
                    admin, std::string(time_kept),
                    draws_.below(3) == 0 ? std::nullopt : std::optional(std::to_string(age_kept)));
            else
                change(admin, std::string(bytes_kept),
                       draws_.below(4) == 0
                           ? std::nullopt
                           : std::optional(std::to_string(draws_.between(2'000, 20'000))));
    }
    if (log_) static_cast<void>(verify_configs(admin).failed());
}

// Nothing: back to what holds for all topics. False when its fate is unknown.
bool ConfiguredTopic::change(client::Admin& admin, const std::string& name,
                             std::optional<std::string> value) {
    constexpr std::int8_t set = 0;
    constexpr std::int8_t remove = 1;
    IncrementalAlterConfigsRequest request;
    request.resources.push_back({of_topic, log_->topic, {{name, value ? set : remove, value}}});
    // It may come into force long before the answer is here.
    if (value && name == time_kept) log_->ages = true;
    if (value && name == bytes_kept)
        log_->bytes_kept_least = std::min(log_->bytes_kept_least.value_or(UINT64_MAX),
                                          static_cast<std::uint64_t>(number(*value)));
    ++asked_;
    const auto reply = ask_once(admin, request);
    if (reply.failed() || reply->responses.front().error_code != ErrorCode::none) {
        log_.reset();
        return false;
    }
    ++answered_;
    if (value)
        log_->configs[name] = *value;
    else
        log_->configs.erase(name);
    return true;
}

Result<void> ConfiguredTopic::verify_configs(client::Admin& admin) {
    DescribeConfigsRequest request;
    std::vector<std::string> names;
    for (const auto& [name, fallback] : fallbacks) names.emplace_back(name);
    request.resources.push_back({of_topic, log_->topic, names});
    ++asked_;
    TRY(const auto reply, ask_once(admin, request));
    if (reply.results.front().error_code != ErrorCode::none) return Error::io;
    ++answered_;
    for (const auto& config : reply.results.front().configs) {
        const bool is_own = log_->configs.contains(config.name);
        if (config.value == log_->config(config.name) &&
            (config.config_source == source_topic) == is_own)
            continue;
        fail("another configuration than was granted",
             fmt::format("{} is {} of source {} instead of {}", config.name,
                         config.value.value_or("null"), config.config_source,
                         log_->config(config.name)));
    }
    return {};
}

// --- What is written ---

void ConfiguredTopic::write(env::Env& env, client::Admin& admin) {
    const Draft next = draft(env);
    // Sometimes it is exactly as large as it may be, or by one byte too large.
    if (draws_.below(6) == 0 && !change(admin, std::string(size_limit),
                                        std::to_string(next.bytes.size() - draws_.below(2))))
        return;
    send(admin, next);
}

void ConfiguredTopic::send(client::Admin& admin, const Draft& next) {
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 4'000;
    request.topic_data.push_back({log_->topic, {}, {{partition, next.bytes}}});
    ++asked_;
    const auto reply = ask_once(admin, request, newest_plain_by_name);
    if (reply.failed()) return log_.reset();
    take_answer(next, reply->responses.front().partition_responses.front());
}

ConfiguredTopic::Draft ConfiguredTopic::draft(env::Env& env) {
    Draft made;
    Batch& batch = made.batch;
    batch.first_value = values_ + 1;
    batch.compression =
        static_cast<CompressionType>(draws_.below(2) == 0 ? 0 : draws_.below(compression_types));
    batch.is_old = draws_.below(3) != 0;
    made.is_early = draws_.below(24) == 0;
    batch.timestamp = env.clock.wall().value - (made.is_early  ? -age_young
                                                : batch.is_old ? age_old
                                                               : age_young);
    RecordBatchBuilder builder({.compression = batch.compression});
    const std::uint64_t records = 1 + draws_.below(5);
    for (std::uint64_t i = 0; i < records; ++i) {
        const auto value = make_value(++values_, 8 + draws_.below(1'200));
        builder.append({.timestamp = Timestamp(batch.timestamp), .value = Slice(value)});
    }
    batch.next = static_cast<std::int64_t>(records);
    made.bytes = builder.build();
    return made;
}

bool ConfiguredTopic::is_recompressed(const Draft& draft) const {
    const auto wanted = packed_as(log_->config(packing));
    return wanted && *wanted != draft.batch.compression;
}

ErrorCode ConfiguredTopic::expected(const Draft& draft) const {
    if (static_cast<std::int64_t>(draft.bytes.size()) > number(log_->config(size_limit)))
        return ErrorCode::message_too_large;
    if (draft.is_early && log_->config(time_kind) == "CreateTime")
        return ErrorCode::invalid_timestamp;
    if (draft.bytes.size() > context_.segment_bytes) return ErrorCode::record_list_too_large;
    return ErrorCode::none;
}

void ConfiguredTopic::take_answer(const Draft& draft, const ProduceResponse::Partition& answer) {
    const ErrorCode wanted = expected(draft);
    const bool stored_it = answer.error_code == ErrorCode::none;
    const bool too_large = answer.error_code == ErrorCode::message_too_large ||
                           answer.error_code == ErrorCode::record_list_too_large;
    const bool judges = stored_it || too_large || answer.error_code == ErrorCode::invalid_timestamp;
    // How large it becomes is not known here.
    const bool changes_size =
        is_recompressed(draft) && (too_large || wanted == ErrorCode::record_list_too_large);
    if (!judges) return log_.reset();
    ++answered_;
    if (answer.error_code != wanted && !changes_size)
        fail("a batch is judged by other rules",
             fmt::format("{} instead of {} for {} bytes, limits {} and {}",
                         name_of(answer.error_code), name_of(wanted), draft.bytes.size(),
                         log_->config(size_limit), context_.segment_bytes));
    if (stored_it) stored(draft, answer);
}

void ConfiguredTopic::stored(const Draft& draft, const ProduceResponse::Partition& answer) {
    Batch batch = draft.batch;
    batch.base = log_->end();
    batch.next += batch.base;
    if (const auto packed = packed_as(log_->config(packing))) batch.compression = *packed;
    const bool stamped = log_->config(time_kind) == "LogAppendTime";
    if (stamped) {
        batch.type = TimestampType::log_append_time;
        batch.timestamp = answer.log_append_time_ms.value;
        batch.is_old = false;
    }
    if (answer.base_offset.value != batch.base)
        fail("a batch stands elsewhere",
             fmt::format("{} instead of {}", answer.base_offset.value, batch.base));
    if (stamped != (answer.log_append_time_ms.value >= 0))
        fail("whose timestamps count is said wrongly",
             fmt::format("{} with {}", answer.log_append_time_ms.value, log_->config(time_kind)));
    log_->batches.push_back(batch);
    log_->bytes_stored += draft.bytes.size();
}

// --- What is read ---

Result<void> ConfiguredTopic::look(client::Admin& admin) {
    TRY(const std::int64_t start, earliest(admin));
    judge_start(start);
    CHECK_OK(read(admin));
    if (log_->start > 0 && !log_->by_age && log_->bytes < log_->bytes_kept_least.value_or(0))
        fail("less is kept than retention.bytes says",
             fmt::format("{} bytes instead of {}", log_->bytes, *log_->bytes_kept_least));
    return {};
}

// What nobody wrote yet is out of range.
Result<void> ConfiguredTopic::look_beyond(client::Admin& admin) {
    const std::int64_t beyond = log_->end() + 1 + static_cast<std::int64_t>(draws_.below(2));
    TRY(const auto answer, fetch(admin, beyond, 1 << 20));
    if (answer.error_code == ErrorCode::none)
        fail("it is served from behind its end", fmt::format("{} of {}", beyond, log_->end()));
    return {};
}

Result<std::int64_t> ConfiguredTopic::earliest(client::Admin& admin) {
    ListOffsetsRequest request;
    request.replica_id = BrokerId(-1);
    request.timeout_ms = 4'000;
    request.topics.push_back(
        {log_->topic, {{.partition_index = partition, .timestamp = Timestamp(begins_early)}}});
    ++asked_;
    TRY(const auto reply, ask_once(admin, request));
    const auto& answer = reply.topics.front().partitions.front();
    if (answer.error_code != ErrorCode::none) return Error::io;
    ++answered_;
    return answer.offset.value;
}

// What went since the last look had to be what retention may take.
void ConfiguredTopic::judge_start(std::int64_t start) {
    if (start < log_->start || start > log_->end())
        fail("it begins where it cannot",
             fmt::format("{}, between {} and {}", start, log_->start, log_->end()));
    for (const Batch& batch : log_->batches) {
        if (batch.base < log_->start || batch.base >= start) continue;
        const bool may_go =
            log_->by_age ? log_->ages && batch.is_old : log_->bytes_kept_least.has_value();
        if (!may_go)
            fail("a record is deleted before its time",
                 fmt::format("{}, and the log begins at {}", batch.base, start));
    }
    log_->start = start;
}

Result<FetchResponse::Partition> ConfiguredTopic::fetch(client::Admin& admin, std::int64_t from,
                                                        std::int32_t bytes_max) {
    FetchRequest request;
    request.max_wait_ms = 0;
    request.max_bytes = 1 << 20;
    request.topics.push_back({.topic = log_->topic, .topic_id = {}, .partitions = {}});
    FetchRequest::Partition wanted;
    wanted.partition = partition;
    wanted.fetch_offset = Offset(from);
    wanted.partition_max_bytes = bytes_max;
    request.topics.back().partitions.push_back(wanted);
    ++asked_;
    TRY(auto reply, ask_once(admin, request, newest_plain_by_name));
    const bool whole = reply.error_code == ErrorCode::none && reply.responses.size() == 1 &&
                       reply.responses.front().partitions.size() == 1;
    if (!whole) return Error::io;
    ++answered_;
    return std::move(reply.responses.front().partitions.front());
}

// All of it, batch by batch.
Result<void> ConfiguredTopic::read(client::Admin& admin) {
    std::uint64_t bytes = 0;
    for (std::int64_t at = log_->start; at < log_->end();) {
        TRY(const auto answer, fetch(admin, at, 4'096));
        if (answer.error_code != ErrorCode::none || !answer.records) return Error::io;
        BatchSplitter batches(answer.records->view());
        const std::int64_t before = at;
        while (const auto batch = batches.next()) {
            // The network damages some of them.
            if (!batch->crc_matches()) return Error::io;
            const auto from =
                static_cast<std::size_t>(batch->bytes().data() - answer.records->data());
            CHECK_OK(judge_batch(*batch, answer.records->slice(from, batch->size())));
            bytes += batch->size();
            at = batch->next_offset().value;
        }
        if (at == before) return Error::io;
    }
    log_->bytes = bytes;
    return {};
}

Result<void> ConfiguredTopic::judge_batch(const BatchView& batch, const Bytes& bytes) {
    const auto known = std::ranges::find(log_->batches, batch.base_offset().value, &Batch::base);
    if (known == log_->batches.end() || known->next != batch.next_offset().value) {
        fail("a batch is there that nobody wrote",
             fmt::format("{} to {}", batch.base_offset().value, batch.next_offset().value));
        return Error::invalid;
    }
    if (batch.compression() != known->compression)
        fail("a batch is compressed in another way",
             fmt::format("at {}: {} instead of {}", known->base,
                         batch.attributes() & compression_mask,
                         static_cast<int>(known->compression)));
    if (batch.timestamp_type() != known->type || batch.max_timestamp().value != known->timestamp)
        fail("a batch has other timestamps",
             fmt::format("at {}: {} instead of {}", known->base, batch.max_timestamp().value,
                         known->timestamp));
    TRY(const Bytes content, records_of(bytes, unpacked_bytes_max));
    RecordReader records(batch, content.view());
    std::uint64_t value = known->first_value;
    while (const auto record = records.next()) {
        const bool same = number_of(record->value) == value++ &&
                          records.timestamp_of(*record).value == known->timestamp;
        if (!same) fail("a record is another one", fmt::format("in the batch at {}", known->base));
    }
    return {};
}

// --- What is over in the end ---

Result<void> ConfiguredTopic::check(env::Env& env) {
    if (failure_) return {};
    AdminClient client(env, context_, "configured");
    CHECK_OK(lengthen(env, client.admin()));
    if (failure_) return {};
    // The last change comes when nobody restarts the broker any more.
    if (!shortened_ && !log_->by_age && !change(client.admin(), std::string(bytes_kept), "2000"))
        return Error::timed_out;
    shortened_ = true;
    CHECK_OK(verify_configs(client.admin()));
    CHECK_OK(look(client.admin()));
    if (is_short_enough()) return {};
    pending_ = fmt::format("{} is longer than retention says: {} bytes from {} to {}", log_->topic,
                           log_->bytes, log_->start, log_->end());
    return Error::timed_out;
}

// So that something must go.
Result<void> ConfiguredTopic::lengthen(env::Env& env, client::Admin& admin) {
    while (!failure_ && !shortened_ && (!log_ || log_->bytes_stored < bytes_at_the_end)) {
        if (!log_)
            create(admin);
        else if (log_->configs.contains(size_limit))
            static_cast<void>(change(admin, std::string(size_limit), std::nullopt));
        else
            send(admin, draft(env));
        CHECK_OK(env::sleep_for(env.scheduler, milliseconds(1)));
    }
    return {};
}

// Retention takes whole segments.
bool ConfiguredTopic::is_short_enough() const {
    if (!log_->by_age) {
        const std::int64_t kept = number(log_->config(bytes_kept));
        return kept < 0 || log_->bytes <= static_cast<std::uint64_t>(kept) + context_.segment_bytes;
    }
    if (!log_->configs.contains(time_kept)) return true;
    const bool all_old = std::ranges::all_of(log_->batches, [&](const Batch& batch) {
        return batch.base < log_->start || batch.is_old;
    });
    return !all_old || log_->start == log_->end();
}

}  // namespace sluice::sim
