#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cmd/sluice/client_session.h"
#include "cmd/sluice/commands.h"
#include "cmd/sluice/json.h"
#include "cmd/sluice/line_reader.h"
#include "cmd/sluice/output.h"
#include "cmd/sluice/partitions.h"
#include "core/client/producer.h"

namespace sluice::cmd {

const CommandHelp& produce_help() {
    static const CommandHelp help{
        .name = "produce",
        .positional = "TOPIC",
        .summary = "Write lines of standard input, or of a file, as records.",
        .options =
            {bootstrap_option,
             {"key", "TEXT", "the key of every record"},
             {"file", "PATH", "read lines from PATH instead of standard input", false, any_file},
             {"whole", "", "with --file: the file is one record"},
             {"key-separator", "TEXT",
              "what stands before the first TEXT of a line is its key; a line without TEXT has "
              "none"},
             {"partition", "N", "write to this partition"},
             {"header", "NAME=VALUE", "on every record; may be repeated", true},
             {"null-value", "", "an empty value is null: with a key, a tombstone"},
             {"compression", "CODEC", "none, gzip, snappy, lz4 or zstd (none)", false,
              "none|gzip|snappy|lz4|zstd"},
             {"acks", "N", "who must have it: 0 nobody, 1 the leader, all (all)", false, "0|1|all"},
             {"record-bytes-max", "N",
              "a larger record is refused, before it is compressed (1048576)"},
             {"timeout", "SECONDS", "give up a record that is not acknowledged for so long (120)"},
             json_option},
        .examples =
            "  sluice produce words < /usr/share/dict/words\n"
            "  sluice produce users --key-separator : --file users.txt\n"
            "  sluice produce pictures --file cat.png --whole --key cat\n"
            "  echo hello | sluice produce greetings --header lang=en",
        .values = any_topic};
    return help;
}

namespace {

struct ProduceWishes {
    client::Message record;  // What every record has in common.
    client::ProducerOptions producer;
    std::optional<std::string> key_separator;
    bool null_values = false;
    bool whole = false;  // One record of all that comes.
    std::optional<Duration> timeout;
};

Result<ProduceWishes, std::string> produce_wishes(const Arguments& arguments) {
    using protocol::CompressionType;
    ProduceWishes wishes;
    wishes.record.topic = arguments.positional().front();
    wishes.key_separator = arguments.get("key-separator");
    if (wishes.key_separator && wishes.key_separator->empty())
        return std::string("--key-separator is empty");
    wishes.record.key = arguments.get("key");
    wishes.null_values = arguments.has("null-value");
    wishes.whole = arguments.has("whole");
    TRY(wishes.record.partition, partition_option(arguments));
    if (const auto text = arguments.get("record-bytes-max")) {
        const auto bytes = whole_number(*text);
        if (!bytes || *bytes < 1 || *bytes > INT32_MAX)
            return fmt::format("--record-bytes-max {}: not a number of bytes", *text);
        wishes.producer.record_bytes_max = static_cast<std::size_t>(*bytes);
    }
    if (const auto text = arguments.get("timeout")) {
        const auto seconds = whole_number(*text);
        if (!seconds || *seconds < 1 || *seconds > INT32_MAX)
            return fmt::format("--timeout {}: not a number of seconds", *text);
        wishes.timeout = wishes.producer.delivery_time_max = std::chrono::seconds(*seconds);
    }
    for (const std::string& word : arguments.all("header")) {
        const auto pair = name_and_value(word);
        if (!pair) return fmt::format("--header {}: NAME=VALUE is wanted", word);
        wishes.record.headers.emplace_back(pair->first, pair->second);
    }
    const std::string codec = arguments.get("compression").value_or("none");
    const CompressionType types[] = {CompressionType::none, CompressionType::gzip,
                                     CompressionType::snappy, CompressionType::lz4,
                                     CompressionType::zstd};
    const auto type = std::ranges::find(
        types, codec, [](CompressionType each) { return std::string(protocol::name_of(each)); });
    ASSERT(type != std::end(types));
    wishes.producer.compression = *type;
    const std::string acks = arguments.get("acks").value_or("all");
    wishes.producer.acks = static_cast<std::int16_t>(acks == "0" ? 0 : acks == "1" ? 1 : -1);
    wishes.producer.idempotent = wishes.producer.acks == -1;
    return wishes;
}

// Counts what was delivered and keeps the first reason why something was not.
struct Tally {
    std::int64_t delivered = 0;
    std::int64_t lost = 0;
    std::string why;

    // Of the record that stood in this line.
    void count(std::int64_t line, const client::Delivery& delivery) {
        if (delivery.delivered()) {
            ++delivered;
            return;
        }
        if (lost++ > 0) return;
        why = fmt::format("line {}: {}", line, delivery.why());
    }
};

// Says once that records are not taken, and why, when that lasts; that a broker is lost the session
// says.
class Retries {
public:
    Retries(const ClientSession& session, const Tally& tally) : session_(session), tally_(tally) {}
    void note(const client::Refusal& why) {
        const Time now = session_.clock.now();
        if (!since_ || tally_.delivered != delivered_) {
            since_ = now;
            delivered_ = tally_.delivered;
            said_ = false;
        }
        const bool lasts = now - *since_ >= patience || why.error == Error::timed_out;
        if (said_ || !lasts || session_.lost || session_.interrupted) return;
        said_ = true;
        print_error("sluice: records are not taken: {}; trying again\n", why.text());
    }

private:
    static constexpr Duration patience = seconds(1);

    const ClientSession& session_;
    const Tally& tally_;
    std::optional<Time> since_;
    std::int64_t delivered_ = 0;  // When it began.
    bool said_ = false;
};

// A line on a terminal that says how far it is, twice a second at most.
class Progress {
public:
    Progress(const env::Clock& clock, const Tally& tally)
        : clock_(clock), tally_(tally), shown_(isatty(STDERR_FILENO) == 1) {}
    void show() {
        if (!shown_ || clock_.now() - last_ < milliseconds(500)) return;
        last_ = clock_.now();
        print_error("\r{} records", tally_.delivered);
    }
    void end() const {
        if (shown_ && last_ > Time{}) print_error("\r\033[K");
    }

private:
    const env::Clock& clock_;
    const Tally& tally_;
    bool shown_;
    Time last_{};
};

// While no broker answers it waits for one, as long as for those that were sent before.
Result<void> send(ClientSession& session, client::Producer& producer, const client::Message& record,
                  const ProduceWishes& wishes, const client::OnDelivery& on_delivery) {
    const Time deadline = session.clock.now() + wishes.producer.delivery_time_max;
    for (;;) {
        const auto sent = producer.send(record, on_delivery);
        if (sent || !is_unreachable(sent.error()) || session.interrupted ||
            session.clock.now() >= deadline)
            return sent;
    }
}

Result<void> send_lines(ClientSession& session, client::Producer& producer,
                        const ProduceWishes& wishes, LineReader lines, Tally& tally) {
    Progress progress(session.clock, tally);
    std::int64_t number = 1;
    if (wishes.whole) {
        client::Message record = wishes.record;
        record.value = lines.everything();
        if (session.interrupted) return {};
        CHECK_OK(send(session, producer, record, wishes,
                      [&tally, number](const auto& delivery) { tally.count(number, delivery); }));
    }
    for (; !session.interrupted; ++number) {
        const auto line = lines.next();
        // What was begun when the interrupt came may be half a line.
        if (!line || session.interrupted) break;
        client::Message record = wishes.record;
        record.value = *line;
        if (wishes.key_separator) {
            const auto at = line->find(*wishes.key_separator);
            if (at != std::string::npos) {
                record.key = line->substr(0, at);
                record.value = line->substr(at + wishes.key_separator->size());
            }
        }
        if (wishes.null_values && record.value->empty()) record.value.reset();
        CHECK_OK(send(session, producer, record, wishes,
                      [&tally, number](const auto& delivery) { tally.count(number, delivery); }));
        progress.show();
    }
    const auto flushed = producer.flush();
    progress.end();
    return flushed;
}

// What became of the records, and the exit code.
int ended(const ClientSession& session, const Tally& tally) {
    std::string text = counted(tally.delivered, "record") + " acknowledged";
    if (tally.lost > 0) text += fmt::format(", {} not: {}", tally.lost, tally.why);
    if (session.interrupted) text = "stopped: " + text;
    if (tally.lost > 0 || session.interrupted) print_error("sluice: {}\n", text);
    if (tally.lost == 0) return exit_ok;
    return session.lost && !session.interrupted ? exit_unreachable : exit_failed;
}

int produce(ClientSession& session, const ProduceWishes& wishes, int fd, bool json_wanted) {
    const std::string& topic = wishes.record.topic;
    const std::string what = "cannot write to " + topic;
    if (wishes.record.partition) {
        const auto found = partitions_of(session, what, topic, wishes.record.partition, true);
        if (found.failed()) return found.error();
    }
    Tally tally;
    Retries retries(session, tally);
    client::ProducerOptions options = wishes.producer;
    options.on_retry = [&retries](const client::Refusal& why) { retries.note(why); };
    client::Producer producer(session.cluster, std::move(options));
    const auto sent = send_lines(session, producer, wishes,
                                 LineReader(session.reactor, fd, session.interrupted), tally);
    producer.close();
    if (json_wanted) {
        JsonWriter json;
        json.begin_object().name("topic").value(topic).name("delivered").value(tally.delivered);
        print_out("{}\n", json.name("lost").value(tally.lost).end_object().text());
    }
    const int code = ended(session, tally);
    if (!sent.failed() || session.interrupted) return code;
    const client::Refusal why = client::refusal(sent.error());
    return why.error == Error::not_found ? failed_new_topic(session, what, topic, why)
                                         : failed(what, why);
}

}  // namespace

int run_produce(const Arguments& arguments) {
    const auto wishes = produce_wishes(arguments);
    if (wishes.failed()) return usage_error(wishes.error());
    int fd = STDIN_FILENO;
    if (const auto path = arguments.get("file")) {
        fd = open(path->c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            print_error("sluice: cannot read {}: {}\n", *path, std::strerror(errno));
            return exit_failed;
        }
    }
    const Duration patience = wishes->timeout.value_or(Duration::max());
    return with_client(arguments, patience, [&](ClientSession& session) {
        return produce(session, *wishes, fd, arguments.has("json"));
    });
}

}  // namespace sluice::cmd
