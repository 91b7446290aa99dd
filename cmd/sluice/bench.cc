#include <fmt/format.h>

#include <algorithm>

#include "cmd/sluice/bench_load.h"
#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partitions.h"
#include "cmd/sluice/process_facts.h"
#include "cmd/sluice/server_config.h"
#include "core/protocol/record_batch.h"

namespace sluice::cmd {

const CommandHelp& bench_help() {
    static const CommandHelp help{
        .name = "bench",
        .summary = "Load a broker and measure: rate, latency, and what it costs the broker.",
        .options =
            {bootstrap_option,
             {"topic", "NAME", "an existing one (a new one, deleted afterwards)", false, any_topic},
             {"partitions", "N", "of the new topic (6)"},
             {"replication", "R", "of the new topic (the broker's default)"},
             {"rate", "N", "records a second that are offered in all (as many as it takes)"},
             {"bytes", "N", "of a record, at least 16 (1024)"},
             {"time", "SECONDS", "measured (10)"},
             {"warm-up", "SECONDS", "before that (1)"},
             {"producers", "N", "(1)"},
             {"consumers", "N", "they measure from end to end; 0 for none (1)"},
             {"acks", "N", "0, 1 or all (all)", false, "0|1|all"},
             {"linger", "MS", "how long a batch may wait for more (0 with --rate, else 5)"},
             {"batch-bytes", "N", "how large a batch may become (65536)"},
             {"record-bytes-max", "N",
              "what a producer, and the new topic, take of a record (1048576)"},
             {"compression", "CODEC", "(none)", false, "none|gzip|snappy|lz4|zstd"},
             {"command", "CMD",
              "a foreign producer: a shell command that writes lines of its standard input to "
              "$SLUICE_TOPIC"},
             {"pid", "PID", "the broker's process (whoever listens on the first broker's port)"},
             {"json", "", "one object with everything"}},
        .examples =
            "  sluice bench                               # flat out, 1 KiB records\n"
            "  sluice bench --rate 5000 --time 30 --json  # latency under a steady load\n"
            "  sluice bench --bytes 100 --producers 4 --linger 0\n"
            "  sluice bench --rate 20000 --command 'kcat -P -b 127.0.0.1:9092 -t $SLUICE_TOPIC'"};
    return help;
}

namespace {

struct BenchWishes {
    BenchLoad load;
    std::int32_t partitions = 6;
    std::int16_t replication = -1;
    bool topic_is_ours = false;
    std::optional<std::int64_t> pid;
};

// What the broker had used at a moment.
struct Usage {
    std::optional<ProcessFacts> process;
    std::optional<std::int64_t> flushes;
};

Result<std::int64_t, std::string> number_of(const Arguments& arguments, std::string_view name,
                                            std::int64_t otherwise, std::int64_t least) {
    const auto text = arguments.get(name);
    if (!text) return otherwise;
    const auto number = whole_number(*text);
    if (!number || *number < least || *number > INT32_MAX)
        return fmt::format("--{} {}: a whole number of at least {} is wanted", name, *text, least);
    return *number;
}

protocol::CompressionType compression_of(const std::string& name) {
    using protocol::CompressionType;
    for (const auto type : {CompressionType::gzip, CompressionType::snappy, CompressionType::lz4,
                            CompressionType::zstd})
        if (protocol::name_of(type) == name) return type;
    return CompressionType::none;
}

Result<client::ProducerOptions, std::string> producer_of(const Arguments& arguments) {
    client::ProducerOptions options;
    TRY(const auto linger, number_of(arguments, "linger", arguments.has("rate") ? 0 : 5, 0));
    TRY(const auto batch, number_of(arguments, "batch-bytes", 64 << 10, 1));
    TRY(const auto record_max, number_of(arguments, "record-bytes-max", 1 << 20, 16));
    const std::string acks = arguments.get("acks").value_or("all");
    options.linger = milliseconds(linger);
    options.batch_bytes = static_cast<std::size_t>(batch);
    options.record_bytes_max = static_cast<std::size_t>(record_max);
    options.acks = static_cast<std::int16_t>(acks == "0" ? 0 : acks == "1" ? 1 : -1);
    options.idempotent = acks == "all";
    options.compression = compression_of(arguments.get("compression").value_or("none"));
    return options;
}

Result<BenchWishes, std::string> bench_wishes(const Arguments& arguments) {
    BenchWishes wishes;
    TRY(const auto partitions, number_of(arguments, "partitions", 6, 1));
    TRY(const auto replication, number_of(arguments, "replication", -1, 1));
    TRY(const auto rate, number_of(arguments, "rate", 0, 1));
    TRY(const auto bytes, number_of(arguments, "bytes", 1024, 16));
    TRY(const auto time, number_of(arguments, "time", 10, 1));
    TRY(const auto warm_up, number_of(arguments, "warm-up", 1, 0));
    TRY(const auto producers, number_of(arguments, "producers", 1, 1));
    TRY(const auto consumers, number_of(arguments, "consumers", 1, 0));
    TRY(wishes.load.producer, producer_of(arguments));
    wishes.partitions = static_cast<std::int32_t>(partitions);
    wishes.replication = static_cast<std::int16_t>(replication);
    wishes.load.records_per_second = static_cast<double>(rate);
    wishes.load.record_bytes = static_cast<std::size_t>(bytes);
    wishes.load.time = seconds(time);
    wishes.load.warm_up = seconds(warm_up);
    wishes.load.producers = static_cast<std::uint32_t>(producers);
    wishes.load.consumers = static_cast<std::uint32_t>(consumers);
    wishes.load.command = arguments.get("command").value_or("");
    if (!wishes.load.command.empty() && consumers == 0)
        return std::string("--command needs --consumers: they see what it has written");
    const auto topic = arguments.get("topic");
    wishes.topic_is_ours = !topic;
    wishes.load.topic = topic.value_or("");
    if (arguments.has("pid")) {
        TRY(wishes.pid, number_of(arguments, "pid", 0, 1));
    }
    return wishes;
}

// Without an option of its own it has the broker's limit.
client::Admin::NewTopic new_topic(const BenchWishes& wishes, const Arguments& arguments) {
    client::Admin::NewTopic topic{.name = wishes.load.topic,
                                  .partitions = wishes.partitions,
                                  .replication = wishes.replication};
    const auto& producer = wishes.load.producer;
    const std::size_t largest = std::max(producer.record_bytes_max, producer.batch_bytes);
    if (arguments.has("record-bytes-max"))
        topic.configs.emplace_back("max.message.bytes",
                                   std::to_string(largest + protocol::batch_header_size));
    return topic;
}

// Where the broker keeps its data, when that is on this machine.
std::string data_of(ClientSession& session) {
    protocol::DescribeLogDirsRequest request;
    request.topics = std::vector<protocol::DescribeLogDirsRequest::Topic>{};
    const auto reply = client::Admin(session.cluster).ask(request);
    return reply && !reply->results.empty() ? reply->results.front().log_dir : "";
}

Usage usage_of(const std::optional<std::int64_t>& pid, const std::string& data) {
    Usage usage;
    if (pid) usage.process = ProcessFacts::of(*pid);
    if (pid && !data.empty()) usage.flushes = device_flushes(data);
    return usage;
}

constexpr std::pair<std::string_view, double> percentiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};

void put(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
    json.name(name);
    if (value)
        json.value(*value);
    else
        json.null();
}

void put_latency(JsonWriter& json, std::string_view name, const Histogram& histogram) {
    json.name(name).begin_object();
    json.name("count").value(static_cast<std::int64_t>(histogram.count()));
    json.name("mean").value(histogram.mean() / 1000);
    for (const auto& [label, part] : percentiles)
        json.name(label).value(static_cast<double>(histogram.percentile(part)) / 1000);
    json.end_object();
}

// What the measured part of a run cost the broker.
struct Costs {
    std::optional<double> cpu_seconds;
    std::optional<double> user_seconds;
    std::optional<double> per_gb;
    std::optional<double> per_million;
    std::optional<double> written_bytes;
    std::optional<double> flushes;
    std::optional<double> bytes_per_flush;
    std::optional<double> memory;
    std::optional<double> memory_peak;
};

Costs costs_of(const Usage& before, const Usage& after, double records, double bytes) {
    Costs costs;
    if (before.process && after.process) {
        costs.cpu_seconds = after.process->cpu_seconds - before.process->cpu_seconds;
        costs.user_seconds = after.process->user_seconds - before.process->user_seconds;
        if (bytes > 0) costs.per_gb = *costs.cpu_seconds / (bytes / 1e9);
        if (records > 0) costs.per_million = *costs.cpu_seconds / (records / 1e6);
        costs.memory = static_cast<double>(after.process->memory_bytes);
        costs.memory_peak = static_cast<double>(after.process->memory_peak_bytes);
        if (before.process->written_bytes && after.process->written_bytes)
            costs.written_bytes =
                static_cast<double>(*after.process->written_bytes - *before.process->written_bytes);
    }
    if (before.flushes && after.flushes) {
        costs.flushes = static_cast<double>(*after.flushes - *before.flushes);
        if (costs.written_bytes && *costs.flushes > 0)
            costs.bytes_per_flush = *costs.written_bytes / *costs.flushes;
    }
    return costs;
}

// The numbers of a run, worked out once for both ways to print them.
struct Summary {
    double elapsed = 0;
    double offered_rate = 0;
    double achieved_rate = 0;
    double megabytes = 0;
    Costs costs;
};

Summary summary_of(const BenchLoad& load, const BenchResult& result, const Usage& before,
                   const Usage& after) {
    Summary summary;
    const bool foreign = !load.command.empty();
    const auto records = static_cast<double>(foreign ? result.read : result.acknowledged);
    const double bytes = records * static_cast<double>(load.record_bytes);
    summary.elapsed = static_cast<double>(result.elapsed.count()) / 1e6;
    summary.offered_rate =
        static_cast<double>(result.offered) / (static_cast<double>(load.time.count()) / 1e6);
    summary.achieved_rate = records / summary.elapsed;
    summary.megabytes = bytes / 1e6 / summary.elapsed;
    summary.costs = costs_of(before, after, records, bytes);
    return summary;
}

void print_json(const BenchLoad& load, const BenchResult& result, const Summary& summary) {
    JsonWriter json;
    json.begin_object().name("topic").value(load.topic).name("record_bytes");
    json.value(static_cast<std::int64_t>(load.record_bytes)).name("producers");
    json.value(std::int64_t{load.producers}).name("consumers").value(std::int64_t{load.consumers});
    json.name("client").value(load.command.empty() ? "sluice" : load.command.c_str());
    json.name("acks").value(std::int64_t{load.producer.acks}).name("linger_ms");
    json.value(to_milliseconds(load.producer.linger)).name("compression");
    json.value(protocol::name_of(load.producer.compression));
    json.name("seconds").value(summary.elapsed);
    json.name("offered").value(result.offered).name("acknowledged").value(result.acknowledged);
    json.name("read").value(result.read).name("failed").value(result.failed);
    json.name("offered_per_second").value(summary.offered_rate);
    json.name("achieved_per_second").value(summary.achieved_rate);
    json.name("megabytes_per_second").value(summary.megabytes);
    put_latency(json, "acknowledge_ms", result.acknowledge);
    put_latency(json, "end_to_end_ms", result.end_to_end);
    const Costs& costs = summary.costs;
    json.name("broker").begin_object();
    put(json, "cpu_seconds", costs.cpu_seconds);
    put(json, "user_seconds", costs.user_seconds);
    put(json, "cpu_seconds_per_gb", costs.per_gb);
    put(json, "cpu_seconds_per_million_records", costs.per_million);
    put(json, "written_bytes", costs.written_bytes);
    put(json, "device_flushes", costs.flushes);
    put(json, "bytes_per_flush", costs.bytes_per_flush);
    put(json, "memory_bytes", costs.memory);
    put(json, "memory_peak_bytes", costs.memory_peak);
    print_out("{}\n", json.end_object().end_object().text());
}

void print_latency(std::string_view name, const Histogram& histogram) {
    if (histogram.count() == 0) return;
    std::string line = fmt::format("{:<12}", name);
    for (const auto& [label, part] : percentiles)
        line += fmt::format("  {} {:.2f}", label,
                            static_cast<double>(histogram.percentile(part)) / 1000);
    print_out("{}  ms\n", line);
}

std::string text_of(const std::optional<double>& value, std::string_view format, double unit = 1) {
    return value ? fmt::format(fmt::runtime(format), *value / unit) : "unknown";
}

void print_text(const BenchLoad& load, const BenchResult& result, const Summary& summary) {
    print_out("offered      {:.0f} records/s\n", summary.offered_rate);
    print_out("achieved     {:.0f} records/s of {} bytes, {:.1f} MB/s, in {:.2f} s\n",
              summary.achieved_rate, load.record_bytes, summary.megabytes, summary.elapsed);
    if (result.failed > 0)
        print_out("failed       {} records: {}\n", result.failed, result.why_failed);
    print_latency("acknowledged", result.acknowledge);
    print_latency("end to end", result.end_to_end);
    const Costs& costs = summary.costs;
    print_out("broker CPU   {} s: {} s per GB, {} s per million records\n",
              text_of(costs.cpu_seconds, "{:.2f}"), text_of(costs.per_gb, "{:.3f}"),
              text_of(costs.per_million, "{:.3f}"));
    print_out("broker disk  {} MB written; {} flushes of its device, {} KB each\n",
              text_of(costs.written_bytes, "{:.1f}", 1e6), text_of(costs.flushes, "{:.0f}"),
              text_of(costs.bytes_per_flush, "{:.1f}", 1e3));
    print_out("broker memory {} MiB, at most {} MiB\n", text_of(costs.memory, "{:.1f}", 1 << 20),
              text_of(costs.memory_peak, "{:.1f}", 1 << 20));
}

std::optional<std::int64_t> broker_pid(const Arguments& arguments, const BenchWishes& wishes) {
    if (wishes.pid) return wishes.pid;
    const std::string first = arguments.get("bootstrap").value_or("127.0.0.1:9092");
    const auto address = parse_address(first.substr(0, first.find(',')));
    return address ? pid_listening_on(address->port) : std::nullopt;
}

int measure(ClientSession& session, const Arguments& arguments, const BenchWishes& wishes) {
    const auto pid = broker_pid(arguments, wishes);
    const std::string data = data_of(session);
    Usage before;
    BenchRun run(session, wishes.load);
    const auto result = run.run([&] { before = usage_of(pid, data); });
    if (result.failed()) {
        print_error("sluice: cannot load {}: {}\n", wishes.load.topic, result.error());
        return exit_failed;
    }
    const Summary summary = summary_of(wishes.load, *result, before, usage_of(pid, data));
    if (arguments.has("json"))
        print_json(wishes.load, *result, summary);
    else
        print_text(wishes.load, *result, summary);
    return result->failed > 0 ? exit_failed : exit_ok;
}

}  // namespace

int run_bench(const Arguments& arguments) {
    auto wishes = bench_wishes(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    return with_client(arguments, [&](ClientSession& session) {
        client::Admin admin(session.cluster);
        std::string& topic = wishes->load.topic;
        if (!wishes->topic_is_ours) {
            const auto found = partitions_of(session, "cannot load " + topic, topic, std::nullopt);
            return found.failed() ? found.error() : measure(session, arguments, *wishes);
        }
        topic = fmt::format("sluice-bench-{}", session.clock.wall().value);
        const auto made = admin.create_topic(new_topic(*wishes, arguments));
        if (made.failed()) return failed("cannot create topic " + topic, made.error());
        const int code = measure(session, arguments, *wishes);
        const auto deleted = admin.delete_topic(topic);
        if (deleted.failed()) return failed("cannot delete topic " + topic, deleted.error());
        return code;
    });
}

}  // namespace sluice::cmd
